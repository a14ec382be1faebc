"""Nearly equal vectors are named: by their cosines, and by the texts that share one."""

from __future__ import annotations

import numpy as np
import pytest

from lib.evaluation.side_effects.warnings import detect_equal_vectors
from lib.models.vector_spread import measure_vector_spread


def spread_out(rows: int = 60) -> np.ndarray:
    """Make vectors in all directions, seeded."""
    return np.random.default_rng(3).normal(size=(rows, 32)).astype(np.float32)


def in_one_corner(rows: int = 60, *, noise: float) -> np.ndarray:
    """Make vectors around one direction."""
    return (np.ones((rows, 32)) + noise * spread_out(rows)).astype(np.float32)


def test_random_directions_are_far_from_each_other() -> None:
    spread = measure_vector_spread(spread_out())
    assert spread.mean_cosine == pytest.approx(0, abs=0.05)
    assert spread.equal == 0
    assert not spread.is_nearly_equal


def test_the_mean_cosine_is_that_of_different_vectors() -> None:
    rows = np.array([[1, 0], [0, 1], [1, 1]], dtype=np.float32)
    assert measure_vector_spread(rows).mean_cosine == pytest.approx(2 * np.sqrt(0.5) / 3)


@pytest.mark.parametrize(("noise", "expected"), [(0.0, True), (0.1, True), (0.5, False)])
def test_vectors_in_one_corner_are_nearly_equal(noise: float, expected: bool) -> None:
    assert measure_vector_spread(in_one_corner(noise=noise)).is_nearly_equal == expected


def test_texts_that_share_their_vector_with_another_are_counted() -> None:
    rows = spread_out()
    rows[:40] = rows[0]
    spread = measure_vector_spread(rows)
    assert spread.equal == pytest.approx(40 / 60)
    assert spread.is_nearly_equal


@pytest.mark.parametrize("rows", [0, 1])
def test_few_vectors_are_no_reason(rows: int) -> None:
    assert not measure_vector_spread(spread_out(rows)).is_nearly_equal


def test_each_model_that_collapsed_has_its_warning() -> None:
    same, different = in_one_corner(noise=0.01), spread_out()
    found = {
        name: detect_equal_vectors(*pair) for name, pair in {"base": (same, different), "both": (same, same)}.items()
    }
    assert [one.name for one in found["base"]] == ["Equal vectors"]
    assert "the base model" in found["base"][0].text
    assert len(found["both"]) == 2
    assert detect_equal_vectors(different, different) == []
