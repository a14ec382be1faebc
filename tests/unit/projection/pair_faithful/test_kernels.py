"""The compiled forces are the gradients that docs/layout.md names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lib.projection.pair_faithful import kernels
from lib.projection.pair_faithful.forces import Forces, Motion, PointLines, Springs
from lib.projection.pair_faithful.graph import NeighbourGraph


def numeric_gradient(energy: Callable[[np.ndarray], float], at: np.ndarray, *, step: float = 1e-6) -> np.ndarray:
    """Differentiate by central differences."""
    found = np.zeros_like(at)
    for index in np.ndindex(*at.shape):
        change = np.zeros_like(at)
        change[index] = step
        found[index] = (energy(at + change) - energy(at - change)) / (2 * step)
    return found


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Compute umap's 1 / (1 + a d^2)."""
    return 1 / (1 + kernels.CURVE_A * float(((one - other) ** 2).sum()))


def test_attraction_is_twice_the_gradient_of_the_log_similarity() -> None:
    position = np.random.default_rng(0).normal(size=(2, 3))
    edges = {(0, 1): 0.5, (0, 2): 0.25}
    graph = NeighbourGraph(
        np.array([0, 2, 3, 4], np.uint32),
        np.array([1, 2, 0, 0], np.uint32),
        np.array([0.5, 0.25, 0.5, 0.25]),
        np.ones(3),
    )
    out = np.empty((2, 3))
    kernels.attraction(0, 3, position, graph, out)
    expected = numeric_gradient(
        lambda at: 2 * sum(w * np.log(similarity(at[:, i], at[:, j])) for (i, j), w in edges.items()), position
    )
    assert out == pytest.approx(expected, abs=1e-6)


def test_repulsion_is_the_gradient_of_the_log_dissimilarity_where_it_is_not_clipped() -> None:
    position = np.array([[0.0, 2.0], [0.0, 1.0]])
    total = np.zeros((2, 1))
    kernels.repulsion(position[0, :1], position[1, :1], position[0, 1:], position[1, 1:], total[0], total[1])
    expected = numeric_gradient(lambda at: float(np.log(1 - similarity(at[:, 0], at[:, 1]))), position)[:, 0]
    assert total[:, 0] == pytest.approx(expected, rel=1e-3)  # umap-learn adds 0.001 to the squared distance
    near = np.zeros((2, 1))
    kernels.repulsion(*np.zeros((2, 1)), *np.full((2, 1), 0.01), near[0], near[1])
    assert near[:, 0].tolist() == [-4, -4]


def corrected(position: np.ndarray, springs: Springs) -> np.ndarray:
    """Move both ends of every line by its correction once; positions (2, points)."""
    out = np.empty((2, *springs.target.shape))
    kernels.line_corrections(0, springs.target.shape[1], position, springs, out)
    moved = position.copy()
    for snapshot, pair in np.ndindex(*springs.target.shape):
        moved[:, springs.ends[0, snapshot, pair]] += out[:, snapshot, pair]
        moved[:, springs.ends[1, snapshot, pair]] -= out[:, snapshot, pair]
    return moved


def log_lengths(position: np.ndarray, ends: np.ndarray) -> np.ndarray:
    return np.log(np.linalg.norm(position[:, ends[0]] - position[:, ends[1]], axis=0))


@pytest.mark.parametrize("pull", [0.0, 0.4, 1.0])
def test_a_correction_leaves_of_the_excess_only_the_mean_that_is_not_asked_for(pull: float) -> None:
    draw = np.random.default_rng(1)
    position = draw.normal(size=(2, 6))
    ends = np.array([[[0], [1], [2]], [[3], [4], [5]]])
    target = log_lengths(position, ends) + draw.uniform(-0.4, 0.4, (3, 1))
    excess = log_lengths(position, ends) - target
    after = log_lengths(corrected(position, Springs(ends, target, np.array([pull]), np.inf)), ends) - target
    assert after == pytest.approx(np.full((3, 1), (1 - pull) * excess.mean()), abs=1e-6)


def test_no_line_is_asked_to_be_longer_than_the_longest() -> None:
    """A line whose change alone is asked for would throw its ends out of the map: here to 2.7 times its length."""
    position = np.array([[0.0, 1.0, 0.0, 1.0], np.zeros(4)])
    ends = np.array([[[0], [2]], [[1], [3]]])
    target = np.log([[np.e], [1 / np.e]])
    free = log_lengths(corrected(position, Springs(ends, target, np.zeros(1), np.inf)), ends)
    held = log_lengths(corrected(position, Springs(ends, target, np.zeros(1), np.log(1.1))), ends)
    assert free[0, 0] > np.log(1.1)
    assert held[0, 0] == pytest.approx(np.log(1.1), abs=1e-6)
    assert held[1, 0] == free[1, 0]


def test_a_correction_is_bounded_and_two_ends_on_one_place_stay_finite() -> None:
    position = np.array([[0.0, 100.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    ends = np.array([[[0, 2]], [[1, 3]]])
    moved = corrected(position, Springs(ends, np.log(np.full((1, 2), 1e-3)), np.ones(2), np.inf))
    assert np.linalg.norm(moved[:, 0] - moved[:, 1]) == pytest.approx(100 * np.exp(-kernels.MAX_EXCESS))
    assert np.isfinite(moved).all()


def test_a_step_moves_both_ends_of_a_line_towards_each_other_and_not_too_far() -> None:
    lines = PointLines(np.array([0, 1, 2], np.uint32), np.zeros(2, np.uint32), np.array([1.0, -1.0]))
    none = np.zeros((2, 2))
    for way, expected in ((0.25, 0.25), (50.0, kernels.MAX_STEP)):
        motion = Motion(np.array([[0.0, 1.0], [0.0, 0.0]]), np.zeros((2, 2)))
        forces = Forces(none, none, np.arange(2), np.array([[way], [0.0]]), np.zeros(2))
        kernels.step(0, 2, motion, forces, lines, 1.0, 1.0)
        assert motion.position.tolist() == [[expected, 1 - expected], [0, 0]]
        assert (motion.velocity == 0).all(), "a way towards a length is no momentum"


def test_rows_are_shared_without_gap_or_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", 3)
    for num_points, threads in ((10, 1), (kernels.ONE_THREAD_BELOW, 3)):
        done = np.zeros(1000, int)

        def count(low: int, high: int, by: int, done: np.ndarray = done) -> None:
            done[low:high] += by

        with kernels.RowPool(num_points) as pool:
            assert pool.num_threads == threads
            pool.map_rows(count, len(done), 2)
        assert (done == 2).all()
