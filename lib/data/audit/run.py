"""Say what is wrong with examples, and what each choice leaves. Nothing is dropped or changed without being listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lib.data.audit.check import DROP, FIX, AuditContext, Check, CheckResult
from lib.data.audit.registry import CHECKS
from lib.data.columns.mapping import Examples
from lib.data.text_index import TextIndex
from lib.errors import InputError
from lib.progress import Progress, Silent

MAX_SHOWN_EXAMPLES = 20


@dataclass(frozen=True)
class Finding:
    """What one check found. lines: where, all of them (int64); examples: a table of line and texts for a few."""

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

    def to_dict(self, *, lines: int = 100) -> dict[str, Any]:
        """Return what is remembered of it, with no text of the examples."""
        return {
            "name": self.name,
            "title": self.title,
            "count": self.count,
            "lines": [int(line) for line in self.lines[:lines]],
            "detail": self.detail,
            "choice": self.choice,
            "rows_after": self.rows_after,
        }


@dataclass(frozen=True)
class Audit:
    """Findings in order (those that flag nothing too), the examples after all choices, and what was left out and why."""

    findings: list[Finding]
    examples: Examples
    left_out: pd.DataFrame
    near: np.ndarray
    """(rows, text columns) codes of near duplicates among the examples after all choices."""

    @property
    def found(self) -> list[Finding]:
        """Only the findings that flag a row."""
        return [finding for finding in self.findings if finding.count]


def audit_examples(
    examples: Examples,
    *,
    choices: Mapping[str, str] | None = None,
    settings: AuditContext = AuditContext(),
    progress: Progress = Silent(),
) -> Audit:
    """Run every check that fits the shape, in order; each sees the rows that the choices before it left.

    choices: finding's name -> keep | drop | fix. Raises InputError for a name or choice that does not exist.
    """
    chosen = dict(choices or {})
    _check_choices(chosen)
    checks = [check for check in CHECKS if examples.shape in check.shapes]
    findings: list[Finding] = []
    left: list[pd.DataFrame] = []
    view = TextIndex(examples)
    for at, check in enumerate(checks):
        progress.check()
        progress.stage("Auditing", check.title.lower())
        finding, view, out = _one(check, view, chosen.get(check.name, check.default_for(examples.shape)), settings)
        findings.append(finding)
        left.append(out)
        progress.advance(at + 1, len(checks))
    return Audit(findings, view.examples, pd.concat(left, ignore_index=True), view.near)


def _one(check: Check, view: TextIndex, choice: str, settings: AuditContext) -> tuple[Finding, TextIndex, pd.DataFrame]:
    """Run one check and carry out its choice; give the finding, what is left, and what was left out."""
    found = check.find(view, settings)
    count = int(found.rows.sum())
    after, out = view, excluded_rows(view.frame.iloc[:0], "")
    if count and choice == DROP:
        out = excluded_rows(view.frame[found.rows], check.title)
        after = view.without(found.rows)
    elif count and choice == FIX and check.fix is not None:
        after = TextIndex(check.fix(view, settings))
    finding = Finding(
        name=check.name,
        title=check.title,
        why=check.why,
        detail=found.detail,
        count=count,
        lines=view.frame["line"].to_numpy()[found.rows],
        examples=_examples(view, found),
        choice=choice,
        choices=check.choices,
        rows_before=len(view),
        rows_after=len(after),
        fix_label=check.fix_label,
    )
    return finding, after, out


def excluded_rows(frame: pd.DataFrame, reason: str) -> pd.DataFrame:
    """Return the rows as a table of line, reason and their columns."""
    kept = frame.drop(columns=[name for name in ("component", "part") if name in frame])
    kept.insert(1, "reason", pd.Series(reason, index=kept.index, dtype="str"))
    return kept.reset_index(drop=True)


def _examples(view: TextIndex, found: CheckResult) -> pd.DataFrame:
    rows = found.first if found.first is not None else np.flatnonzero(found.rows)[:MAX_SHOWN_EXAMPLES]
    shown = [name for name in ("line", *view.columns, "score", "label") if name in view.frame]
    return view.frame.iloc[rows[:MAX_SHOWN_EXAMPLES]][shown].reset_index(drop=True)


def _check_choices(choices: dict[str, str]) -> None:
    """Raise InputError for a check or a choice that does not exist."""
    known = {check.name: check for check in CHECKS}
    for name, choice in choices.items():
        if name not in known:
            raise InputError(f"There is no finding “{name}”.", todo=f"There are: {', '.join(known)}.")
        if choice not in known[name].choices:
            raise InputError(f"“{choice}” is no choice for “{name}”.", todo=f"Use {' or '.join(known[name].choices)}.")
