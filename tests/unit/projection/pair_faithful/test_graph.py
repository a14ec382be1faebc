"""The graph is umap-learn's own, computed without its compiled functions."""

from __future__ import annotations

import numpy as np
import pytest

from lib.progress import Silent
from lib.projection.pair_faithful import graph
from lib.projection.pair_faithful.graph import (
    build_graph,
    fuzzy_union,
    membership_strengths,
    nearest_neighbours,
    snapshot_ties,
)
from lib.projection.points import distinct_points
from tests.unit.projection.planted import world


def test_memberships_equal_those_of_umap_learn() -> None:
    from umap.umap_ import fuzzy_simplicial_set

    vectors = world()[0]
    found, near = nearest_neighbours(vectors, k=14)
    own = np.arange(len(vectors))[:, None]
    theirs, _, _ = fuzzy_simplicial_set(
        vectors,
        15,
        np.random.RandomState(0),
        "euclidean",
        knn_indices=np.hstack([own, found]),
        knn_dists=np.hstack([np.zeros_like(near[:, :1]), near]),
    )
    ours = fuzzy_union(found, membership_strengths(near), points=np.arange(len(vectors)), size=len(vectors))
    assert abs(ours - theirs).max() < 1e-3


def test_blocks_find_the_same_neighbours_as_all_products(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = world()[0]
    full = nearest_neighbours(vectors)
    monkeypatch.setattr(graph, "MAX_PRODUCTS", 7 * len(vectors))
    assert np.array_equal(nearest_neighbours(vectors)[0], full[0])


def test_the_approximate_search_finds_nearly_all(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = world(pairs=300)[0]
    exact = nearest_neighbours(vectors)[0]
    monkeypatch.setattr(graph, "EXACT_LIMIT", 10)
    found = nearest_neighbours(vectors)[0]
    overlap = np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(exact, found, strict=True)])
    assert overlap > 0.95
    assert (found != np.arange(len(vectors))[:, None]).all()


def test_ties_weaken_with_how_far_a_text_moved() -> None:
    base = world(pairs=20)[0]
    after = base + np.linspace(0.01, 1, len(base))[:, None].astype(np.float32) * np.roll(base, 1, axis=0)
    points = distinct_points({"base": base, "best": after})
    tied = snapshot_ties(points, strength=2.0, reach=0.5).toarray()
    weight = tied[points.index[0], points.index[1]]
    assert weight[0] == pytest.approx(2, abs=0.01)
    moved = np.linalg.norm(points.vectors[points.index[0]] - points.vectors[points.index[1]], axis=1)
    assert (np.diff(weight[np.argsort(moved)]) <= 1e-6).all()
    assert weight[-1] < 0.2 * weight[0]
    assert np.array_equal(tied, tied.T)


def test_snapshots_that_share_all_points_are_one_graph() -> None:
    base = world(pairs=20)[0]
    once, twice = (
        build_graph(points, [nearest_neighbours(base)] * count, tie_strength=1, tie_reach=1, progress=Silent())
        for count, points in (
            (1, distinct_points({"base": base})),
            (2, distinct_points({"base": base, "best": base.copy()})),
        )
    )
    assert np.array_equal(once.weights, twice.weights)
    assert np.array_equal(once.indices, twice.indices)
