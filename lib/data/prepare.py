"""From a file or a table to audited, split examples: the one road that pages and commands take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.audit.check import AuditContext
from lib.data.audit.corrections import REMOVED_BY_HAND, Correction, apply_corrections
from lib.data.audit.run import Audit, audit_examples, excluded_rows
from lib.data.columns.guess import guess_mapping
from lib.data.columns.mapping import ColumnMapping, Examples, apply_mapping
from lib.data.read.options import ReadOptions
from lib.data.read.tables import read_table
from lib.data.shapes import Shape
from lib.data.split.split import split_examples
from lib.data.table import Table
from lib.errors import InputError
from lib.progress import Progress, Silent
from lib.settings import HELD_OUT_FRACTION, PARTS, VALIDATION_FRACTION

LEAK_REASON = "Would stand in two parts of the split: it shares texts with both"


@dataclass(frozen=True)
class PreparedDataset:
    """Examples ready to be stored: `frame` by row id (line, part, component, texts, value, group), `facts` JSON-able.

    left_out has line, reason and the columns of the rows that are in no part.
    """

    shape: Shape
    frame: pd.DataFrame
    facts: dict[str, Any]
    left_out: pd.DataFrame
    audit: Audit | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Rows by part."""
        found = self.frame["part"].value_counts()
        return {part: int(found.get(part, 0)) for part in PARTS}


def prepare(
    source: Path | pd.DataFrame | Table,
    *,
    options: ReadOptions = ReadOptions(),
    mapping: ColumnMapping | None = None,
    choices: Mapping[str, str] | None = None,
    validation: float = VALIDATION_FRACTION,
    held_out: float = HELD_OUT_FRACTION,
    seed: int = 0,
    settings: AuditContext = AuditContext(),
    own_held_out: Table | None = None,
    progress: Progress = Silent(),
) -> PreparedDataset:
    """Read (a Path), map, audit and split; raise InputError where that cannot give all three parts.

    own_held_out: a table of the same columns whose rows are the held-out part. The audit's choices hold for both.
    """
    progress.stage("Reading")
    table = _table(source, options)
    mapping = mapping or guess_mapping(table)
    audited = audit_table(
        table, mapping, choices=choices, own_held_out=own_held_out, settings=settings, progress=progress
    )
    facts = {"read": table.report.to_json(), "mapping": mapping.to_dict()}
    return split_audited(audited, validation=validation, held_out=held_out, seed=seed, facts=facts, progress=progress)


def audit_table(
    table: Table,
    mapping: ColumnMapping,
    *,
    choices: Mapping[str, str] | None = None,
    corrections: Iterable[Mapping[str, Any]] = (),
    own_held_out: Table | None = None,
    settings: AuditContext = AuditContext(),
    progress: Progress = Silent(),
) -> Audit:
    """Map a table, correct what was corrected by hand, and audit it."""
    progress.stage("Mapping columns")
    examples = apply_mapping(table, mapping)
    if own_held_out is not None:
        examples = add_own_held_out(examples, apply_mapping(own_held_out, replace(mapping, part="")))
    examples, dropped = apply_corrections(examples, [Correction(**values) for values in corrections])
    by_hand = excluded_rows(examples.frame[dropped], REMOVED_BY_HAND)
    kept = Examples(examples.shape, examples.frame[~dropped].reset_index(drop=True))
    settings = replace(
        settings, low=-1.0 if mapping.scale == (-1, 1) else 0.0, wrong_width=frozenset(table.report.wrong_width)
    )
    audited = audit_examples(kept, choices=choices, settings=settings, progress=progress)
    return replace(audited, left_out=pd.concat([by_hand, audited.left_out], ignore_index=True))


def split_audited(
    audited: Audit,
    *,
    validation: float = VALIDATION_FRACTION,
    held_out: float = HELD_OUT_FRACTION,
    seed: int = 0,
    facts: Mapping[str, Any] | None = None,
    progress: Progress = Silent(),
) -> PreparedDataset:
    """Split audited examples, and leave out the rows of a given split that would leak."""
    progress.stage("Splitting")
    examples = audited.examples
    if not len(examples.frame):
        raise InputError("No row is left to train on.", todo="See what the audit leaves out, and change a choice.")
    frame = split_examples(examples, validation=validation, held_out=held_out, seed=seed, near=audited.near)
    leaks = (frame["part"] == "").to_numpy()
    out = pd.concat([audited.left_out, excluded_rows(frame[leaks], LEAK_REASON)], ignore_index=True)
    frame = frame[~leaks].reset_index(drop=True)
    frame["component"] = pd.factorize(frame["component"])[0].astype(np.int64)
    prepared = PreparedDataset(examples.shape, _ordered(frame, examples), {}, out, audited)
    _check_parts(prepared)
    given = "part" in examples.frame
    more = _facts(
        prepared, audited, {"validation_fraction": validation, "held_out_fraction": held_out, "seed": seed}, given=given
    )
    return replace(prepared, facts=dict(facts or {}) | more)


def add_own_held_out(examples: Examples, own: Examples) -> Examples:
    """Return both as one, the second as the held-out part; its lines count on from its own file's first."""
    first = examples.frame if "part" in examples.frame else examples.frame.assign(part="train")
    if (first["part"] == "held_out").any():
        raise InputError(
            "There are held-out rows in the split column and in a file of their own.",
            todo="Choose one of the two.",
        )
    both = pd.concat([first, own.frame.assign(part="held_out")], ignore_index=True)
    return Examples(examples.shape, both.astype({"part": "str"}))


def _facts(prepared: PreparedDataset, audited: Audit, asked: dict[str, Any], *, given: bool) -> dict[str, Any]:
    sizes = prepared.frame["component"].value_counts()
    return {
        "shape": str(prepared.shape),
        "findings": [finding.to_dict() for finding in audited.findings],
        "split": asked
        | prepared.counts
        | {
            "given": given,
            "components": int(len(sizes)),
            "largest_component": int(sizes.iloc[0]),
            "left_out": len(prepared.left_out),
        },
    }


def _check_parts(prepared: PreparedDataset) -> None:
    """Raise InputError where a part is empty: too few rows that stand on their own."""
    missing = [part.replace("_", "-") for part, rows in prepared.counts.items() if not rows]
    if missing:
        groups = int(prepared.frame["component"].nunique())
        raise InputError(
            f"The split leaves no rows for {' and '.join(missing)}: the {len(prepared.frame):,} rows form {groups:,} "
            "group(s) that share texts and must stay together.",
            todo="Bring more examples, choose no group column, or change the fractions.",
        )


def _ordered(frame: pd.DataFrame, examples: Examples) -> pd.DataFrame:
    names = ["line", "part", "component", *examples.texts, "score", "label", "group"]
    return frame[[name for name in names if name in frame]].reset_index(drop=True)


def _table(source: Path | pd.DataFrame | Table, options: ReadOptions) -> Table:
    if isinstance(source, pd.DataFrame):
        return Table.from_frame(source.astype("str").fillna(""))
    return read_table(source, options=options) if isinstance(source, Path) else source
