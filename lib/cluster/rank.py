"""Train as one of several processes that torchrun starts: `python -m lib.cluster.rank FOLDER`."""

from __future__ import annotations

import os
import platform
import sys
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist

from lib import settings
from lib.cluster.progress_file import ProgressWriter
from lib.cluster.request import Exchange, TrainingRequest
from lib.errors import CloserError, StoreError
from lib.models.loader import choose_device
from lib.process import end_with_starter
from lib.progress import Silent
from lib.recipe.recipe import Recipe
from lib.training.ranks import Ranks
from lib.training.run import train_model

WAIT = timedelta(days=1)
"""Longest wait for another process, which may validate or save meanwhile; torchrun itself sees one that dies."""


def join_ranks(exchange: Exchange, *, device: str) -> Ranks:
    """Join the process group of the training, as torchrun's environment describes it.

    The processes find each other by a file, so that no port is opened for that.
    """
    rank, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    store = exchange.store(os.environ["TORCHELASTIC_RESTART_COUNT"])
    dist.init_process_group(
        "nccl" if device == "cuda" else "gloo",
        init_method=store.resolve().as_uri(),
        rank=rank,
        world_size=count,
        timeout=WAIT,
    )
    return Ranks(rank, count, dist.new_group(backend="gloo", timeout=WAIT))


def collect_places(ranks: Ranks, device: str) -> list[str]:
    """Collect from every process the machine and the device that it trains on, in order of rank."""
    name = torch.cuda.get_device_name() if device == "cuda" else device
    places = [""] * ranks.count
    dist.all_gather_object(places, f"{platform.node()}: {name}", group=ranks.messages)
    return places


def train_rank(request: TrainingRequest, exchange: Exchange, ranks: Ranks) -> CloserError | None:
    """Train as this rank; give the error for the user that ended the training, if any."""
    recipe = Recipe.from_json(request.recipe)
    progress = ProgressWriter(exchange) if ranks.is_first else Silent()
    progress.places(collect_places(ranks, choose_device(recipe.device)))
    try:
        train_model(
            inputs=request.read_inputs(),
            model_name=request.model,
            recipe=recipe,
            folder=Path(request.folder),
            home=Path(request.home),
            progress=progress,
            card=request.card,
            ranks=ranks,
        )
    except CloserError as error:
        return error
    except OSError as error:  # such as a full disk, which the worker names from these words
        return StoreError(f"{type(error).__name__}: {error}")
    return None


def main() -> int:
    """Train as one of the processes that torchrun has started on an exchange folder."""
    end_with_starter()
    settings.share_compiled_code()
    exchange = Exchange(Path(sys.argv[1]))
    if exchange.end()[0]:  # torchrun starts all again when one was lost; here it had failed for good
        return 0
    request = exchange.read_request()
    ranks = join_ranks(exchange, device=choose_device(Recipe.from_json(request.recipe).device))
    error = train_rank(request, exchange, ranks)
    if ranks.is_first or error is not None:
        exchange.write_end(ranks.rank, error)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
