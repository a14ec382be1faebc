"""One contestant of bench/training.py, in a process of its own: neither touches the other's memory.

Reads one JSON command a line from stdin and answers one JSON line on stdout: setup, steps, measure, rates.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
import pandas as pd
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

from lib import settings
from lib.models import catalog
from lib.models.packed import activation_cache, active_rows, switch
from lib.models.packed import batches as packing
from lib.training.batches import FairBatches
from lib.training.examples import text_ids

MODEL = settings.BUNDLED_MODEL


@dataclass(frozen=True)
class Setup:
    """What a contestant does: engine is classic (the well-known script) or packed (ours).

    model: a folder; empty for the bundled one. fair: batches without false negatives, as the product makes them.
    """

    name: str
    data: str
    seed: int
    epochs: int
    engine: str = "classic"
    learning_rate: float = 2e-5
    dropout: float = 0.1
    bf16: bool = False
    frozen_layers: int = 0
    schedule: str = "linear"
    warmup: float = 0.1
    batch: int = 64
    threads: int = 2
    model: str = ""
    fair: bool = False


def batches(rows: int, *, size: int, seed: int) -> Iterator[list[int]]:
    """Yield row numbers batch by batch, for ever: one shuffle an epoch, the same for every contestant.

    It depends on the seed alone.
    """
    epoch = 0
    while True:
        order = np.random.default_rng((seed, epoch)).permutation(rows)
        yield from (order[begin : begin + size].tolist() for begin in range(0, rows, size))
        epoch += 1


def fair_batches(sampler: FairBatches) -> Iterator[list[int]]:
    """Yield the product's batches, for ever."""
    for epoch in count():
        sampler.set_epoch(epoch)
        yield from sampler


class Contestant:
    """A training that can be run a few steps at a time."""

    def __init__(self, setup: Setup) -> None:
        torch.set_num_threads(setup.threads)
        torch.manual_seed(setup.seed)
        self.setup, self.frame = setup, pd.read_parquet(setup.data)
        train = self.frame[self.frame["part"] == "train"]
        self.anchors, self.targets = train["anchor"].tolist(), train["positive"].tolist()
        folder = setup.model or str(catalog.bundled_folder())
        self.model = SentenceTransformer(folder, device="cpu", local_files_only=True)
        self.judge = Judge(self.frame)
        self.loss = MultipleNegativesRankingLoss(self.model)
        self.epoch_steps = -(-len(train) // setup.batch)
        self.batches = batches(len(train), size=setup.batch, seed=setup.seed)
        if setup.fair:
            sampler = FairBatches(*text_ids(self.anchors, self.targets), batch_size=setup.batch, seed=setup.seed)
            self.epoch_steps, self.batches = len(sampler), fair_batches(sampler)
        self.done, self.preparing = 0, 0.0
        for module in self.model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = setup.dropout
        self.model.train()
        self.active: active_rows.ActiveRows | None = None
        if setup.engine == "packed":
            self._pack()
        self.optimizer = self._optimizer()
        if self.active is not None:
            self.active.join(self.optimizer)
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate)

    def _pack(self) -> None:
        begun = time.perf_counter()
        assert switch.enable_packing(self.model, bf16=self.setup.bf16), "this model cannot be packed"
        self.tokens: Any = packing.Tokens(self.model, self.anchors + self.targets)
        if self.setup.frozen_layers:
            activation_cache.cache_activations(self.model, self.tokens, layers=self.setup.frozen_layers)
        else:
            self.active = active_rows.use_active_rows(self.model, self.tokens)
        self.preparing = time.perf_counter() - begun

    def _optimizer(self) -> torch.optim.Optimizer:
        weights = [weight for weight in self.model.parameters() if weight.requires_grad]
        if self.setup.engine == "packed":
            return torch.optim.AdamW(weights, lr=self.setup.learning_rate, weight_decay=0.0, fused=True)
        named = [(name, weight) for name, weight in self.model.named_parameters() if weight.requires_grad]
        plain = [weight for name, weight in named if name.endswith("bias") or "LayerNorm" in name]
        plain_ids = {id(weight) for weight in plain}
        groups = [
            {"params": [weight for weight in weights if id(weight) not in plain_ids], "weight_decay": 0.01},
            {"params": plain, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=self.setup.learning_rate, foreach=False, fused=False)

    def _rate(self, step: int) -> float:
        total = self.epoch_steps * self.setup.epochs
        warm = int(total * self.setup.warmup)
        if step < warm:
            return step / max(1, warm)
        if self.setup.schedule == "constant":
            return 1.0
        left = max(0.0, (total - step) / max(1, total - warm))
        return left if self.setup.schedule == "linear" else 0.5 * (1 + np.cos(np.pi * (1 - left)))

    def step(self) -> float:
        """Do one step as the engine does it and return the loss."""
        rows = next(self.batches)
        first, second = [self.anchors[row] for row in rows], [self.targets[row] for row in rows]
        if self.setup.engine == "packed":
            features = packing.embed_batch(self.model, [self.tokens(first), self.tokens(second)])
        else:
            features = [self.model.preprocess(first), self.model.preprocess(second)]
        loss = self.loss(features, None)
        loss.backward()
        rows = [self.active.weight] if self.active is not None else []
        torch.nn.utils.clip_grad_norm_([*self.model.parameters(), *rows], 1.0)
        self.optimizer.step()
        self.scheduler.step()
        self.optimizer.zero_grad()
        self.done += 1
        return float(loss.detach())

    def steps(self, count: int) -> dict[str, Any]:
        """Do up to `count` steps, not past the end of the epoch or of training; say what each took."""
        left = min(count, self.epoch_steps - self.done % self.epoch_steps)
        losses, seconds, work = [], [], []
        for _ in range(left):
            begun, worked = time.perf_counter(), time.process_time()
            losses.append(self.step())
            seconds.append(time.perf_counter() - begun)
            work.append(time.process_time() - worked)
        ended = self.done % self.epoch_steps == 0
        return {"seconds": seconds, "cpu": work, "losses": losses, "epoch_ended": ended, "done": self.done}

    def measure(self) -> dict[str, Any]:
        """Measure held-out recall@1 and MRR; untimed, by the same code for everyone."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        found = self.judge.measure(self.model)
        self.model.train()
        return {**found, "peak_gb": peak}


class Judge:
    """Retrieval of held-out anchors among all distinct targets of the data; every right target counts."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.targets = list(dict.fromkeys(frame["positive"]))
        row_of = {text: row for row, text in enumerate(self.targets)}
        held_out = set(frame.loc[frame["part"] == "held_out", "anchor"])
        self.right: dict[str, set[int]] = {}
        for anchor, target in zip(frame["anchor"], frame["positive"], strict=True):
            if anchor in held_out:
                self.right.setdefault(anchor, set()).add(row_of[target])

    def measure(self, model: SentenceTransformer) -> dict[str, Any]:
        """Measure recall@1 and MRR over the held-out anchors.

        firsts: 1 for each whose right target ranks first.
        """
        from lib.models.encoder import encode

        anchors = list(self.right)
        scores = encode(model, anchors) @ encode(model, self.targets).T
        ranks = [1 + int((row > row[list(self.right[a])].max()).sum()) for a, row in zip(anchors, scores, strict=True)]
        return {
            "recall": float(np.mean([rank == 1 for rank in ranks])),
            "mrr": float(np.mean([1 / rank for rank in ranks])),
            "firsts": "".join("1" if rank == 1 else "0" for rank in ranks),
        }


def rates(threads: int) -> dict[str, float]:
    """Measure this machine's matrix products at MiniLM's shapes, GFLOP/s.

    Forward and both backward products of 3,000 tokens.
    """
    torch.set_num_threads(threads)
    out = {}
    for name, kind in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        x, w, g = torch.randn(3000, 384), torch.randn(1536, 384), torch.randn(3000, 1536)
        x, w, g = x.to(kind), w.to(kind), g.to(kind)
        best = 0.0
        for _ in range(12):
            begun = time.perf_counter()
            _ = x @ w.T, g @ w, g.T @ x
            best = max(best, 3 * 2 * 3000 * 384 * 1536 / (time.perf_counter() - begun) / 1e9)
        out[name] = best
    return out


def real_tokens(data: Path) -> float:
    """Compute the mean number of real tokens in a training pair."""
    frame = pd.read_parquet(data)
    train = frame[frame["part"] == "train"]
    model = SentenceTransformer(str(catalog.bundled_folder()), device="cpu", local_files_only=True)
    count = model.preprocess(train["anchor"].tolist() + train["positive"].tolist())["attention_mask"].sum()
    return float(count) / len(train)


def main() -> None:
    """Serve commands until stdin ends."""
    contestant: Contestant | None = None
    for line in sys.stdin:
        command = json.loads(line)
        what = command.pop("do")
        answer: dict[str, Any] = {}
        if what == "setup":
            contestant = Contestant(Setup(**command))
            facts = {"queries": len(contestant.judge.right), "epoch_steps": contestant.epoch_steps}
            answer = facts | {"preparing": contestant.preparing}
        elif what == "rates":
            answer = rates(command["threads"]) | {"tokens": real_tokens(Path(command["data"]))}
        elif contestant is not None:
            answer = contestant.steps(command["count"]) if what == "steps" else contestant.measure()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
