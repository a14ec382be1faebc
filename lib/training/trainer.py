"""Train one base model on one dataset by one recipe: from the first look at the base to the saved, checked model."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sentence_transformers import SentenceTransformer

from lib.data.shapes import Shape
from lib.errors import CancelledError, ModelError, TrainingError
from lib.evaluation.task import HEADLINE, Task
from lib.models.cache import EmbeddingCache
from lib.models.encoder import encode
from lib.models.loader import choose_device, fingerprint, load
from lib.progress import Progress
from lib.store.names import folder_name
from lib.store.publish import publish, recover, verify
from lib.training import checkpoints, engine, frozen, losses, packing
from lib.training.card import write_card
from lib.training.examples import Rows, training_rows
from lib.training.preflight import check_room, needed_bytes
from lib.training.recipe import Recipe
from lib.training.snapshots import EPOCHS_SHOWN, Snapshots, is_shown, shown_texts

CHECKPOINT_SECONDS = 300.0
SAME_MODEL = 0.9999


@dataclass(frozen=True)
class Trained:
    """What came of a training. `epochs` has one entry a look at the validation part; epoch 0 is the base model."""

    best_epoch: int
    epochs: list[dict[str, Any]]
    model_dir: Path
    partial: bool
    device: str


@dataclass
class History:
    """What was measured so far; stored in every checkpoint."""

    epochs: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int = 0
    best: float = -np.inf
    looks_without_gain: int = 0
    train_seconds: float = 0.0


@dataclass
class Training:
    """The parts of one training that its steps share."""

    frame: pd.DataFrame
    shape: Shape
    model_name: str
    recipe: Recipe
    folder: Path
    progress: Progress
    model: SentenceTransformer
    rows: Rows
    task: Task
    snapshots: Snapshots
    history: History
    began: float = 0.0
    saved: float = 0.0

    @property
    def metric(self) -> str:
        """Return the validation metric that chooses the best epoch."""
        return HEADLINE[self.shape]

    @property
    def checkpoints(self) -> Path:
        """Return the folder of the checkpoints."""
        return self.folder / "checkpoints"


def train(
    *,
    dataset_frame: pd.DataFrame,
    shape: Shape | str,
    model_name: str,
    recipe: Recipe,
    folder: Path,
    home: Path,
    progress: Progress,
    card: dict[str, Any] | None = None,
) -> Trained:
    """Train, keep the best epoch, save it under `folder` and return what came of it; goes on from a checkpoint if there is one.

    Raises TrainingError (loss not finite, damaged checkpoints), ModelError, InputError; CancelledError after a cancelled
    training whose best epoch so far was saved and marked partial.
    """
    shape, recipe = Shape(shape), recipe.for_shape(shape)
    final = folder / folder_name(model_name)
    recover(final)
    progress.stage("loading", model_name)
    begin(recipe)
    training = open_training(dataset_frame, shape, model_name, recipe, folder, home, progress)
    cancelled = failed = None
    try:
        run_epochs(training)
    except CancelledError as error:
        cancelled = error
    except TrainingError as error:
        failed = error
    if training.history.best_epoch == 0 and (cancelled or failed):
        raise cancelled or failed  # type: ignore[misc]  # nothing was learnt that could be kept
    best = save_model(training, final, card or {}, partial=bool(cancelled or failed))
    if cancelled or failed:
        raise cancelled or failed  # type: ignore[misc]
    return Trained(best, training.history.epochs, final, False, str(training.model.device))


def begin(recipe: Recipe) -> None:
    """Set threads and seeds: the same of both gives the same bits on a CPU."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    transformers.set_seed(recipe.seed)


def open_training(
    frame: pd.DataFrame, shape: Shape, model_name: str, recipe: Recipe, folder: Path, home: Path, progress: Progress
) -> Training:
    """Load the model, measure and show the base (from the cache where it was encoded before), and get ready to train."""
    model = load(model_name, device=choose_device(recipe.device), home=home)
    task = Task.of(frame, shape=shape, part="validation")
    snapshots = Snapshots(folder / "snapshots", shown_texts(frame, shape))
    training = Training(
        frame,
        shape,
        model_name,
        recipe,
        folder,
        progress,
        model,
        training_rows(frame, shape),
        task,
        snapshots,
        History(),
    )
    check_space(training)
    measure_base(training, home)
    engine.prepare_model(model, recipe)
    return training


def check_space(training: Training) -> None:
    """Raise TrainingError before anything is trained when the disk has no room for it."""
    needed = needed_bytes(
        parameters=sum(p.numel() for p in training.model.parameters()),
        texts=len(training.snapshots.texts),
        dimension=training.model.get_embedding_dimension() or 0,
        moments=min(training.recipe.epochs, EPOCHS_SHOWN + 3) + 2,
    )
    check_room(training.folder, needed)


def measure_base(training: Training, home: Path) -> None:
    """Measure the base model on the validation part by the same code as every epoch, and write its snapshot."""
    training.progress.stage("measuring the base model")
    began = time.monotonic()
    mark = fingerprint(training.model)
    cache = EmbeddingCache(home)

    def embed(texts: list[str]) -> np.ndarray:
        return cache.embed(training.model, texts, fingerprint=mark, progress=training.progress)

    metrics = training.task.measure(embed(training.task.texts))
    if training.metric not in metrics:
        raise TrainingError(f"The metric {training.metric} cannot be measured on the validation part of this dataset.")
    training.snapshots.write("base", epoch=0, embeddings=embed(training.snapshots.texts))
    note(training, 0, "base", metrics, time.monotonic() - began)
    training.history.best = metrics[training.metric]


def note(training: Training, epoch: int, moment: str, metrics: dict[str, float], seconds: float) -> None:
    """Keep and report what was measured at one moment."""
    history = training.history
    history.epochs = [e for e in history.epochs if e["epoch"] < epoch]
    history.epochs.append({"epoch": epoch, "train_seconds": history.train_seconds, "metrics": metrics})
    training.progress.measured(part="validation", moment=moment, epoch=epoch, metrics=metrics, seconds=seconds)


def run_epochs(training: Training) -> None:
    """Train to the last step or an early stop, from the newest whole checkpoint or from the start."""
    recipe, model = training.recipe, training.model
    checkpoint, problems = checkpoints.newest(training.checkpoints)
    for problem in problems:
        training.progress.log(f"A checkpoint is damaged and was not used: {problem}", level="warning")
    if checkpoint is not None:
        resume(training, checkpoint)
        if resumed_after_stop(training):
            return
    with ExitStack() as stack:
        bf16 = recipe.precision == "bf16" or (recipe.precision == "auto" and packing.bf16_gains())
        wide = model.get_embedding_dimension() >= 64
        if recipe.packed and stack.enter_context(packing.packed(model, bf16=bf16 and wide)):
            training.progress.log("Batches are packed: no padding is computed.")
            tokens: Any = packing.Tokens(model, training.rows.texts)
            if not recipe.lora_rank and frozen.can_freeze(model, recipe.frozen_layers):
                frozen.keep(model, tokens, layers=recipe.frozen_layers)
        else:
            tokens = None
        trainer = build_trainer(training, tokens)
        model.train()
        training.progress.stage("training", f"epoch 1 of {recipe.epochs}")
        training.began = training.saved = time.monotonic()
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        check_done(training, trainer)


def build_trainer(training: Training, tokens: Any) -> engine.ClosersTrainer:
    """Return the trainer over the model, its loss, its rows and our hooks."""
    recipe = training.recipe
    loss = losses.build(training.model, recipe, classes=len(training.rows.classes))
    hooks = engine.Hooks(
        step=lambda *facts: after_step(training, trainer, *facts), epoch=lambda t, e: after_epoch(training, t, e)
    )
    trainer = engine.ClosersTrainer(
        rows=training.rows,
        shape=training.shape,
        recipe=recipe,
        hooks=hooks,
        model=training.model,
        loss=loss,
        args=engine.arguments(recipe, folder=training.folder / "trainer", device=training.model.device.type),
    )
    if tokens is not None:
        trainer.data_collator.preprocess_fn = tokens
    return trainer


def resume(training: Training, checkpoint: Path) -> None:
    """Take the history back to the checkpoint's step; what came after it is measured again, with the same result."""
    stored = checkpoints.history_of(checkpoint)
    training.history = History(**{**stored, "best": stored["best"] if stored["best"] is not None else -np.inf})
    step = int(checkpoint.name.rsplit("-", 1)[1])
    training.progress.log(f"Goes on from step {step}.")
    training.progress.resumed(step=step, epoch=training.history.epochs[-1]["epoch"])


def after_step(
    training: Training, trainer: engine.ClosersTrainer, step: int, epoch: float, loss: float, rate: float
) -> None:
    """Report a step, stop if asked to, and save a checkpoint when the last one is minutes old."""
    recipe, progress = training.recipe, training.progress
    total = trainer.state.max_steps
    progress.loss(step=step, epoch=epoch, loss=loss, learning_rate=rate)
    seconds = training.history.train_seconds + time.monotonic() - training.began
    speed = recipe.batch_size * step / max(1e-9, seconds)
    progress.advance(step, total, pairs_per_second=speed)
    if time.monotonic() - training.saved > CHECKPOINT_SECONDS and step < total:
        save_checkpoint(training, trainer)
    progress.check()


def after_epoch(training: Training, trainer: engine.ClosersTrainer, epoch: int) -> bool:
    """Measure and show an epoch, keep it if it is the best, save a checkpoint; return True to stop early."""
    recipe, history = training.recipe, training.history
    began = time.monotonic()
    history.train_seconds += began - training.began
    if epoch % recipe.evaluate_every == 0 or epoch >= recipe.epochs:
        look(training, epoch, began)
    save_checkpoint(training, trainer)
    training.model.train()
    training.began = time.monotonic()
    if epoch < recipe.epochs:
        training.progress.stage("training", f"epoch {epoch + 1} of {recipe.epochs}")
    training.progress.advance(trainer.state.global_step, trainer.state.max_steps)
    return bool(recipe.patience) and history.looks_without_gain >= recipe.patience


def look(training: Training, epoch: int, began: float) -> None:
    """Measure the model after an epoch on the validation part; keep its weights when it is the best so far."""
    history, progress = training.history, training.progress
    progress.stage("training", f"epoch {epoch} of {training.recipe.epochs}: looking at the validation part")
    texts = [*training.task.texts, *(training.snapshots.texts if is_shown(epoch, training.recipe.epochs) else [])]
    rows = encode(training.model, texts)
    if not np.isfinite(rows).all():
        raise TrainingError(
            f"The model's vectors are not finite after epoch {epoch}.",
            todo="Lower the learning rate, then train again.",
        )
    count = len(training.task.texts)
    metrics = training.task.measure(rows[:count])
    if len(rows) > count:
        training.snapshots.write(f"epoch-{epoch:03d}", epoch=epoch, embeddings=rows[count:])
    note(training, epoch, f"epoch-{epoch:03d}", metrics, time.monotonic() - began)
    if history.best_epoch == 0 or metrics[training.metric] > history.best:
        checkpoints.save_best(training.checkpoints, training.model, epoch=epoch)
        history.best, history.best_epoch, history.looks_without_gain = metrics[training.metric], epoch, 0
    else:
        history.looks_without_gain += 1


def save_checkpoint(training: Training, trainer: engine.ClosersTrainer) -> None:
    """Publish all that the next step depends on."""
    part = training.folder / "trainer-state.json"
    trainer.state.save_to_json(str(part))
    checkpoints.save(
        training.checkpoints,
        trainer.parts,
        step=trainer.state.global_step,
        trainer_state=part.read_text(encoding="utf-8"),
        history=asdict(training.history),
    )
    part.unlink()
    training.saved = time.monotonic()


def check_done(training: Training, trainer: engine.ClosersTrainer) -> None:
    """Raise TrainingError unless the last step was reached or early stopping ended it: a silent end is no success."""
    state = trainer.state
    if state.global_step < state.max_steps and not trainer.hooks.stopped:
        raise TrainingError(
            f"The training ended at step {state.global_step} of {state.max_steps}.", todo="Press Retry."
        )


def resumed_after_stop(training: Training) -> bool:
    """Say whether the training had already stopped early at the checkpoint."""
    return bool(training.recipe.patience) and training.history.looks_without_gain >= training.recipe.patience


def save_model(training: Training, final: Path, card: dict[str, Any], *, partial: bool) -> int:
    """Publish the best epoch as a plain sentence-transformers folder, load it again and compare; return that epoch."""
    progress, model = training.progress, training.model
    progress.stage("saving")
    best = checkpoints.load_best(training.checkpoints, model)
    model.eval()
    check_finite(model)
    rows = encode(model, training.snapshots.texts)
    training.snapshots.write("best", epoch=best, embeddings=rows)
    if training.recipe.lora_rank:
        engine.merge_lora(model)
    texts = training.snapshots.texts[:64]
    expected = encode(model, texts, fast=False)
    facts = {**card, "partial": partial, "best_epoch": best, "device": str(model.device)}
    with publish(final) as part:
        model.save_pretrained(str(part), create_model_card=False, safe_serialization=True)
        text = write_card(
            folder=final.name,
            model_name=training.model_name,
            recipe=training.recipe.to_dict(),
            facts=facts,
            epochs=training.history.epochs,
        )
        (part / "README.md").write_text(text, encoding="utf-8")
        (part / "closer.json").write_text(json.dumps({"history": training.history.epochs, **facts}), encoding="utf-8")
    check_saved(final, texts, expected)
    progress.log(f"Saved epoch {best} to {final.name}.")
    return best


def check_finite(model: SentenceTransformer) -> None:
    """Raise TrainingError when a weight is not a finite number."""
    for name, value in model.state_dict().items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise TrainingError(
                f"The weights of {name} are not finite.", todo="Lower the learning rate, then train again."
            )


def check_saved(folder: Path, texts: list[str], expected: np.ndarray) -> None:
    """Raise ModelError unless the saved folder, loaded again, gives the same embeddings (cosine above 0.9999)."""
    wrong = verify(folder)
    if wrong:
        raise ModelError("The saved model is damaged.", where=wrong[0])
    again = load(str(folder), device="cpu")
    rows = encode(again, texts, fast=False)
    norms = np.linalg.norm(rows, axis=1) * np.linalg.norm(expected, axis=1)
    cosine = (rows * expected).sum(axis=1) / np.maximum(norms, 1e-12)
    if len(cosine) and float(cosine.min()) < SAME_MODEL:
        raise ModelError(
            f"The saved model gives other embeddings than the trained one (cosine {cosine.min():.5f}).",
            where=str(folder),
        )
