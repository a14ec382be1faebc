"""Metrics of the base and of epochs on the validation part, and the best epoch so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lib.errors import TrainingError
from lib.evaluation.metrics import measure
from lib.models.encoder import encode
from lib.models.loader import fingerprint
from lib.models.vector_cache import EmbeddingCache
from lib.models.vector_spread import measure_vector_spread
from lib.progress import Heartbeat
from lib.shapes import Shape
from lib.store.snapshots import BASE
from lib.training import checkpoints, negatives
from lib.training.examples import TrainingColumns
from lib.training.snapshots import is_shown
from lib.training.state import History, TrainState


def measure_base(training: TrainState, home: Path) -> None:
    """Measure the base model on the validation split, and write its snapshot.

    By the same code as every epoch. Of several processes the first one does so.
    """
    training.history, mined = training.ranks.first(lambda: _measure_base(training, home))
    training.rows = mined or training.rows


def _measure_base(training: TrainState, home: Path) -> tuple[History, TrainingColumns | None]:
    """Measure the base; give the history with it, and the rows where negatives were mined for them."""
    training.progress.stage("measuring the base model")
    began = time.monotonic()
    mark = fingerprint(training.model)
    cache = EmbeddingCache(home)

    def embed(texts: list[str]) -> np.ndarray:
        return cache.embed(training.model, texts, fingerprint=mark, progress=training.progress)

    vectors = embed(training.task.texts)
    spread = measure_vector_spread(vectors)
    if spread.is_nearly_equal:
        training.progress.log(spread.describe("the base model"), level="warning")
    metrics = measure(training.task, vectors)
    check_metric(training, metrics)
    training.snapshots.write(BASE, epoch=0, embeddings=embed(training.snapshot_texts))
    if training.recipe.mines_negatives(training.shape):
        add_hard_negatives(training, embed)
    record_metrics(training, 0, "base", metrics, time.monotonic() - began)
    training.history.best = metrics[training.metric]
    return training.history, training.rows if training.recipe.mines_negatives(training.shape) else None


def check_metric(training: TrainState, metrics: dict[str, float]) -> None:
    """Raise TrainingError unless the metric that is to choose the best epoch is there and a number."""
    if not np.isfinite(metrics.get(training.metric, np.nan)):
        raise TrainingError(
            f"{training.metric} cannot be measured on the validation part of this dataset: its scores or labels are all the "
            "same, or the base model gives all its texts one vector.",
            todo="Split the data again on the Upload page with a larger validation split, or choose another base model.",
        )
    if training.shape is not Shape.LABELLED_PAIRS:
        return
    if len(training.rows.classes) > 2:
        training.progress.log(f"Of {len(training.rows.classes)} labels, “{training.task.same}” counts as the same.")
    if len(set(training.task.is_right.tolist())) < 2:
        training.progress.log(
            "In the validation part all pairs mean the same, or none does: no epoch can be compared with another. Split again to select the best epoch well.",
            level="warning",
        )


def add_hard_negatives(training: TrainState, embed: Callable[[list[str]], np.ndarray]) -> None:
    """Mine hard negatives with the base model.

    Its vectors come from the cache, so a resumed run mines the same.
    """
    training.progress.stage("mining hard negatives")
    texts = training.rows.texts
    mined = negatives.mine_negatives(training.rows, dict(zip(texts, embed(texts), strict=True)), training.recipe)
    training.rows = mined.rows
    training.progress.log(f"{mined.hard:,} hard negatives were mined, {mined.random:,} were drawn by chance.")


def record_metrics(training: TrainState, epoch: int, snapshot: str, metrics: dict[str, float], seconds: float) -> None:
    """Record and report the validation metrics of one snapshot."""
    history = training.history
    history.epochs = [e for e in history.epochs if e["epoch"] < epoch]
    history.epochs.append({"epoch": epoch, "train_seconds": history.train_seconds, "metrics": metrics})
    training.progress.snapshot_metrics(
        part="validation", snapshot=snapshot, epoch=epoch, metrics=metrics, seconds=seconds
    )


def validate(training: TrainState, epoch: int, began: float) -> None:
    """Measure the model after an epoch on the validation part.

    Keep its weights when it is the best so far.
    """
    history, progress = training.history, training.progress
    progress.stage("training", f"epoch {epoch} of {training.recipe.epochs}: validating", is_validation=True)
    texts = [*training.task.texts, *(training.snapshot_texts if is_shown(epoch, training.recipe.epochs) else [])]
    rows = encode(training.model, texts, progress=Heartbeat(progress))
    if not np.isfinite(rows).all():
        raise TrainingError(
            f"The model's vectors are not finite after epoch {epoch}.",
            todo="Lower the learning rate, then train again.",
        )
    count = len(training.task.texts)
    metrics = measure(training.task, rows[:count])
    if len(rows) > count:
        training.snapshots.write(f"epoch-{epoch:03d}", epoch=epoch, embeddings=rows[count:])
    record_metrics(training, epoch, f"epoch-{epoch:03d}", metrics, time.monotonic() - began)
    value = metrics[training.metric]
    value = value if np.isfinite(value) else -np.inf  # all texts at one place: nothing to rank by
    if history.best_epoch == 0 or value > history.best:
        checkpoints.save_best(training.checkpoints, training.model, epoch=epoch)
        history.best, history.best_epoch, history.evals_without_improvement = value, epoch, 0
    else:
        history.evals_without_improvement += 1
