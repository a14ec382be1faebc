"""Every process takes an equal share of every batch, and all shares together are the batch of one process."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.errors import InputError
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.training.batches import FairBatches
from lib.training.share_size import ShareSize, describe_shares
from lib.training.shares import BatchShares


class Given:
    """A sampler whose batches are given."""

    def __init__(self, sizes: list[int]) -> None:
        ends = np.cumsum(sizes).tolist()
        self.batches = [list(range(end - size, end)) for size, end in zip(sizes, ends, strict=True)]
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self):
        return iter(self.batches)

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    processes=st.integers(2, 5),
    unit=st.integers(1, 2),
    least=st.integers(1, 4),
)
def test_shares_are_equal_and_whole(sizes: list[int], processes: int, unit: int, least: int) -> None:
    size, sampler = ShareSize(unit, least), Given(sizes)
    shares = BatchShares(sampler, processes=processes, size=size)
    if size.rows(sizes[0], processes) < least:
        with pytest.raises(InputError):
            list(shares)
        return
    found = list(shares)
    assert len(found) == len(shares) == processes * len(sizes)
    for number, batch in enumerate(sampler.batches):
        own = found[number * processes : (number + 1) * processes]
        whole = batch if size.rows(len(batch), processes) >= least else sampler.batches[0]
        joined = [row for share in own for row in share]
        assert {len(share) for share in own} == {size.rows(len(whole), processes)}
        assert joined == whole[: len(joined)]
        assert len(whole) - len(joined) < processes * unit


def test_the_epoch_reaches_the_sampler() -> None:
    rows = np.arange(60)
    shares = BatchShares(FairBatches(rows, rows + 60, batch_size=16, seed=1), processes=2, size=ShareSize())
    first = list(shares)
    shares.set_epoch(1)
    assert list(shares) != first
    shares.set_epoch(0)
    assert list(shares) == first


@pytest.mark.parametrize(
    ("loss", "shape", "expected"),
    [
        ("MultipleNegativesRanking", Shape.PAIRS, ShareSize(1, 1)),
        ("MegaBatchMargin", Shape.PAIRS, ShareSize(1, 2)),
        ("CoSENT", Shape.SCORED, ShareSize(1, 1)),
        ("BatchHard", Shape.LABELLED_TEXTS, ShareSize(2, 4)),
    ],
)
def test_a_share_has_what_its_loss_needs(loss: str, shape: Shape, expected: ShareSize) -> None:
    assert ShareSize.of(Recipe(loss=loss), shape) == expected


def test_the_log_has_the_rows_of_a_step() -> None:
    line = describe_shares(
        Recipe(loss="MultipleNegativesRanking", batch_size=64), Shape.PAIRS, processes=3, examples=900
    )
    assert "21" in line
    assert "63" in line
    assert "10 examples" in describe_shares(Recipe(loss="CoSENT"), Shape.SCORED, processes=4, examples=42)
