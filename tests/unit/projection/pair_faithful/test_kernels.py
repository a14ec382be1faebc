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


def test_spring_forces_are_the_gradient_of_the_squared_excess() -> None:
    draw = np.random.default_rng(1)
    position = draw.normal(size=(2, 6))
    ends = np.array([[[0], [1], [2]], [[3], [4], [5]]])
    target, weight = draw.uniform(0.5, 2, (3, 1)), np.array([0.7])

    def energy(at: np.ndarray) -> float:
        length = np.linalg.norm(at[:, ends[0, :, 0]] - at[:, ends[1, :, 0]], axis=0)
        excess = length - target[:, 0]
        return float(0.5 * weight[0] * ((excess - excess.mean()) ** 2).sum())

    out = np.empty((2, 3, 1))
    kernels.spring_forces(0, 1, position, Springs(ends, target, weight), out)
    assert out[:, :, 0] == pytest.approx(-numeric_gradient(energy, position)[:, :3], abs=1e-5)


def test_a_step_moves_both_ends_of_a_line_towards_each_other_and_not_too_far() -> None:
    motion = Motion(np.array([[0.0, 1.0], [0.0, 0.0]]), np.zeros((2, 2)))
    spring = np.array([[50.0], [0.0]])
    none = np.zeros((2, 2))
    lines = PointLines(np.array([0, 1, 2], np.uint32), np.zeros(2, np.uint32), np.array([1.0, -1.0]))
    kernels.step(0, 2, motion, Forces(none, none, np.arange(2), spring, np.zeros(2)), lines, 1.0, 1.0)
    assert motion.position.tolist() == [[kernels.MAX_STEP, 1 - kernels.MAX_STEP], [0, 0]]


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
