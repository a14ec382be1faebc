"""How many processes train on a cluster, and what each of them has to itself."""

from __future__ import annotations

from dataclasses import dataclass

from lib.cluster.ray_connection import Cluster
from lib.errors import ClusterError, InputError
from lib.format import format_count
from lib.recipe.recipe import FIELDS, Recipe


@dataclass(frozen=True)
class Placement:
    """What Ray is asked for.

    threads: CPUs of each process. uses_cards: each has a graphics card of its own.
    """

    processes: int
    threads: int
    uses_cards: bool

    @property
    def resources(self) -> dict[str, int]:
        """Resources of one process, as Ray names them."""
        return {"CPU": self.threads} | ({"GPU": 1} if self.uses_cards else {})

    def describe(self) -> str:
        """Describe it in a few words."""
        device = "a graphics card" if self.uses_cards else format_count(self.threads, "CPU")
        return f"{format_count(self.processes, 'process', 'processes')} with {device} each"


def place_processes(recipe: Recipe, cluster: Cluster) -> Placement:
    """Choose the processes that the recipe asks for.

    Without a number, one for each graphics card, or for each node where there is none. Raises InputError for a device that no
    cluster has, and ClusterError for more processes than fit.
    """
    if recipe.device == "mps":
        raise InputError("A cluster has no device mps.", where=FIELDS["device"].label, todo="Choose auto, cpu or cuda.")
    uses_cards = recipe.device == "cuda" or (recipe.device == "auto" and cluster.cards > 0)
    processes = recipe.processes or (cluster.cards if uses_cards else len(cluster.nodes))
    threads = recipe.threads or max(1, cluster.cpus // max(1, processes))
    if not uses_cards and recipe.threads == 0:
        threads = _largest_threads(cluster, processes, threads)
    placement = Placement(processes, 1 if uses_cards else threads, uses_cards)
    if _room(cluster, placement) < max(1, processes):
        raise ClusterError(
            f"The cluster has {format_count(cluster.cpus, 'CPU')} and {format_count(cluster.cards, 'graphics card')} in all; "
            f"{placement.describe()} do not fit.",
            where=FIELDS["processes"].label,
            todo="Use fewer processes or threads, or 0.",
        )
    return placement


def _largest_threads(cluster: Cluster, processes: int, most: int) -> int:
    """Find the most threads at which all processes fit on nodes of unequal size; 1 where none do."""
    fits = (n for n in range(most, 0, -1) if _room(cluster, Placement(processes, n, False)) >= processes)
    return next(fits, 1)


def _room(cluster: Cluster, placement: Placement) -> int:
    """Count the processes for which the nodes have room."""
    if placement.uses_cards:
        return sum(min(node.cards, node.cpus // placement.threads) for node in cluster.nodes)
    return sum(node.cpus // placement.threads for node in cluster.nodes)
