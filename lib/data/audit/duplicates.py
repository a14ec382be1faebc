"""Checks on repetition: equal sides, duplicates, contradictions, many targets of one source."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.data.audit.check import DROP, KEEP, AuditContext, Check, CheckResult
from lib.data.text_index import TextIndex, duplicate_rows, row_codes
from lib.shapes import Shape

PAIRED_SHAPES = (Shape.PAIRS, Shape.SCORED, Shape.LABELLED_PAIRS, Shape.TRIPLETS)
RANKED_SHAPES = (Shape.PAIRS, Shape.TRIPLETS)
BATCH_SIZE = 64
"""Batch size for which the expected number of false negatives is computed."""


def find_equal_sides(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag rows whose source and target differ at most in case, width and white space."""
    return CheckResult(index.same_codes[:, 0] == index.same_codes[:, 1])


def find_exact_duplicates(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag rows that repeat another row exactly, texts and value."""
    return CheckResult(duplicate_rows(np.column_stack([index.codes, index.value_codes]), order=index.evaluation_order))


def find_near_duplicates(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag rows that nearly repeat another row (see `near_duplicate_groups`) and are no exact duplicate."""
    near = duplicate_rows(np.column_stack([index.near_codes, index.value_codes]), order=index.evaluation_order)
    return CheckResult(near & ~find_exact_duplicates(index, context).rows)


def find_contradictions(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag rows whose texts also occur with another score or class."""
    together = row_codes(index.same_codes)
    values = (
        pd.Series(index.value_codes).groupby(together).transform("nunique").to_numpy() if len(index) else np.zeros(0)
    )
    return CheckResult(values > 1)


def find_one_source(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag all but the first row of each source with several targets."""
    return _one_to_many(index, context, one=0, many=1, words="targets")


def find_one_target(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag all but the first row of each target with several sources."""
    return _one_to_many(index, context, one=1, many=0, words="sources")


def _one_to_many(index: TextIndex, context: AuditContext, *, one: int, many: int, words: str) -> CheckResult:
    if not len(index):
        return CheckResult(np.zeros(0, dtype=bool))
    key, other = pd.Series(index.same_codes[:, one]), pd.Series(index.same_codes[:, many])
    kinds = other.groupby(key).transform("nunique")
    rows = ((kinds > 1) & key.duplicated()).to_numpy()
    sizes = key.value_counts().to_numpy()
    most = int(kinds.max())
    expected = expected_false_negatives(sizes, len(index), BATCH_SIZE)
    detail = (
        f"The most frequent has {most:,} different {words}. Expected false negatives in a batch of {BATCH_SIZE}: "
        f"{expected:.2f} = {BATCH_SIZE} × {BATCH_SIZE - 1} × Σ c(c − 1) / (n(n − 1)), where c counts the rows of each text "
        f"and n = {len(index):,} rows."
    )
    order = np.argsort(-kinds.to_numpy(), kind="stable")
    return CheckResult(rows, detail if rows.any() else "", first=order[: min(len(order), 50)] if rows.any() else None)


def expected_false_negatives(counts: np.ndarray, rows: int, batch: int) -> float:
    """Compute the expected number of false negatives in a random batch.

    They are the ordered pairs of its rows that share a text.

    A batch of B rows drawn from n without replacement holds B(B - 1) ordered pairs, each of them any ordered pair of
    rows with equal chance 1 / (n(n - 1)); a text of c rows makes c(c - 1) of those.
    """
    if rows < 2:
        return 0.0
    size, counts = min(batch, rows), counts.astype(float)
    return float(size * (size - 1) * (counts * (counts - 1)).sum() / (rows * (rows - 1)))


EQUAL_SIDES = Check(
    "equal_sides",
    "Source equals target",
    "Both texts are the same, so their cosine is 1 before training and there is nothing to learn.",
    find_equal_sides,
    default=DROP,
    defaults={Shape.SCORED: KEEP, Shape.LABELLED_PAIRS: KEEP},
    shapes=PAIRED_SHAPES,
)
EXACT_DUPLICATES = Check(
    "exact_duplicates",
    "Exact duplicates",
    "The same row occurs more than once. It would weigh more than others, and within a batch each copy is a false negative "
    "of the other. The first copy is kept.",
    find_exact_duplicates,
    default=DROP,
)
NEAR_DUPLICATES = Check(
    "near_duplicates",
    "Near duplicates",
    "Rows that differ only in case, white space, punctuation or a few characters. They always stay in the same split; drop "
    "them if they are copies rather than variants.",
    find_near_duplicates,
)
CONTRADICTIONS = Check(
    "contradictions",
    "Conflicting scores or classes",
    "The same text or pair has different scores or classes: at least one is wrong, or the case is ambiguous. Drop removes "
    "all of them.",
    find_contradictions,
    shapes=(Shape.SCORED, Shape.LABELLED_PAIRS, Shape.LABELLED_TEXTS),
)
ONE_SOURCE_MANY_TARGETS = Check(
    "one_source_many_targets",
    "One source, many targets",
    "A source with several correct targets makes false negatives: within a batch, all but one count as wrong. Closer masks "
    "known correct targets during training; drop keeps only the first target of each source.",
    find_one_source,
    shapes=RANKED_SHAPES,
)
ONE_TARGET_MANY_SOURCES = Check(
    "one_target_many_sources",
    "One target, many sources",
    "Sources that share a target make false negatives: within a batch, the other copy of the target counts as wrong. Closer "
    "masks known correct targets during training; drop keeps only the first source of each target.",
    find_one_target,
    shapes=RANKED_SHAPES,
)
