"""From a file or a table to audited, split examples: the steps that pages and commands share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lib.data.audit.check import AuditContext
from lib.data.audit.corrections import REMOVED_MANUALLY, Correction, apply_corrections
from lib.data.audit.run import Audit, audit_examples, excluded_rows
from lib.data.class_sizes import check_labels
from lib.data.columns.guess import guess_mapping
from lib.data.columns.mapping import ColumnMapping, Examples, apply_mapping, rare_spellings
from lib.data.columns.metadata import add_metadata, choose_metadata, metadata_columns
from lib.data.prepared_dataset import PreparedDataset, Provenance, SplitSummary, part_counts
from lib.data.read.options import ReadOptions
from lib.data.read.tables import read_table
from lib.data.split.split import split_examples
from lib.data.table import Table
from lib.errors import InputError
from lib.progress import Progress, Silent
from lib.settings import HELD_OUT_FRACTION, VALIDATION_FRACTION
from lib.shapes import Shape

LEAK_REASON = "Shares texts with two parts of the split"


def prepare(
    source: Path | pd.DataFrame | Table,
    *,
    options: ReadOptions = ReadOptions(),
    mapping: ColumnMapping | None = None,
    choices: Mapping[str, str] | None = None,
    validation: float = VALIDATION_FRACTION,
    held_out: float = HELD_OUT_FRACTION,
    seed: int = 0,
    own_held_out: Table | None = None,
    progress: Progress = Silent(),
) -> PreparedDataset:
    """Read (a Path), map, audit and split. Raises InputError where that does not give all three parts.

    own_held_out: a table of the same columns whose rows are the held-out part. The audit's choices hold for both.
    """
    progress.stage("Reading")
    table = _to_table(source, options)
    mapping = mapping or guess_mapping(table)
    audit = audit_table(table, mapping, choices=choices, own_held_out=own_held_out, progress=progress)
    prepared = split_audited(audit, validation=validation, held_out=held_out, seed=seed, progress=progress)
    return replace(prepared, provenance=Provenance(table.report, mapping))


def audit_table(
    table: Table,
    mapping: ColumnMapping,
    *,
    choices: Mapping[str, str] | None = None,
    corrections: Iterable[Correction] = (),
    own_held_out: Table | None = None,
    progress: Progress = Silent(),
) -> Audit:
    """Map a table, apply the corrections made by hand, and audit it."""
    progress.stage("Mapping columns")
    metadata = choose_metadata(table.frame, mapping)
    examples = add_metadata(apply_mapping(table, mapping), table.frame, metadata)
    if own_held_out is not None:
        own = apply_mapping(own_held_out, replace(mapping, part=""))
        examples = add_own_held_out(examples, add_metadata(own, own_held_out.frame, metadata))
    examples, removed = apply_corrections(examples, corrections)
    by_hand = excluded_rows(examples.frame[removed], REMOVED_MANUALLY)
    rest = Examples(examples.shape, examples.frame[~removed].reset_index(drop=True)) if removed.any() else examples
    lowest_score = -1.0 if mapping.scale == (-1, 1) else 0.0
    context = AuditContext(
        wrong_width=frozenset(table.report.wrong_width),
        lowest_score=lowest_score,
        class_spellings=_rare_spelling_lines(table, mapping),
    )
    audit = audit_examples(rest, choices=choices, context=context, progress=progress)
    return replace(audit, left_out=pd.concat([by_hand, audit.left_out], ignore_index=True))


def _rare_spelling_lines(table: Table, mapping: ColumnMapping) -> frozenset[int]:
    if mapping.shape is not Shape.LABELLED_PAIRS:
        return frozenset()
    rare = rare_spellings(table.frame[mapping.roles["label"][0]].astype("str"))
    return frozenset(map(int, table.lines[rare]))


def split_audited(
    audit: Audit,
    *,
    validation: float = VALIDATION_FRACTION,
    held_out: float = HELD_OUT_FRACTION,
    seed: int = 0,
    progress: Progress = Silent(),
) -> PreparedDataset:
    """Split audited examples, and leave out rows that would leak from one part into another."""
    progress.stage("Splitting")
    examples = audit.examples
    if not len(examples.frame):
        raise InputError("No rows are left to train on.", todo="Check what the audit drops, and change a choice.")
    _check_classes(examples)
    frame = split_examples(examples, validation=validation, held_out=held_out, seed=seed, near_codes=audit.near_codes)
    shared = SharedText.of(frame, audit.near_codes)
    leaks = (frame["part"] == "").to_numpy()
    left_out = pd.concat([audit.left_out, excluded_rows(frame[leaks], LEAK_REASON)], ignore_index=True)
    frame = frame[~leaks].reset_index(drop=True) if leaks.any() else frame
    frame["component"] = pd.factorize(frame["component"])[0].astype(np.int64)
    _check_parts(frame, replace(shared, file_rows=shared.rows + len(audit.left_out)))
    _check_training_labels(frame, examples.shape)
    sizes = frame["component"].value_counts()
    split = SplitSummary(
        validation_fraction=validation,
        held_out_fraction=held_out,
        seed=seed,
        **part_counts(frame),
        given="part" in examples.frame,
        components=len(sizes),
        largest_component=int(sizes.iloc[0]),
        left_out=len(left_out),
    )
    return PreparedDataset(examples.shape, _order_columns(frame, examples), left_out, audit, split)


def add_own_held_out(examples: Examples, own: Examples) -> Examples:
    """Append a person's own held-out examples; their lines are those of their own file."""
    first = examples.frame if "part" in examples.frame else examples.frame.assign(part="train")
    if (first["part"] == "held_out").any():
        raise InputError(
            "There are held-out rows both in the split column and in a separate file.", todo="Use one of the two."
        )
    both = pd.concat([first, own.frame.assign(part="held_out")], ignore_index=True)
    return Examples(examples.shape, both.astype({"part": "str"}))


@dataclass(frozen=True)
class SharedText:
    """The text that most rows share, in how many of all rows it stands, and how many rows were cut.

    file_rows: the rows of the file, those that the audit left out too.
    """

    text: str
    count: int
    rows: int
    cut: int
    file_rows: int = 0

    @classmethod
    def of(cls, frame: pd.DataFrame, near_codes: np.ndarray) -> SharedText:
        """Find it among the texts of a split frame, (rows, texts) near_codes; near duplicates are one text."""
        names = [name for name in ("anchor", "positive", "text") if name in frame]
        codes = near_codes[:, : len(names)]
        values, counts = np.unique(codes[codes >= 0], return_counts=True)
        cut = int((frame["part"] == "").sum())
        if not len(values):
            return cls("", 0, len(frame), cut)
        most = int(counts.argmax())
        row, column = np.argwhere(codes == values[most])[0]
        return cls(str(frame[names[column]].iloc[row]), int(counts[most]), len(frame), cut)


def _check_classes(examples: Examples) -> None:
    """Raise InputError for one class alone: there is nothing to tell apart."""
    if "label" in examples.frame and examples.frame["label"].nunique() < 2:
        label, rows = str(examples.frame["label"].iloc[0]), len(examples.frame)
        raise InputError(
            f"All {rows:,} rows have one class, “{label[:60]}”: at least two classes are needed.",
            todo="Choose another class column, add rows of other classes, or choose another shape.",
        )


def _check_training_labels(frame: pd.DataFrame, shape: Shape) -> None:
    """Raise InputError where the training part has too few classes, or too few examples of them."""
    if "label" in frame:
        check_labels(frame.loc[frame["part"] == "train", "label"].astype(str), shape)


def _check_parts(frame: pd.DataFrame, shared: SharedText) -> None:
    """Raise InputError where a part is empty: too few groups of rows that can stand apart."""
    missing = [part.replace("_", "-") for part, rows in part_counts(frame).items() if not rows]
    if missing:
        groups = int(frame["component"].nunique())
        rest = f"the {len(frame):,} rows"
        if shared.file_rows > shared.rows:
            rest += f" (of {shared.file_rows:,} in the file; {shared.file_rows - shared.rows:,} are left out by the data checks)"
        why = f"{rest} form {groups:,} group(s) that share texts and must stay together"
        if groups == shared.rows:
            why = f"{rest} are too few"
        if shared.cut:
            why = f"{shared.cut:,} of the {shared.rows:,} rows join texts of two parts and were cut; {why}"
        if shared.count > 1:
            why += f". “{' '.join(shared.text.split())[:80]}” alone is in {shared.count:,} of the {shared.rows:,} rows"
        raise InputError(
            f"The split leaves no rows for {' and '.join(missing)}: {why}.",
            todo="Add more examples, remove the group column, or change the fractions.",
        )


def _order_columns(frame: pd.DataFrame, examples: Examples) -> pd.DataFrame:
    names = ["line", "part", "component", *examples.texts, "score", "label", "group", *metadata_columns(frame).values()]
    return frame[[name for name in names if name in frame]].reset_index(drop=True)


def _to_table(source: Path | pd.DataFrame | Table, options: ReadOptions) -> Table:
    if isinstance(source, pd.DataFrame):
        return Table.from_frame(source.astype("str").fillna(""))
    return read_table(source, options=options) if isinstance(source, Path) else source
