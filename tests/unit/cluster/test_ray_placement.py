"""So many processes as a recipe asks for, with what they have to themselves, and never more than fit."""

from __future__ import annotations

from typing import Any

import pytest

from lib.cluster.ray_connection import Cluster, ClusterNode
from lib.cluster.ray_placement import Placement, place_processes
from lib.errors import ClusterError, InputError
from lib.recipe.recipe import Recipe


def cluster(*nodes: tuple[int, int]) -> Cluster:
    """Build a cluster of nodes by their CPUs and graphics cards."""
    return Cluster("head:1", tuple(ClusterNode(str(n), f"node-{n}", *one) for n, one in enumerate(nodes)))


def recipe(**settings: Any) -> Recipe:
    return Recipe(where="ray", address="head:1", **settings)


@pytest.mark.parametrize(
    ("settings", "nodes", "expected"),
    [
        ({}, [(8, 0), (8, 0)], Placement(2, 8, False)),
        ({"processes": 4}, [(8, 0), (8, 0)], Placement(4, 4, False)),
        ({"processes": 3}, [(8, 0), (4, 0)], Placement(3, 4, False)),
        ({"processes": 3, "threads": 2}, [(8, 0), (4, 0)], Placement(3, 2, False)),
        ({}, [(16, 4), (16, 4), (8, 0)], Placement(8, 1, True)),
        ({"processes": 2}, [(16, 4)], Placement(2, 1, True)),
        ({"device": "cpu"}, [(16, 4), (16, 4)], Placement(2, 16, False)),
    ],
)
def test_places(settings: dict[str, Any], nodes: list[tuple[int, int]], expected: Placement) -> None:
    assert place_processes(recipe(**settings), cluster(*nodes)) == expected


@pytest.mark.parametrize(
    ("settings", "nodes"),
    [
        ({"processes": 3}, [(1, 0), (1, 0)]),
        ({"processes": 2, "threads": 3}, [(2, 0), (2, 0)]),
        ({"processes": 5}, [(16, 4)]),
        ({"device": "cuda"}, [(16, 0)]),
    ],
    ids=["processes", "threads", "cards", "no card"],
)
def test_what_does_not_fit_is_refused(settings: dict[str, Any], nodes: list[tuple[int, int]]) -> None:
    with pytest.raises(ClusterError):
        place_processes(recipe(**settings), cluster(*nodes))


def test_a_device_that_no_cluster_has_is_refused() -> None:
    with pytest.raises(InputError):
        place_processes(recipe(device="mps"), cluster((8, 0)))
