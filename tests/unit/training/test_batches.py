"""No batch holds a right target as a wrong one, every epoch has its steps, large data cost seconds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lib.errors import InputError
from lib.training.batches import MOST_TRIES, FairBatches
from lib.training.examples import text_ids


def right_targets(anchors: list[int], targets: list[int]) -> dict[int, set[int]]:
    """Collect for each source its right targets, the sources it is a target of, and itself."""
    right = {anchor: {anchor} for anchor in anchors}
    for anchor, target in zip(anchors, targets, strict=True):
        right[anchor].add(target)
        right.get(target, set()).add(anchor)
    return right


def batches_of_sets(
    anchors: list[int], targets: list[int], negatives: list[list[int]], *, size: int, seed: int, epoch: int, steps: int
) -> list[list[int]]:
    """Fill the batches of an epoch all at once, by sets: greedily, a row that conflicts waits for the next batch."""
    right = right_targets(anchors, targets)
    candidates = [{target, *wrong} for target, wrong in zip(targets, negatives, strict=True)]

    def fits(row: int, batch: list[int]) -> bool:
        return all(
            anchors[row] != anchors[other]
            and targets[row] not in candidates[other]
            and candidates[row].isdisjoint(right[anchors[other]])
            and candidates[other].isdisjoint(right[anchors[row]])
            for other in batch
        )

    order = np.random.default_rng((seed, epoch)).permutation(len(anchors)).tolist()
    waiting: list[int] = []
    stream, batches = list(order), []
    for _ in range(steps):
        batch: list[int] = []
        for _ in range(min(len(waiting), MOST_TRIES * size)):
            row = waiting.pop(0)
            (batch if len(batch) < size and fits(row, batch) else waiting).append(row)
        tries = MOST_TRIES * size
        while len(batch) < size and tries and stream:
            row = stream.pop(0)
            is_taken = fits(row, batch)
            (batch if is_taken else waiting).append(row)
            tries -= not is_taken
        batches.append(batch)
    full = [batch for batch in batches if len(batch) > 1]
    return [full[number % len(full)] for number in range(steps)] if full else []


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 60)), min_size=2, max_size=120),
    size=st.integers(2, 16),
    epoch=st.integers(0, 3),
    mines=st.booleans(),
)
def test_a_stream_of_batches_is_that_of_sets(
    rows: list[tuple[int, int, int]], size: int, epoch: int, mines: bool
) -> None:
    anchors, targets, wrong = (np.array(side) for side in zip(*rows, strict=True))
    assume(len(set(anchors.tolist())) > 1 and len(set(targets.tolist())) > 1)
    sampler = FairBatches(anchors, targets, batch_size=size, seed=5, negatives=wrong[:, None] if mines else None)
    sampler.set_epoch(epoch)
    expected = batches_of_sets(
        anchors.tolist(),
        targets.tolist(),
        wrong[:, None].tolist() if mines else [[] for _ in rows],
        size=size,
        seed=5,
        epoch=epoch,
        steps=len(sampler),
    )
    assume(expected)
    assert list(sampler) == expected


def conflicts(batch: list[int], anchors: np.ndarray, targets: np.ndarray, right: dict[int, set[int]]) -> int:
    """Count the ordered pairs of rows of which one's target is right for the other's source.

    By brute force.
    """
    return sum(
        int(targets[other]) in right[int(anchors[row])] or anchors[row] == anchors[other]
        for row in batch
        for other in batch
        if row != other
    )


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=120),
    size=st.integers(2, 16),
    epoch=st.integers(0, 3),
)
def test_no_false_negatives_and_every_step_there(rows: list[tuple[int, int]], size: int, epoch: int) -> None:
    """Many-to-many pairs: each batch is free of conflicts whenever two rows without one exist at all."""
    anchors, targets = (np.array(side) for side in zip(*rows, strict=True))
    if len(set(anchors.tolist())) < 2 or len(set(targets.tolist())) < 2:
        with pytest.raises(InputError):
            FairBatches(anchors, targets, batch_size=size, seed=0)
        return
    sampler = FairBatches(anchors, targets, batch_size=size, seed=0)
    sampler.set_epoch(epoch)
    batches = list(sampler)
    right = right_targets(anchors.tolist(), targets.tolist())
    possible = any(
        not conflicts([one, other], anchors, targets, right) for one in range(len(rows)) for other in range(one)
    )
    assert len(batches) == len(sampler)
    assert all(1 < len(batch) <= size for batch in batches)
    if possible:
        assert sum(conflicts(batch, anchors, targets, right) for batch in batches) == 0


def test_distinct_pairs_are_all_seen_once_an_epoch() -> None:
    """Without repeats an epoch is a permutation, another one each time, the same for the same seed."""
    anchors, targets = np.arange(64), np.arange(64) + 64
    sampler = FairBatches(anchors, targets, batch_size=16, seed=3)
    first = list(sampler)
    assert sorted(row for batch in first for row in batch) == list(range(64))
    assert first == list(FairBatches(anchors, targets, batch_size=16, seed=3))
    sampler.set_epoch(1)
    assert first != list(sampler)


def test_normalised_equal_texts_count_as_one() -> None:
    """Case, width and spaces do not make another text."""
    anchors, targets = text_ids(["Sort a  list", "sort a list", "Ｏpen"], ["x", "y", "open"])
    assert anchors[0] == anchors[1]
    assert anchors[2] == targets[2]


def test_a_text_on_both_sides_never_meets_itself() -> None:
    """Of duplicate questions a->b, b->c the source b is no wrong target of the row a->b's batch."""
    anchors, targets = np.array([0, 1, 3, 5]), np.array([1, 2, 4, 6])
    for epoch in range(20):
        sampler = FairBatches(anchors, targets, batch_size=4, seed=epoch)
        assert not any({0, 1} <= set(batch) for batch in sampler)


def test_mined_negatives_of_others_are_not_right_ones() -> None:
    """Row 0's negative is row 1's right target: they never stand together."""
    anchors, targets = np.array([0, 1, 2, 3]), np.array([10, 11, 12, 13])
    negatives = np.array([[11], [12], [13], [12]])
    for seed in range(20):
        batches = list(FairBatches(anchors, targets, batch_size=4, seed=seed, negatives=negatives))
        assert not any({0, 1} <= set(batch) or {1, 2} <= set(batch) for batch in batches)


def test_one_text_in_a_third_of_a_hundred_thousand_rows() -> None:
    """A hub target leaves whole batches, and rows look at a bounded number of others: no quadratic cost."""
    generator = np.random.default_rng(0)
    anchors = np.arange(100_000)
    targets = 200_000 + np.where(generator.random(100_000) < 0.33, 0, generator.integers(1, 80_000, 100_000))
    sampler = FairBatches(anchors, targets, batch_size=64, seed=0)
    batches = list(sampler)
    assert len(batches) == len(sampler) == 1563
    assert all((targets[batch] == 200_000).sum() <= 1 for batch in batches)
    assert np.mean([len(batch) for batch in batches]) > 40
