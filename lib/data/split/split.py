"""Split examples into train, validation and held-out, each component of linked rows in one part only."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.data.columns.mapping import Examples
from lib.data.split.components import find_components
from lib.data.split.cut_components import cut_components
from lib.data.text_index import TextIndex
from lib.errors import InputError
from lib.settings import HELD_OUT_FRACTION, PARTS, VALIDATION_FRACTION
from lib.shapes import Shape


def split_examples(
    examples: Examples,
    *,
    validation: float = VALIDATION_FRACTION,
    held_out: float = HELD_OUT_FRACTION,
    seed: int = 0,
    near_codes: np.ndarray | None = None,
) -> pd.DataFrame:
    """Add part (train | validation | held_out) and component (int64) to the frame.

    A part column of its own is kept.

    The part is "" for rows that `prepare` leaves out: those of a given split whose component reaches into a part that is
    evaluated (held-out before validation before train), and those that were cut to split a component too large for a
    fair split. near_codes: of near duplicates, where known already. Raises InputError where no training data is left.
    """
    if validation < 0 or held_out < 0 or validation + held_out >= 1:
        raise InputError(
            f"Validation {validation:.0%} and held-out {held_out:.0%} leave no training data.",
            todo="Make them smaller: together they must stay below 100%.",
        )
    near_codes = near_codes if near_codes is not None else TextIndex(examples).near_codes
    frame = examples.frame.assign(component=find_components(examples, near_codes=near_codes))
    if "part" in frame:
        return frame.assign(part=_keep_given_parts(frame, validation, held_out, seed))
    parts = assign_parts(examples.shape, frame, validation=validation, held_out=held_out, seed=seed)
    whole = frame.assign(part=_part_names(parts))
    if examples.shape is Shape.LABELLED_TEXTS or not _is_unfair(parts, validation, held_out):
        return whole
    cut = _cut(frame, near_codes, np.array([1 - validation - held_out, validation, held_out]), seed)
    # small parts of whole components serve better than none: nearly all rows share one text that no cut can part
    return whole if _has_all_parts(whole) and not _has_all_parts(cut) else cut


def _has_all_parts(frame: pd.DataFrame) -> bool:
    return set(PARTS) <= set(frame["part"])


def assign_parts(shape: Shape, frame: pd.DataFrame, *, validation: float, held_out: float, seed: int) -> np.ndarray:
    """Assign whole components to parts, as indices into PARTS; labelled texts stratified by class.

    A component of several classes counts for the class of its first row. What a class got too much or too little of in a
    part is carried over to the next class, so that rounding does not add up over many small classes.
    """
    fractions = np.array([1 - validation - held_out, validation, held_out])
    component, generator = frame["component"].to_numpy(), np.random.default_rng(seed)
    if shape is not Shape.LABELLED_TEXTS:
        return _fill_parts(component, fractions * len(frame), generator)
    label = pd.Series(pd.factorize(frame["label"])[0]).groupby(component).transform("first").to_numpy()
    parts, owed = np.zeros(len(frame), dtype=np.int64), np.zeros(3)
    for code in range(int(label.max(initial=-1)) + 1):
        rows = np.flatnonzero(label == code)
        need = fractions * len(rows) + owed
        parts[rows] = _fill_parts(component[rows], need, generator)
        owed = need - np.bincount(parts[rows], minlength=3)
    return parts


def _is_unfair(parts: np.ndarray, validation: float, held_out: float) -> bool:
    """Check whether validation or held-out has less than half of the rows asked for."""
    counts = np.bincount(parts, minlength=3)
    return bool((counts[1:] < np.array([validation, held_out]) * len(parts) / 2).any())


def _cut(frame: pd.DataFrame, near_codes: np.ndarray, fractions: np.ndarray, seed: int) -> pd.DataFrame:
    """Split the frame by cutting components.

    Rows whose texts mean the same (score or label 1) are cut last.
    """
    weights = np.zeros(len(frame))
    if "score" in frame:
        weights = frame["score"].to_numpy(dtype=float)
    elif "label" in frame:
        weights = (frame["label"] == "1").to_numpy(dtype=float)
    groups = pd.factorize(frame["group"].mask(frame["group"] == ""))[0].astype(np.int64) if "group" in frame else None
    need = fractions * len(frame)
    parts, pieces = cut_components(near_codes[:, :2], weights=weights, need=need, groups=groups, seed=seed)
    # The component of a cut row is its piece: what statistics may take for independent.
    return frame.assign(component=pieces, part=_part_names(parts).mask(pd.Series(parts < 0), ""))


def _keep_given_parts(frame: pd.DataFrame, validation: float, held_out: float, seed: int) -> pd.Series:
    """Keep given parts, take parts that are missing from train, and blank the rows that would leak."""
    parts = np.array([PARTS.index(name) for name in frame["part"].to_numpy(dtype=object)], dtype=np.int64)
    present = set(parts.tolist())
    component = frame["component"].to_numpy()
    highest = np.zeros(int(component.max()) + 1, dtype=np.int64)
    np.maximum.at(highest, component, parts)  # the most evaluated part that a component reaches into
    leaks = parts < highest[component]
    wanted = {1: validation if 1 not in present else 0.0, 2: held_out if 2 not in present else 0.0}
    free = np.flatnonzero((parts == 0) & ~leaks)
    if any(wanted.values()) and len(free):
        sizes = np.array([0.0, wanted[1], wanted[2]]) * len(frame)
        need = np.array([max(0.0, len(free) - sizes.sum()), sizes[1], sizes[2]])
        parts[free] = _fill_parts(component[free], need, np.random.default_rng(seed))
    return _part_names(parts).mask(pd.Series(leaks), "")


def _fill_parts(component: np.ndarray, need: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Assign each row's split: shuffled components go one by one to the split that lacks most.

    The lack is relative to the rows that the split needs.

    Random order puts large and small components into every part alike. A component larger than what validation or
    held-out still needs goes to train, so these two never exceed what was asked by more than rounding.
    """
    codes, inverse, sizes = np.unique(component, return_inverse=True, return_counts=True)
    parts = np.zeros(len(codes), dtype=np.int64)
    target, left = np.maximum(need, 1e-9).tolist(), need.tolist()
    order = generator.permutation(len(codes))
    # what fits into train only goes there before smaller ones fill it; the others stay shuffled
    is_large = sizes[order] > max(need[1:].max(initial=0.0), 1.0) + 0.5
    order = np.concatenate([order[is_large][np.argsort(-sizes[order[is_large]], kind="stable")], order[~is_large]])
    for code in order.tolist():
        size = int(sizes[code])
        best, share = 0, left[0] / target[0]
        for part in (1, 2):
            if left[part] / target[part] > share and size <= left[part] + 0.5:
                best, share = part, left[part] / target[part]
        parts[code] = best
        left[best] -= size
    return parts[inverse]


def _part_names(parts: np.ndarray) -> pd.Series:
    return pd.Series(np.array(PARTS, dtype=object)[parts], dtype="str")
