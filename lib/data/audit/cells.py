"""Checks on cells: empty ones, missing or impossible values, rows of the wrong width."""

from __future__ import annotations

import numpy as np

from lib.data.audit.check import DROP, FIX, KEEP, AuditContext, Check, CheckResult
from lib.data.columns.mapping import Examples
from lib.data.shapes import Shape
from lib.data.text_index import TextIndex


def find_wrong_width(view: TextIndex, settings: AuditContext) -> CheckResult:
    """Flag rows that had more or fewer cells than the header."""
    lines = view.frame["line"]
    return CheckResult(lines.isin(list(settings.wrong_width)).to_numpy())


def find_empty_cells(view: TextIndex, settings: AuditContext) -> CheckResult:
    """Flag rows where a needed text is empty or white space; a further negative may be missing nowhere."""
    return CheckResult(view.flag(lambda text: not text.strip()))


def find_missing_value(view: TextIndex, settings: AuditContext) -> CheckResult:
    """Flag rows without a class, or whose score is no number."""
    if "score" in view.frame:
        return CheckResult(~np.isfinite(view.frame["score"].to_numpy(dtype=float)))
    return CheckResult((view.frame["label"].str.strip() == "").to_numpy())


def find_out_of_range(view: TextIndex, settings: AuditContext) -> CheckResult:
    """Flag scores beyond the ends of the scale."""
    score = view.frame["score"].to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):
        return CheckResult((score < settings.low - 1e-9) | (score > 1 + 1e-9))


def clip_scores(view: TextIndex, settings: AuditContext) -> Examples:
    """Bring scores beyond the scale to its nearer end."""
    return Examples(view.shape, view.frame.assign(score=view.frame["score"].clip(settings.low, 1.0)))


def find_small_classes(view: TextIndex, settings: AuditContext) -> CheckResult:
    """Flag rows of classes with fewer than five examples, and say how uneven the classes are."""
    sizes = view.frame["label"].value_counts()
    if not len(sizes):
        return CheckResult(np.zeros(len(view), dtype=bool))
    rows = view.frame["label"].map(sizes).to_numpy() < 5
    detail = (
        f"{len(sizes):,} classes; the largest has {sizes.iloc[0]:,} rows, the smallest {sizes.iloc[-1]:,}"
        f" ({sizes.iloc[0] / sizes.iloc[-1]:.1f} to 1)."
    )
    uneven = sizes.iloc[0] >= 10 * sizes.iloc[-1]
    rare = view.frame["label"].map(sizes).to_numpy() * 10 <= sizes.iloc[0]
    return CheckResult(rows | rare if uneven else rows, detail)


WRONG_WIDTH = Check(
    "wrong_width",
    "Rows of the wrong width",
    "These rows have more or fewer cells than the header. Missing cells were read as empty, extra ones were joined to "
    "nothing: a text may be cut or stand in the wrong column.",
    find_wrong_width,
)
EMPTY_CELLS = Check(
    "empty",
    "Empty cells",
    "A row without one of its texts teaches nothing and cannot be used, so it is always left out.",
    find_empty_cells,
    choices=(DROP,),
    default=DROP,
)
MISSING_VALUE = Check(
    "no_value",
    "No score or class",
    "The score is not a number, or the class is empty: the row does not say what to learn.",
    find_missing_value,
    choices=(DROP,),
    default=DROP,
    shapes=(Shape.SCORED, Shape.LABELLED_PAIRS, Shape.LABELLED_TEXTS),
)
OUT_OF_RANGE = Check(
    "out_of_range",
    "Score out of range",
    "The score lies beyond the ends of the chosen scale. Is the scale right? If it is, these are slips.",
    find_out_of_range,
    choices=(DROP, FIX),
    default=DROP,
    shapes=(Shape.SCORED,),
    fix=clip_scores,
    fix_label="move to the end of the scale",
)
SMALL_CLASSES = Check(
    "label_imbalance",
    "Uneven or tiny classes",
    "A class with few examples (fewer than five, or a tenth of the largest class) is hardly learnt, and the part kept for "
    "judging says little about it.",
    find_small_classes,
    shapes=(Shape.LABELLED_PAIRS, Shape.LABELLED_TEXTS),
    choices=(KEEP, DROP),
)
