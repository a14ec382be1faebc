"""Drive a training on a Ray cluster, by Ray Train: `python -m lib.cluster.ray_driver FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from lib.cluster.progress_file import ProgressWriter
from lib.cluster.ray_connection import Cluster, connect_to_cluster
from lib.cluster.ray_placement import Placement, place_processes
from lib.cluster.ray_rank import train_ray_rank
from lib.cluster.request import Exchange, TrainingRequest
from lib.errors import CloserError
from lib.process import end_with_starter, helper_variables
from lib.recipe.recipe import Recipe
from lib.settings import DOWNLOADS, downloads_allowed

MAX_FAILURES = 2
"""How often Ray starts all processes again after one is lost, as torchrun does."""

DAY_SECONDS = 24 * 3600
"""Longest wait of a process for another, which may validate or save meanwhile; Ray itself sees one that dies."""


def drive_training(exchange: Exchange, request: TrainingRequest) -> None:
    """Connect, place the processes and wait for their end. Raises CloserError."""
    recipe = Recipe.from_json(request.recipe)
    places = [str(exchange.folder), request.examples]
    with connect_to_cluster(recipe.address, folders=places, environment=_environment(recipe)) as cluster:
        placement = place_processes(recipe, cluster)
        ProgressWriter(exchange).log(describe_cluster(cluster, placement))
        fit(exchange, placement)


def fit(exchange: Exchange, placement: Placement) -> None:
    """Let Ray Train run the processes until all have ended, or were lost too often."""
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    trainer = TorchTrainer(
        train_ray_rank,
        train_loop_config={"exchange": str(exchange.folder), "threads": placement.threads},
        torch_config=TorchConfig(backend="nccl" if placement.uses_cards else "gloo", timeout_s=DAY_SECONDS),
        scaling_config=ScalingConfig(
            num_workers=placement.processes,
            use_gpu=placement.uses_cards,
            resources_per_worker=dict(placement.resources),
        ),
        run_config=RunConfig(
            name=exchange.folder.name,
            storage_path=str(exchange.reports.resolve()),
            failure_config=FailureConfig(max_failures=MAX_FAILURES),
        ),
    )
    trainer.fit()


def describe_cluster(cluster: Cluster, placement: Placement) -> str:
    """Describe for the log where the processes go."""
    nodes = ", ".join(node.describe() for node in cluster.nodes)
    return f"Ray cluster of {len(cluster.nodes)} nodes ({nodes}); {placement.describe()}."


def _environment(recipe: Recipe) -> dict[str, str]:
    """Build the environment of the processes on the nodes, as of one that is started here."""
    downloads = {DOWNLOADS: "1"} if downloads_allowed() else {}
    return helper_variables() | downloads


def main() -> int:
    """Drive the training of an exchange folder; an error for the user is written there."""
    end_with_starter()
    exchange = Exchange(Path(sys.argv[1]))
    try:
        drive_training(exchange, exchange.read_request())
    except CloserError as error:
        exchange.write_end("driver", error)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
