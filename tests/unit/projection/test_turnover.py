"""New neighbours and true ones, on vectors whose neighbourhoods were planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lib.errors import StoreError
from lib.projection.turnover import (
    TextNeighbours,
    load_text_neighbours,
    measure_neighbours,
    nearest_marks,
    write_text_neighbours,
)
from tests.unit.projection.planted import unit

TOPICS, SIZE = 6, 30


def topics(*, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Build unit vectors of topics far from each other, and the topic of each."""
    draw = np.random.default_rng(seed)
    topic = np.repeat(np.arange(TOPICS), SIZE)
    return unit(5 * np.eye(TOPICS, 16)[topic] + draw.normal(0, 0.3, (len(topic), 16))), topic


def flat(topic: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Draw each topic in a place of its own."""
    return np.stack([10.0 * topic, vectors[:, -1]], axis=1).astype(np.float32)


def test_a_topic_that_moves_as_a_whole_keeps_its_neighbours() -> None:
    vectors, topic = topics()
    turned = vectors.copy()
    turned[topic == 0] = vectors[topic == 0][:, ::-1]  # another place, the same distances within
    moved = turned.copy()
    moved[0] = unit(vectors[[35]] + 0.01)[0]  # one text went to another topic
    found = measure_neighbours(
        {"base": vectors, "best": moved}, {"base": flat(topic, vectors), "best": flat(topic, vectors)}
    )
    assert (found.num, found.among) == (10, 18)
    assert found.new[0] == 10
    assert found.new[1:SIZE].max() <= 1, "at most the one that left was theirs"
    assert found.new[2 * SIZE :].max() == 0
    assert (np.abs(vectors - turned)[topic == 0].max(), found.new[1:SIZE].mean()) > (0.5, 0.0)


def test_a_text_drawn_in_another_topic_is_doubtful_in_that_snapshot_alone() -> None:
    vectors, topic = topics()
    frame = flat(topic, vectors)
    wrong = frame.copy()
    wrong[3] = frame[topic == 4].mean(axis=0)
    found = measure_neighbours({"base": vectors, "best": vectors}, {"base": frame, "best": wrong})
    assert found.new.max() == 0
    assert found.true["best"][3] == 0
    assert found.is_doubtful("best")[3]
    assert not found.is_doubtful("base")[3]
    assert found.is_doubtful("best").mean() < 0.1


@pytest.mark.parametrize("size", [1, 2, 5])
def test_few_texts_have_all_others_as_neighbours(size: int) -> None:
    vectors = unit(np.random.default_rng(1).normal(size=(size, 8)))
    found = measure_neighbours({"base": vectors}, {"base": vectors[:, :2]})
    assert found.num == size - 1
    assert found.new.tolist() == [0] * size
    assert not found.is_doubtful("base").any()


def test_marks_in_one_place_are_each_others_neighbours() -> None:
    frame = np.zeros((12, 2), np.float32)
    near = nearest_marks(frame, 4)
    assert near.shape == (12, 4)
    assert not (near == np.arange(12)[:, None]).any()


def test_what_is_stored_is_read_again(tmp_path: Path) -> None:
    some = TextNeighbours(10, 50, np.array([0, 7]), {"base": np.array([4, 5]), "epoch-001": np.array([9, 9])})
    write_text_neighbours(tmp_path, some)
    found = load_text_neighbours(tmp_path, texts=2)
    assert (found.num, found.among, found.new.tolist()) == (10, 50, [0, 7])
    assert {name: counts.tolist() for name, counts in found.true.items()} == {"base": [4, 5], "epoch-001": [9, 9]}
    assert found.is_doubtful("base").tolist() == [True, False]
    with pytest.raises(StoreError):
        load_text_neighbours(tmp_path, texts=3)
    assert load_text_neighbours(tmp_path / "none", texts=2) is None
