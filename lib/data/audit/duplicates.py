"""Checks on what stands more than once: equal sides, duplicates, contradictions, many answers to one question."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.data.audit.check import DROP, KEEP, AuditContext, Check, CheckResult
from lib.data.shapes import Shape
from lib.data.text_index import TextIndex, duplicate_rows, row_codes

PAIRED_SHAPES = (Shape.PAIRS, Shape.SCORED, Shape.LABELLED_PAIRS, Shape.TRIPLETS)
RANKED_SHAPES = (Shape.PAIRS, Shape.TRIPLETS)


def find_equal_sides(view: TextIndex, settings: AuditContext) -> CheckResult:
    """Flag rows where source and target are the same text but for case and white space."""
    return CheckResult(view.same[:, 0] == view.same[:, 1])


def find_exact_duplicates(view: TextIndex, settings: AuditContext) -> CheckResult:
    """Flag rows that repeat an earlier row, texts and value alike, character by character."""
    return CheckResult(duplicate_rows(np.column_stack([view.codes, view.value]), order=view.judged_first))


def find_near_duplicates(view: TextIndex, settings: AuditContext) -> CheckResult:
    """Flag rows that repeat an earlier row but for case, white space and punctuation, and are no exact repeat."""
    near = duplicate_rows(np.column_stack([view.near, view.value]), order=view.judged_first)
    return CheckResult(near & ~find_exact_duplicates(view, settings).rows)


def find_contradictions(view: TextIndex, settings: AuditContext) -> CheckResult:
    """Flag rows whose texts stand elsewhere with another score or class."""
    together = row_codes(view.same)
    values = pd.Series(view.value).groupby(together).transform("nunique").to_numpy() if len(view) else np.zeros(0)
    return CheckResult(values > 1)


def find_one_source(view: TextIndex, settings: AuditContext) -> CheckResult:
    """Flag all but the first row of a source that stands with several targets."""
    return _one_to_many(view, settings, one=0, many=1, words="targets")


def find_one_target(view: TextIndex, settings: AuditContext) -> CheckResult:
    """Flag all but the first row of a target that stands with several sources."""
    return _one_to_many(view, settings, one=1, many=0, words="sources")


def _one_to_many(view: TextIndex, settings: AuditContext, *, one: int, many: int, words: str) -> CheckResult:
    if not len(view):
        return CheckResult(np.zeros(0, dtype=bool))
    key, other = pd.Series(view.same[:, one]), pd.Series(view.same[:, many])
    kinds = other.groupby(key).transform("nunique")
    rows = ((kinds > 1) & key.duplicated()).to_numpy()
    sizes = key.value_counts().to_numpy()
    most = int(kinds.max())
    expected = expected_false_negatives(sizes, len(view), settings.batch)
    detail = (
        f"The most repeated stands with {most:,} different {words}. Expected false negatives in a batch of "
        f"{settings.batch}: {expected:.2f} = {settings.batch} x {settings.batch - 1} x sum of c(c - 1) / (n(n - 1)), "
        f"c: how often each text stands, n = {len(view):,} rows."
    )
    order = np.argsort(-kinds.to_numpy(), kind="stable")
    return CheckResult(rows, detail if rows.any() else "", first=order[: min(len(order), 50)] if rows.any() else None)


def expected_false_negatives(counts: np.ndarray, rows: int, batch: int) -> float:
    """Return how many ordered pairs of rows in a random batch share a text and so deny a right answer.

    A batch of B rows drawn from n without replacement holds B(B - 1) ordered pairs, each of them any ordered pair of
    rows with equal chance 1 / (n(n - 1)); a text standing c times makes c(c - 1) of those.
    """
    if rows < 2:
        return 0.0
    size, counts = min(batch, rows), counts.astype(float)
    return float(size * (size - 1) * (counts * (counts - 1)).sum() / (rows * (rows - 1)))


EQUAL_SIDES = Check(
    "equal_sides",
    "Both sides equal",
    "Source and target are the same text: the model already gives such a pair a cosine of 1, so it teaches nothing.",
    find_equal_sides,
    default=DROP,
    defaults={Shape.SCORED: KEEP, Shape.LABELLED_PAIRS: KEEP},
    shapes=PAIRED_SHAPES,
)
EXACT_DUPLICATES = Check(
    "exact_duplicates",
    "Exact duplicates",
    "The same row stands more than once. It would count more than others, and in one batch each copy tells the model "
    "that the other is wrong. The first one stays.",
    find_exact_duplicates,
    default=DROP,
)
NEAR_DUPLICATES = Check(
    "near_duplicates",
    "Near duplicates",
    "Rows that differ only in case, white space or punctuation. They are kept on one side of the split in any case; "
    "drop them where they are copies rather than variants.",
    find_near_duplicates,
)
CONTRADICTIONS = Check(
    "contradictions",
    "Same texts, another value",
    "The same text or pair stands with different scores or classes: at least one of them is wrong, or the case is "
    "truly unclear. Drop leaves out all of them.",
    find_contradictions,
    shapes=(Shape.SCORED, Shape.LABELLED_PAIRS, Shape.LABELLED_TEXTS),
)
ONE_SOURCE_MANY_TARGETS = Check(
    "one_source_many_targets",
    "One source, many targets",
    "Several right targets of one source: in a batch the model is told that all but one are wrong (false negatives). "
    "Training here masks known right answers; drop keeps only the first target of each source.",
    find_one_source,
    shapes=RANKED_SHAPES,
)
ONE_TARGET_MANY_SOURCES = Check(
    "one_target_many_sources",
    "One target, many sources",
    "Several sources share a target: in a batch, the copy of the target counts as wrong (false negatives). "
    "Training here masks known right answers; drop keeps only the first source of each target.",
    find_one_target,
    shapes=RANKED_SHAPES,
)
