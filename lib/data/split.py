"""Split examples into train, validation and held-out so that nothing that belongs together stands in two parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.data.components import components
from lib.data.mapping import Examples
from lib.data.shapes import Shape
from lib.errors import InputError
from lib.settings import HELD_OUT_FRACTION, PARTS, VALIDATION_FRACTION


def split(
    examples: Examples,
    *,
    validation: float = VALIDATION_FRACTION,
    held_out: float = HELD_OUT_FRACTION,
    seed: int = 0,
    links: Sequence[np.ndarray] = (),
) -> pd.DataFrame:
    """Return the frame with part (train | validation | held_out) and component:int64; a given part column is kept.

    links are further arrays of codes, one a row: rows of one code stay together (near duplicates). Rows of a given split
    whose component reaches over parts get the part "": what to do with them is for `prepare` to say.
    Raises InputError where the fractions leave no training data.
    """
    if validation < 0 or held_out < 0 or validation + held_out >= 1:
        raise InputError(
            f"Validation {validation:.0%} and held-out {held_out:.0%} leave no training data.",
            todo="Make them smaller: together they must stay under 100%.",
        )
    together = components(examples, links=links)
    frame = examples.frame.assign(component=together)
    if "part" in frame:
        return frame.assign(part=_given(frame, validation, held_out, seed))
    return frame.assign(part=_parts(_assigned(examples.shape, frame, validation, held_out, seed)))


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
