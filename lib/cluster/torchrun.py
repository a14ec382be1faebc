"""Train in several processes of this machine through torchrun (`python -m torch.distributed.run`)."""

from __future__ import annotations

import os

import torch

from lib.cluster.exchange_run import run_exchange
from lib.cluster.request import Exchange, TrainingRequest
from lib.memory import tree_memory
from lib.process import loopback_interface
from lib.progress import Progress
from lib.recipe.recipe import Recipe

RESTARTS = 2
"""How often torchrun starts all processes again after one is lost: three attempts, as the queue gives a worker."""


def train_by_torchrun(request: TrainingRequest, *, processes: int, progress: Progress) -> None:
    """Train in so many processes of this machine; each restart goes on from the newest checkpoint.

    Raises what the training raises, and TrainingError when processes are lost more often, or torchrun itself is.
    """
    progress.stage("starting", f"{processes} processes")
    run_exchange(
        request,
        "lib.cluster.agent",
        lambda exchange: _arguments(exchange, processes),
        env=_environment(Recipe.from_json(request.recipe), processes),
        progress=progress,
        facts=lambda: {"memory": tree_memory()},
    )


def _arguments(exchange: Exchange, processes: int) -> list[str]:
    """Write torchrun's arguments; a file in place of a port by which its agent is found."""
    return [
        f"--nproc-per-node={processes}",
        f"--max-restarts={RESTARTS}",
        "--rdzv-backend=c10d",
        f"--rdzv-endpoint={exchange.rendezvous}",
        "--rdzv-conf=store_type=file",
        "--rdzv-id=training",
        "--local-addr=127.0.0.1",
        "--monitor-interval=0.2",
        "--module",
        "lib.cluster.rank",
        str(exchange.folder),
    ]


def _environment(recipe: Recipe, processes: int) -> dict[str, str]:
    """Build what the processes' environment has besides: threads, and the loopback interface."""
    threads = recipe.threads or max(1, torch.get_num_threads() // processes)
    inside = loopback_interface()
    return {
        "OMP_NUM_THREADS": str(threads),
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",  # no store that listens on every interface
        "GLOO_SOCKET_IFNAME": os.environ.get("GLOO_SOCKET_IFNAME", inside),
        "NCCL_SOCKET_IFNAME": os.environ.get("NCCL_SOCKET_IFNAME", inside),
    }
