"""Train one base model on one dataset by one recipe: from the first look at the base to the saved, checked model."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from lib.data.shapes import Shape
from lib.errors import CancelledError, TrainingError
from lib.evaluation.task import Task
from lib.models import static
from lib.models.cache import EmbeddingCache
from lib.models.encoder import encode
from lib.models.loader import choose_device, fingerprint, load
from lib.progress import Heartbeat, Progress, Silent
from lib.store.names import folder_name
from lib.store.publish import recover
from lib.training import checkpoints, engine, frozen, losses, negatives, packing, saving
from lib.training.examples import Rows, training_rows
from lib.training.memory import naming_memory, peak_memory, reuse_large_blocks
from lib.training.preflight import check_room, needed_bytes
from lib.training.recipe import MINED, RANKING, Recipe
from lib.training.session import History, Trained, Training
from lib.training.snapshots import Snapshots, is_shown, kept_moments, shown_texts
from lib.training.validation import validation_frame

CHECKPOINT_SECONDS = 300.0


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
    shape = Shape(shape)
    rows = training_rows(dataset_frame, shape)
    recipe = recipe.for_shape(shape, classes=len(rows.classes))
    final = folder / folder_name(model_name)
    recover(final)
    progress.stage("loading", model_name)
    begin(recipe)
    training = open_training(dataset_frame, rows, shape, model_name, recipe, folder, home, progress)
    cancelled = failed = None
    try:
        with naming_memory(recipe, training.model):
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
    return Trained(
        best_epoch=best,
        epochs=training.history.epochs,
        model_dir=final,
        partial=False,
        device=str(training.model.device),
        seconds=training.history.train_seconds,
        peak_memory=peak_memory(training.model.device),
    )


def begin(recipe: Recipe) -> None:
    """Set threads, seeds and how memory is reused: the same of the first two gives the same bits on a CPU."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    reuse_large_blocks()
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    transformers.set_seed(recipe.seed)


def open_training(
    frame: pd.DataFrame,
    rows: Rows,
    shape: Shape,
    model_name: str,
    recipe: Recipe,
    folder: Path,
    home: Path,
    progress: Progress,
) -> Training:
    """Load the model, measure and show the base (from the cache where it was encoded before), and get ready to train."""
    model = load(model_name, device=choose_device(recipe.device), home=home)
    progress.log(f"Computes on {model.device}, {torch.get_num_threads()} threads.")
    seen, words = validation_frame(frame, shape)
    if words:
        progress.log(words)
    task = Task.of(seen, shape=shape, part="validation")
    snapshots = Snapshots(folder / "snapshots", shown_texts(frame, shape))
    training = Training(
        frame,
        shape,
        model_name,
        recipe,
        folder,
        progress,
        model,
        rows,
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
        moments=kept_moments(training.recipe.epochs),
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
    if training.recipe.hard_negatives and training.shape in MINED and training.recipe.loss in RANKING:
        add_negatives(training, embed)
    note(training, 0, "base", metrics, time.monotonic() - began)
    training.history.best = metrics[training.metric]


def add_negatives(training: Training, embed: Callable[[list[str]], np.ndarray]) -> None:
    """Mine hard negatives with the base model; its vectors come from the cache, so a resumed run mines the same."""
    training.progress.stage("mining hard negatives")
    texts = training.rows.texts
    mined = negatives.mine(training.rows, dict(zip(texts, embed(texts), strict=True)), training.recipe)
    training.rows = mined.rows
    training.progress.log(f"{mined.hard:,} hard negatives were mined, {mined.drawn:,} were drawn by chance.")


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
        bf16 = engine.wants_bf16(recipe, model)
        if recipe.packed and stack.enter_context(packing.packed(model, bf16=bf16)):
            training.progress.log(
                f"Batches are packed: no padding is computed. Precision: {'bf16' if bf16 else 'fp32'}."
            )
            tokens: Any = packing.Tokens(model, training.rows.texts)
            guided = (
                recipe.loss == "GISTEmbed"
            )  # the guide reads the same batches, and reads them from the first layer on
            if not recipe.lora_rank and not guided and frozen.can_freeze(model, recipe.frozen_layers):
                frozen.keep(model, tokens, layers=recipe.frozen_layers)
        else:
            tokens = None
        trainer = build_trainer(training, tokens)
        model.train()
        training.progress.stage("training", f"epoch {begun_epoch(training)} of {recipe.epochs}")
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
        args=engine.arguments(
            at_its_rate(training),
            folder=training.folder / "trainer",
            device=training.model.device.type,
            packed=tokens is not None,
            bf16=engine.wants_bf16(recipe, training.model),
        ),
    )
    if tokens is not None:
        trainer.data_collator.preprocess_fn = tokens
    return trainer


def at_its_rate(training: Training) -> Recipe:
    """Return the recipe with the learning rate that this kind of model needs: word vectors alone learn at 50 times the rate."""
    if not static.is_static(training.model):
        return training.recipe
    rate = training.recipe.learning_rate * static.RATE_FACTOR
    training.progress.log(f"A static model learns at {static.RATE_FACTOR:g} times the recipe's rate: {rate:g}.")
    return replace(training.recipe, learning_rate=rate)


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
    training.steps += 1
    training.pause()
    speed = min(recipe.batch_size, training.rows.count) * training.steps / max(1e-9, training.seconds)
    progress.advance(step, total, pairs_per_second=speed, **ahead(training))
    if time.monotonic() - training.saved > CHECKPOINT_SECONDS and step < total:
        save_checkpoint(training, trainer)
        training.began = time.monotonic()
    progress.check()


ENCODING_SHARE = 1 / 3
"""Encoding a text costs about a third of training on it: the way back costs twice the way there."""


def ahead(training: Training) -> dict[str, float]:
    """Return how many looks at the validation part are still to come, and what one costs in steps, by the texts it encodes."""
    recipe, done = training.recipe, training.history.epochs_done
    looks = sum(is_looked_at(recipe, epoch) for epoch in range(done + 1, recipe.epochs + 1))
    a_step = min(recipe.batch_size, training.rows.count) * training.rows.texts_per_row
    return {"looks_left": looks, "look_steps": ENCODING_SHARE * training.texts_of_a_look / a_step}


def is_looked_at(recipe: Recipe, epoch: int) -> bool:
    """Say whether an epoch ends with a look at the validation part."""
    return epoch % recipe.evaluate_every == 0 or epoch >= recipe.epochs


def after_epoch(training: Training, trainer: engine.ClosersTrainer, epoch: int) -> bool:
    """Measure and show an epoch, keep it if it is the best, save a checkpoint; return True to stop early."""
    recipe, history = training.recipe, training.history
    training.pause()
    began, history.epochs_done = time.monotonic(), epoch
    if is_looked_at(recipe, epoch):
        look(training, epoch, began)
    save_checkpoint(training, trainer)
    training.model.train()
    training.began = time.monotonic()
    if epoch < recipe.epochs:
        training.progress.stage("training", f"epoch {epoch + 1} of {recipe.epochs}")
    training.progress.advance(trainer.state.global_step, trainer.state.max_steps, **ahead(training))
    return bool(recipe.patience) and history.looks_without_gain >= recipe.patience


def look(training: Training, epoch: int, began: float) -> None:
    """Measure the model after an epoch on the validation part; keep its weights when it is the best so far."""
    history, progress = training.history, training.progress
    progress.stage("training", f"epoch {epoch} of {training.recipe.epochs}: looking at the validation part")
    texts = [*training.task.texts, *(training.snapshots.texts if is_shown(epoch, training.recipe.epochs) else [])]
    rows = encode(training.model, texts, progress=Heartbeat(progress))
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


def begun_epoch(training: Training) -> int:
    """Return the epoch that is being trained, counted from 1."""
    return min(training.history.epochs_done + 1, training.recipe.epochs)


def check_done(training: Training, trainer: engine.ClosersTrainer) -> None:
    """Raise TrainingError unless the last step was reached or early stopping ended it: a silent end is no success."""
    state = trainer.state
    if state.global_step < state.max_steps and not trainer.hooks.stopped:
        raise TrainingError(
            f"The training ended at step {state.global_step} of {state.max_steps}.", todo="Press Try again."
        )


def resumed_after_stop(training: Training) -> bool:
    """Say whether the training had already stopped early at the checkpoint."""
    return bool(training.recipe.patience) and training.history.looks_without_gain >= training.recipe.patience


def save_model(training: Training, final: Path, card: dict[str, Any], *, partial: bool) -> int:
    """Publish the best epoch as a plain sentence-transformers folder that was loaded again and compared; return that epoch."""
    progress, model = training.progress, training.model
    progress.stage("saving")
    best = checkpoints.load_best(training.checkpoints, model)
    base = training.history.epochs[0]["metrics"][training.metric]
    if training.history.best <= base:
        progress.log(f"No epoch was better than the base model on validation ({base:.4f}).", level="warning")
    model.eval()
    saving.check_finite(model)
    quiet = Silent() if partial else Heartbeat(progress)  # what is cut short already is not to be cut short again
    if not training.snapshots.repeat(f"epoch-{best:03d}", "best", epoch=best):
        training.snapshots.write("best", epoch=best, embeddings=encode(model, training.snapshots.texts, progress=quiet))
    if training.recipe.lora_rank:
        engine.merge_lora(model)
    facts = {**card, "partial": partial, "best_epoch": best, "device": str(model.device)}
    facts["train_seconds"] = round(training.history.train_seconds, 1)
    saving.save_tuned(
        model,
        final,
        texts=training.snapshots.texts[: saving.COMPARED],
        model_name=training.model_name,
        recipe=training.recipe,
        facts=facts,
        epochs=training.history.epochs,
    )
    progress.log(f"Saved epoch {best} to {final.name}.")
    return best
