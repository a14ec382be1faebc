"""Train on a Ray cluster: start the driver and repeat what the training reports."""

from __future__ import annotations

from lib.cluster.exchange_run import run_exchange
from lib.cluster.request import TrainingRequest
from lib.progress import Progress
from lib.recipe.recipe import Recipe
from lib.settings import cluster_tokens


def train_on_ray(request: TrainingRequest, *, progress: Progress) -> None:
    """Train on the cluster of the recipe's address; another attempt goes on from the newest checkpoint.

    Raises what the training raises, ClusterError for a cluster that would not do, TrainingError when processes are lost
    more often than Ray starts them again, and LostProcessError when the driver is.
    """
    progress.stage("starting", f"Ray cluster {Recipe.from_json(request.recipe).address}")
    run_exchange(
        request,
        "lib.cluster.ray_driver",
        lambda exchange: [str(exchange.folder)],
        env=cluster_tokens(),
        progress=progress,
    )
