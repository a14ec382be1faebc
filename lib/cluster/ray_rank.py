"""Train as one of the processes that Ray Train starts on a cluster's nodes."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from lib import settings
from lib.cluster.rank import WAIT, train_rank
from lib.cluster.request import Exchange
from lib.training.ranks import Ranks


def train_ray_rank(config: dict[str, Any]) -> None:
    """Train as this process of the training; Ray calls it in each, again after one was lost.

    config: exchange (the folder) and threads. An error for the user ends the training and is no reason to start again.
    """
    exchange = Exchange(Path(config["exchange"]))
    if exchange.end()[0]:
        return
    settings.share_compiled_code()
    torch.set_num_threads(config["threads"])
    ranks = join_ray_ranks()
    error = train_rank(exchange.read_request(), exchange, ranks)
    if ranks.is_first or error is not None:
        exchange.write_end(ranks.rank, error)
    if error is not None:  # the others may wait for this one: without its connections their wait ends
        dist.destroy_process_group()


def join_ray_ranks() -> Ranks:
    """Join the process group that Ray Train has made."""
    return Ranks(
        dist.get_rank(), dist.get_world_size(), dist.new_group(backend="gloo", timeout=WAIT), report=report_checkpoint
    )


def report_checkpoint(step: int) -> None:
    """Let Ray know the newest checkpoint: its step, since it lies in the run's folder, published whole."""
    from ray import train

    facts = {"step": step}
    if train.get_context().get_world_rank() > 0:
        train.report(facts)
        return
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "checkpoint.json").write_text(json.dumps(facts), encoding="utf-8")
        train.report(facts, checkpoint=train.Checkpoint.from_directory(folder))
