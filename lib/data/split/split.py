"""Split examples into train, validation and held-out so that nothing that belongs together stands in two parts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.data.columns.mapping import Examples
from lib.data.shapes import Shape
from lib.data.split.components import find_components
from lib.data.split.cut_components import cut_components
from lib.data.text_index import TextIndex
from lib.errors import InputError
from lib.settings import HELD_OUT_FRACTION, PARTS, VALIDATION_FRACTION


def split_examples(
    examples: Examples,
    *,
    validation: float = VALIDATION_FRACTION,
    held_out: float = HELD_OUT_FRACTION,
    seed: int = 0,
    near: np.ndarray | None = None,
    may_cut: bool = True,
) -> pd.DataFrame:
    """Return the frame with part (train | validation | held_out) and component:int64; a given part column is kept.

    Rows of a given split whose component reaches into a part that judges (held-out before validation before train) get
    the part "": what to do with them is for `prepare` to say. So do rows that tie a component together which is too
    large for a fair split, unless may_cut is False. near: codes of near duplicates, where known already.
    Raises InputError where the fractions leave no training data.
    """
    if validation < 0 or held_out < 0 or validation + held_out >= 1:
        raise InputError(
            f"Validation {validation:.0%} and held-out {held_out:.0%} leave no training data.",
            todo="Make them smaller: together they must stay under 100%.",
        )
    near = near if near is not None else TextIndex(examples).near
    frame = examples.frame.assign(component=find_components(examples, near=near))
    if "part" in frame:
        return frame.assign(part=_given(frame, validation, held_out, seed))
    ranks = _assigned(examples.shape, frame, validation, held_out, seed)
    if may_cut and examples.shape is not Shape.LABELLED_TEXTS and _unfair(ranks, validation, held_out):
        return _cut(frame, near, np.array([1 - validation - held_out, validation, held_out]), seed)
    return frame.assign(part=_parts(ranks))


def _unfair(ranks: np.ndarray, validation: float, held_out: float) -> bool:
    """Tell whether a part has less than half of what was asked."""
    counts = np.bincount(ranks, minlength=3)
    return bool((counts[1:] < np.array([validation, held_out]) * len(ranks) / 2).any())


def _cut(frame: pd.DataFrame, near: np.ndarray, fractions: np.ndarray, seed: int) -> pd.DataFrame:
    """Split the frame with bridging rows blanked; rows that mean the same are the last to come apart."""
    weights = np.zeros(len(frame))
    if "score" in frame:
        weights = frame["score"].to_numpy(dtype=float)
    elif "label" in frame:
        weights = (frame["label"] == "1").to_numpy(dtype=float)
    groups = pd.factorize(frame["group"].mask(frame["group"] == ""))[0].astype(np.int64) if "group" in frame else None
    ranks, pieces = cut_components(near[:, :2], weights=weights, need=fractions * len(frame), groups=groups, seed=seed)
    # Whole components are one knot here: the pieces are what statistics can take as independent.
    return frame.assign(component=pieces, part=_parts(ranks).mask(pd.Series(ranks < 0), ""))


def _given(frame: pd.DataFrame, validation: float, held_out: float, seed: int) -> pd.Series:
    """Keep the parts that were given, take those that are missing from train, and blank rows that would leak."""
    part = frame["part"].to_numpy(dtype=object)
    rank = np.array([PARTS.index(name) for name in part], dtype=np.int64)
    present = set(rank.tolist())
    highest = np.zeros(int(frame["component"].max()) + 1, dtype=np.int64)
    np.maximum.at(highest, frame["component"].to_numpy(), rank)
    leaks = rank < highest[frame["component"].to_numpy()]
    wanted = {1: validation if 1 not in present else 0.0, 2: held_out if 2 not in present else 0.0}
    free = np.flatnonzero((rank == 0) & ~leaks)
    if any(wanted.values()) and len(free):
        sizes = np.array([0.0, wanted[1], wanted[2]]) * len(frame)
        need = np.array([max(0.0, len(free) - sizes.sum()), sizes[1], sizes[2]])
        rank[free] = _greedy(frame["component"].to_numpy()[free], need, np.random.default_rng(seed))
    return _parts(rank).mask(pd.Series(leaks), "")


def _assigned(shape: Shape, frame: pd.DataFrame, validation: float, held_out: float, seed: int) -> np.ndarray:
    """Return the part of each row as 0, 1, 2; labelled texts class by class, so that each part has its share of each."""
    fractions = np.array([1 - validation - held_out, validation, held_out])
    together, generator = frame["component"].to_numpy(), np.random.default_rng(seed)
    if shape is not Shape.LABELLED_TEXTS:
        return _greedy(together, fractions * len(frame), generator)
    first = pd.Series(pd.factorize(frame["label"])[0]).groupby(together).transform("first").to_numpy()
    result, owed = np.zeros(len(frame), dtype=np.int64), np.zeros(3)
    for label in range(int(first.max(initial=-1)) + 1):
        rows = np.flatnonzero(first == label)
        need = fractions * len(rows) + owed
        result[rows] = _greedy(together[rows], need, generator)
        owed = need - np.bincount(result[rows], minlength=3)
    return result


def _greedy(together: np.ndarray, need: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Give shuffled components, one by one, to the part that lacks the largest share; what fits nowhere goes to train.

    Random order keeps big and small components in every part alike; a component larger than what validation or held-out
    still needs goes to train, so that they never grow past what was asked by more than a rounding.
    """
    codes, inverse, sizes = np.unique(together, return_inverse=True, return_counts=True)
    chosen = np.zeros(len(codes), dtype=np.int64)
    target, left = np.maximum(need, 1e-9).tolist(), need.tolist()
    for code in generator.permutation(len(codes)).tolist():
        size = int(sizes[code])
        best, share = 0, left[0] / target[0]
        for part in (1, 2):
            if left[part] / target[part] > share and size <= left[part] + 0.5:
                best, share = part, left[part] / target[part]
        chosen[code] = best
        left[best] -= size
    return chosen[inverse]


def _parts(ranks: np.ndarray) -> pd.Series:
    return pd.Series(np.array(PARTS, dtype=object)[ranks], dtype="str")
