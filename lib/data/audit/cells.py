"""Checks on cells: empty ones, missing or impossible values, rows of the wrong width."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.data.audit.check import DROP, FIX, KEEP, AuditContext, Check, CheckResult
from lib.data.columns.mapping import Examples
from lib.data.columns.profile import ID_CELL, MIN_ID_SHARE
from lib.data.columns.same_class import class_key
from lib.data.text_index import TextIndex
from lib.shapes import Shape, negative_columns

_EMPTY, _TEXT, _ID = range(3)


def find_wrong_width(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag rows that had more or fewer cells than the header."""
    lines = index.frame["line"]
    return CheckResult(lines.isin(list(context.wrong_width)).to_numpy())


def find_empty_cells(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag rows where a text other than a negative is empty or white space."""
    return CheckResult(np.asarray(_blank_cells(index, negatives=False).any(axis=1)))


def find_no_negative(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag triplets of which every negative is empty; of several negatives one is enough."""
    return CheckResult(np.asarray(_blank_cells(index, negatives=True).all(axis=1)))


def _blank_cells(index: TextIndex, *, negatives: bool) -> np.ndarray:
    """Mark the cells without a text, (rows, columns), in the columns of negatives or in the others."""
    blank = np.fromiter((not text.strip() for text in index.texts), dtype=bool, count=len(index.texts))
    chosen = np.isin(index.columns, negative_columns(index.columns)) == negatives
    return blank[index.codes[:, chosen]] if len(index) else np.zeros((0, int(chosen.sum())), dtype=bool)


def find_missing_value(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag rows without a class, or whose score is not a number."""
    if "score" in index.frame:
        return CheckResult(~np.isfinite(index.frame["score"].to_numpy(dtype=float)))
    return CheckResult((index.frame["label"].str.strip() == "").to_numpy())


def find_out_of_range(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag scores beyond the ends of the scale."""
    score = index.frame["score"].to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):
        return CheckResult((score < context.lowest_score - 1e-9) | (score > 1 + 1e-9))


def clip_scores(index: TextIndex, context: AuditContext) -> Examples:
    """Clip scores to the ends of the scale."""
    return index.replace_column("score", index.frame["score"].clip(context.lowest_score, 1.0))


def find_small_classes(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag rows of classes below five examples, or below a tenth of an uneven dataset's largest class."""
    sizes = index.frame["label"].value_counts()
    if not len(sizes):
        return CheckResult(np.zeros(len(index), dtype=bool))
    rows = index.frame["label"].map(sizes).to_numpy() < 5
    detail = (
        f"{len(sizes):,} classes; the largest has {sizes.iloc[0]:,} rows, the smallest {sizes.iloc[-1]:,}"
        f" ({sizes.iloc[0] / sizes.iloc[-1]:.1f} to 1)."
    )
    uneven = sizes.iloc[0] >= 10 * sizes.iloc[-1]
    rare = index.frame["label"].map(sizes).to_numpy() * 10 <= sizes.iloc[0]
    return CheckResult(rows | rare if uneven else rows, detail)


def find_ids_as_texts(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag all rows where nearly all texts of a column are ids: q12, 4711, a hash."""
    kinds = np.fromiter((_id_kind(text.strip()) for text in index.texts), dtype=np.int8, count=len(index.texts))
    cells = kinds[index.codes]
    share = (cells == _ID).sum(axis=0) / np.maximum(1, (cells != _EMPTY).sum(axis=0))
    names = [name for name, own in zip(index.columns, share, strict=True) if own >= MIN_ID_SHARE]
    rows = np.full(len(index), bool(names))
    return CheckResult(rows, f"Ids stand in: {', '.join(names)}." if names else "")


def _id_kind(text: str) -> int:
    return (_ID if ID_CELL.fullmatch(text) else _TEXT) if text else _EMPTY


def find_class_spellings(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag rows of classes that differ from a more frequent one only in case, blanks or hyphens."""
    common = _common_spellings(index.frame["label"])
    rows = index.frame["label"].isin(list(common)).to_numpy()
    rows = rows | index.frame["line"].isin(list(context.class_spellings)).to_numpy()
    shown = "; ".join(f"“{name}” and “{other}”" for name, other in list(common.items())[:5])
    return CheckResult(rows, f"{shown}." if shown else "")


def unify_class_spellings(index: TextIndex, context: AuditContext) -> Examples:
    """Write every class as its most frequent spelling."""
    common = _common_spellings(index.frame["label"])
    return index.replace_column("label", index.frame["label"].replace(common))


def _common_spellings(labels: pd.Series) -> dict[str, str]:
    """Map each rarer spelling of a class to its most frequent one."""
    first: dict[str, str] = {}
    return {
        name: first[class_key(name)]
        for name in map(str, labels.value_counts().index)
        if name and first.setdefault(class_key(name), name) != name
    }


WRONG_WIDTH = Check(
    "wrong_width",
    "Rows with the wrong number of cells",
    "These rows have more or fewer cells than the header. Missing cells are read as empty; extra cells are joined to the "
    "last column. No text is lost, but it may be in the wrong column.",
    find_wrong_width,
)
EMPTY_CELLS = Check(
    "empty",
    "Empty cells",
    "A row without one of its texts can't be used for training, so it is always dropped. A negative may be missing.",
    find_empty_cells,
    choices=(DROP,),
    default=DROP,
)
NO_NEGATIVE = Check(
    "no_negative",
    "Triplets without a negative",
    "Where a row has none, training takes the target of another row, drawn by chance, as FlagEmbedding advises; triplet "
    "accuracy leaves the row out. A row that has some but fewer than others needs nothing.",
    find_no_negative,
    shapes=(Shape.TRIPLETS,),
)
MISSING_VALUE = Check(
    "no_value",
    "Missing score or class",
    "The score isn't a number, or the class is empty, so the row has no target to learn from.",
    find_missing_value,
    choices=(DROP,),
    default=DROP,
    shapes=(Shape.SCORED, Shape.LABELLED_PAIRS, Shape.LABELLED_TEXTS),
)
OUT_OF_RANGE = Check(
    "out_of_range",
    "Score out of range",
    "The score is outside the chosen scale. Check the scale first; if it is right, these scores are errors.",
    find_out_of_range,
    choices=(DROP, FIX),
    default=DROP,
    shapes=(Shape.SCORED,),
    fix=clip_scores,
    fix_label="clip to the scale",
)
SMALL_CLASSES = Check(
    "label_imbalance",
    "Small or imbalanced classes",
    "A class with few examples (fewer than five, or less than a tenth of the largest class) is hard to learn, and the "
    "held-out split has too few of them to evaluate it.",
    find_small_classes,
    shapes=(Shape.LABELLED_PAIRS, Shape.LABELLED_TEXTS),
    choices=(KEEP, DROP),
)
IDS_AS_TEXTS = Check(
    "ids_as_texts",
    "Ids instead of texts",
    "A column of ids, numbers or codes holds nothing that a model can read. Choose the column with the text they stand for, "
    "or join the file with the one that has it.",
    find_ids_as_texts,
    choices=(KEEP, DROP),
)
CLASS_SPELLINGS = Check(
    "class_spellings",
    "Classes in several spellings",
    "These classes differ from another one only in case, blanks, hyphens or underscores, and count as different classes. "
    "Fix writes each as its most frequent spelling.",
    find_class_spellings,
    choices=(KEEP, FIX),
    shapes=(Shape.LABELLED_PAIRS, Shape.LABELLED_TEXTS),
    fix=unify_class_spellings,
    fix_label="use one spelling",
)
