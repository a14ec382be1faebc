"""Run the checks on examples and carry out the choices.

Every row that is dropped is listed with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lib.data.audit.check import DROP, FIX, AuditContext, Check, CheckResult
from lib.data.audit.registry import CHECKS
from lib.data.columns.mapping import Examples
from lib.data.columns.metadata import metadata_columns
from lib.data.text_index import TextIndex
from lib.errors import InputError
from lib.progress import Progress, Silent

MAX_SHOWN_EXAMPLES = 20
MAX_STORED_LINES = 100


@dataclass(frozen=True)
class Finding:
    """What one check found.

    lines: of all flagged rows (int64). examples: line, texts and value of a few of them.
    """

    name: str
    title: str
    why: str
    detail: str
    count: int
    lines: np.ndarray
    examples: pd.DataFrame
    choice: str
    choices: tuple[str, ...]
    rows_before: int
    rows_after: int
    fix_label: str = ""

    def to_json(self) -> dict[str, Any]:
        """Write what a dataset remembers of it: no texts, and at most MAX_STORED_LINES lines."""
        return {
            "name": self.name,
            "title": self.title,
            "count": self.count,
            "lines": [int(line) for line in self.lines[:MAX_STORED_LINES]],
            "detail": self.detail,
            "choice": self.choice,
            "rows_after": self.rows_after,
        }


@dataclass(frozen=True)
class Audit:
    """All findings in order, the examples after all choices, and the dropped rows with the reason."""

    findings: list[Finding]
    examples: Examples
    left_out: pd.DataFrame
    near_codes: np.ndarray
    """(rows, text columns) codes of near duplicates among the examples after all choices."""

    @property
    def nonempty_findings(self) -> list[Finding]:
        """The findings that flag at least one row."""
        return [finding for finding in self.findings if finding.count]


def audit_examples(
    examples: Examples,
    *,
    choices: Mapping[str, str] | None = None,
    context: AuditContext = AuditContext(),
    progress: Progress = Silent(),
) -> Audit:
    """Run every check that fits the shape, in order; each sees the rows that earlier choices left.

    choices: check's name -> keep | drop | fix. Raises InputError for an unknown name or choice.
    """
    choices = dict(choices or {})
    _check_choices(choices)
    checks = [check for check in CHECKS if examples.shape in check.shapes]
    findings: list[Finding] = []
    dropped: list[pd.DataFrame] = []
    index = TextIndex(examples)
    for at, check in enumerate(checks):
        progress.check()
        progress.stage("Auditing", check.title.lower())
        finding, index, out = _run_check(
            check, index, choices.get(check.name, check.default_for(examples.shape)), context
        )
        findings.append(finding)
        dropped.append(out)
        progress.advance(at + 1, len(checks))
    return Audit(findings, index.examples, pd.concat(dropped, ignore_index=True), index.near_codes)


def _run_check(
    check: Check, index: TextIndex, choice: str, context: AuditContext
) -> tuple[Finding, TextIndex, pd.DataFrame]:
    """Run one check and carry out the choice: the finding, the examples after it, and the rows it dropped."""
    result = check.find(index, context)
    count = int(result.rows.sum())
    after, out = index, excluded_rows(index.select(np.zeros(0, dtype=np.int64)), "")
    if count and choice == DROP:
        out = excluded_rows(index.select(result.rows), check.title)
        after = index.drop(result.rows)
    elif count and choice == FIX and check.fix is not None:
        after = TextIndex(check.fix(index, context))
    finding = Finding(
        name=check.name,
        title=check.title,
        why=check.why,
        detail=result.detail,
        count=count,
        lines=index.frame["line"].to_numpy()[result.rows],
        examples=_examples(index, result),
        choice=choice,
        choices=check.choices,
        rows_before=len(index),
        rows_after=len(after),
        fix_label=check.fix_label,
    )
    return finding, after, out


def excluded_rows(frame: pd.DataFrame, reason: str) -> pd.DataFrame:
    """List rows that are left out: line, reason and their own columns."""
    kept = frame.drop(
        columns=[name for name in ("component", "part", *metadata_columns(frame).values()) if name in frame]
    )
    kept.insert(1, "reason", pd.Series(reason, index=kept.index, dtype="str"))
    return kept.reset_index(drop=True)


def _examples(index: TextIndex, result: CheckResult) -> pd.DataFrame:
    rows = result.first if result.first is not None else np.flatnonzero(result.rows)[:MAX_SHOWN_EXAMPLES]
    frame = index.select(rows[:MAX_SHOWN_EXAMPLES])
    return frame[[name for name in ("line", *index.columns, "score", "label") if name in frame]]


def _check_choices(choices: dict[str, str]) -> None:
    """Raise InputError for an unknown check or choice."""
    known = {check.name: check for check in CHECKS}
    for name, choice in choices.items():
        if name not in known:
            raise InputError(f"There is no finding “{name}”.", todo=f"There are: {', '.join(known)}.")
        if choice not in known[name].choices:
            raise InputError(
                f"“{choice}” is not a choice for “{name}”.", todo=f"Use {' or '.join(known[name].choices)}."
            )
