"""Mine hard negatives: the wrong targets nearest to each source by the base model.

Likely false negatives are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lib.errors import InputError
from lib.recipe.recipe import Recipe
from lib.training.examples import TrainingColumns, text_ids
from lib.vectors import normalize_rows

SOURCES_PER_BLOCK = 512
"""Sources that are compared with all targets at once."""


@dataclass(frozen=True)
class MiningResult:
    """Training rows with negative columns, and how many negatives are hard ones; the others are random."""

    rows: TrainingColumns
    hard: int
    random: int


@dataclass(frozen=True)
class Targets:
    """The distinct targets of the training part.

    texts: as the model reads them; plain: as they stand; ids: (m,) of normalised plain texts; vectors: (m, d) unit rows.
    """

    texts: list[str]
    plain: list[str]
    ids: np.ndarray
    vectors: np.ndarray


def mine_negatives(rows: TrainingColumns, vectors: dict[str, np.ndarray], recipe: Recipe) -> MiningResult:
    """Add `recipe.hard_negatives` columns of wrong targets, nearest first, to training pairs.

    vectors: by text as the model reads it, of the base model, any length. Only the training part's targets are taken. A negative has to be less
    similar to the source than the right target by the recipe's margins (absolute: Moreira et al. 2024, NV-Retriever,
    section 3, calls them TopK-MarginPos; relative: TopK-PercPos); the nearest `negative_skip` are passed over and no more
    than `negative_range` looked at. Where too few are left, the rest are drawn by the seed among the farther ones.
    Raises InputError when there are too few targets to choose from.
    """
    anchors = rows.columns["anchor"]
    anchor_ids, target_ids = text_ids(rows.plain["anchor"], rows.plain["positive"])
    targets = _distinct(rows, target_ids, vectors)
    place = {identity: number for number, identity in enumerate(targets.ids.tolist())}
    right = _right_places(anchor_ids, target_ids, place)
    chosen = np.empty((len(anchors), recipe.hard_negatives), dtype=np.int64)
    generator, hard = np.random.default_rng((recipe.seed, 7)), 0
    for begin in range(0, len(anchors), SOURCES_PER_BLOCK):
        block = range(begin, min(begin + SOURCES_PER_BLOCK, len(anchors)))
        # cosines of a block of sources with all targets, (block, m): products of unit rows
        scores = normalize_rows([vectors[anchors[row]] for row in block]) @ targets.vectors.T
        for row, own in zip(block, scores, strict=True):
            known = right[int(anchor_ids[row])]
            found = nearest_wrong(own, place[int(target_ids[row])], known, recipe)
            hard += len(found)
            chosen[row] = _filled(found, len(targets.texts), known, recipe.hard_negatives, generator)
    return MiningResult(_with_negatives(rows, targets, chosen), hard, chosen.size - hard)


def _with_negatives(rows: TrainingColumns, targets: Targets, chosen: np.ndarray) -> TrainingColumns:
    """Add the chosen targets, (rows, negatives) places, as columns."""
    names = ["negative" if number == 0 else f"negative_{number + 1}" for number in range(chosen.shape[1])]
    read, plain = (
        {name: [texts[i] for i in chosen[:, number]] for number, name in enumerate(names)}
        for texts in (targets.texts, targets.plain)
    )
    return TrainingColumns({**rows.columns, **read}, {**rows.plain, **plain}, rows.classes)


def nearest_wrong(scores: np.ndarray, own: int, right: set[int], recipe: Recipe) -> list[int]:
    """Find the nearest wrong targets whose similarity is below the right one's by the margins."""
    # Moreira et al. 2024, NV-Retriever, section 3: a negative's similarity is at most
    #   TopK-MarginPos: s(pos) - margin
    #   TopK-PercPos:   s(pos) * (1 - relative margin); |s(pos)| keeps the limit below a negative s(pos)
    # both hold, so the lower one is the limit
    limit = scores[own] - recipe.negative_margin
    limit = min(limit, scores[own] - abs(scores[own]) * recipe.negative_relative_margin)
    # the nearest `range` wrong ones are surely among the nearest `range` + |right| of all; equal scores go by index
    span = min(len(scores), recipe.negative_range + len(right))
    near = np.argpartition(-scores, span - 1)[:span]
    ranked = [int(i) for i in near[np.lexsort((near, -scores[near]))] if int(i) not in right]
    window = ranked[recipe.negative_skip : recipe.negative_range]
    return [i for i in window if scores[i] <= limit][: recipe.hard_negatives]


def _filled(found: list[int], count: int, right: set[int], wanted: int, generator: np.random.Generator) -> list[int]:
    """Fill the found indices up to `wanted` with random targets that are not right for the source."""
    if count - len(right) < wanted:
        raise InputError(
            f"The training part has {count} different targets: too few for {wanted} hard negatives a pair.",
            where="Hard negatives",
            todo="Lower the number of hard negatives, or set it to 0.",
        )
    taken = list(found)
    while len(taken) < wanted:
        place = int(generator.integers(count))
        if place not in right and place not in taken:
            taken.append(place)
    return taken


def _distinct(rows: TrainingColumns, ids: np.ndarray, vectors: dict[str, np.ndarray]) -> Targets:
    distinct, first = np.unique(ids, return_index=True)
    chosen, plain = ([columns["positive"][i] for i in first] for columns in (rows.columns, rows.plain))
    return Targets(chosen, plain, distinct, normalize_rows([vectors[text] for text in chosen]))


def _right_places(anchors: np.ndarray, targets: np.ndarray, place: dict[int, int]) -> dict[int, set[int]]:
    """Map each source to the indices of all its right targets.

    A target equal to the source counts as right.
    """
    right: dict[int, set[int]] = {}
    for anchor, target in zip(anchors.tolist(), targets.tolist(), strict=True):
        places = right.setdefault(anchor, {place[anchor]} if anchor in place else set())
        places.add(place[target])
        if anchor in place and target in right:
            right[target].add(place[anchor])
    return right
