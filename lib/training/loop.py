"""The epochs of a training: steps, looks and checkpoints, from the newest whole checkpoint or from the start."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from lib.errors import TrainingError
from lib.models.packed import activation_cache, batches
from lib.store.layout import RunPaths
from lib.training import cadence, checkpoints, losses, st_trainer
from lib.training.compatibility import rate_of
from lib.training.options import STATIC_RATE
from lib.training.recipe import Recipe
from lib.training.state import History, Training
from lib.training.validate import look


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
        bf16 = st_trainer.wants_bf16(recipe, model)
        packs = recipe.packed and stack.enter_context(batches.packed(model, bf16=bf16))
        tokens = packed_tokens(training) if packs else None
        trainer = build_trainer(training, tokens)
        training.progress.log(st_trainer.described(model, packed=packs, bf16=trainer.args.bf16 or (packs and bf16)))
        model.train()
        training.progress.stage("training", f"epoch {begun_epoch(training)} of {recipe.epochs}")
        training.began = training.saved = time.monotonic()
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        check_done(training, trainer)


def packed_tokens(training: Training) -> batches.Tokens:
    """Return the tokens of all training texts; where lower layers are frozen, what these make of them is computed once."""
    recipe, model = training.recipe, training.model
    tokens = batches.Tokens(model, training.rows.texts)
    guided = recipe.loss == "GISTEmbed"  # the guide reads the same batches, and reads them from the first layer on
    if not guided and activation_cache.can_freeze(model, recipe.frozen_layers):
        activation_cache.keep(model, tokens, layers=recipe.frozen_layers)
    return tokens


def build_trainer(training: Training, tokens: batches.Tokens | None) -> st_trainer.ClosersTrainer:
    """Return the trainer over the model, its loss, its rows and our hooks."""
    recipe = training.recipe
    loss = losses.build(training.model, recipe, classes=len(training.rows.classes))
    hooks = st_trainer.Hooks(
        step=lambda *facts: after_step(training, trainer, *facts), epoch=lambda t, e: after_epoch(training, t, e)
    )
    trainer = st_trainer.ClosersTrainer(
        rows=training.rows,
        shape=training.shape,
        recipe=recipe,
        hooks=hooks,
        model=training.model,
        loss=loss,
        args=st_trainer.arguments(
            at_its_rate(training),
            folder=RunPaths(training.folder).trainer,
            device=training.model.device.type,
            packed=tokens is not None,
            bf16=st_trainer.wants_bf16(recipe, training.model),
        ),
    )
    if tokens is not None:
        trainer.data_collator.preprocess_fn = tokens
    return trainer


def at_its_rate(training: Training) -> Recipe:
    """Return the recipe with the learning rate that this kind of model needs; another one than the recipe's is told."""
    rate = rate_of(training.recipe, training.model)
    if rate != training.recipe.learning_rate:
        training.progress.log(f"A static model learns at {STATIC_RATE:g} times the recipe's rate: {rate:g}.")
    return replace(training.recipe, learning_rate=rate)


def resume(training: Training, checkpoint: Path) -> None:
    """Take the history back to the checkpoint's step; what came after it is measured again, with the same result."""
    stored = checkpoints.history_of(checkpoint)
    training.history = History(**{**stored, "best": stored["best"] if stored["best"] is not None else -np.inf})
    step = int(checkpoint.name.rsplit("-", 1)[1])
    training.progress.log(f"Goes on from step {step}.")
    training.progress.resumed(step=step, epoch=training.history.epochs[-1]["epoch"])


def after_step(
    training: Training, trainer: st_trainer.ClosersTrainer, step: int, epoch: float, loss: float, rate: float
) -> None:
    """Report a step, stop if asked to, and save a checkpoint when the last one is minutes old."""
    recipe, progress = training.recipe, training.progress
    total = trainer.state.max_steps
    progress.loss(step=step, epoch=epoch, loss=loss, learning_rate=rate)
    training.steps += 1
    training.pause()
    speed = min(recipe.batch_size, training.rows.count) * training.steps / max(1e-9, training.seconds)
    progress.advance(step, total, pairs_per_second=speed, **ahead(training))
    if time.monotonic() - training.saved > training.checkpoint_every and step < total:
        save_checkpoint(training, trainer)
        training.began = time.monotonic()
    progress.check()


def ahead(training: Training) -> dict[str, float]:
    """Return how many looks at the validation part are still to come, and what one costs in steps, by the texts it encodes."""
    steps = cadence.look_steps(training.texts_of_a_look, texts_of_a_step=training.texts_of_a_step)
    return {"looks_left": cadence.looks_left(training.recipe, done=training.history.epochs_done), "look_steps": steps}


def after_epoch(training: Training, trainer: st_trainer.ClosersTrainer, epoch: int) -> bool:
    """Measure and show an epoch, keep it if it is the best, save a checkpoint when it is time; return True to stop early."""
    recipe, history = training.recipe, training.history
    training.pause()
    began, history.epochs_done = time.monotonic(), epoch
    if cadence.is_looked_at(recipe, epoch):
        look(training, epoch, began)
    stops = bool(recipe.patience) and history.looks_without_gain >= recipe.patience
    if stops or epoch >= recipe.epochs or training.is_checkpoint_due:
        save_checkpoint(training, trainer)
    training.model.train()
    training.began = time.monotonic()
    if epoch < recipe.epochs:
        training.progress.stage("training", f"epoch {epoch + 1} of {recipe.epochs}")
    training.progress.advance(trainer.state.global_step, trainer.state.max_steps, **ahead(training))
    return stops


def save_checkpoint(training: Training, trainer: st_trainer.ClosersTrainer) -> None:
    """Publish all that the next step depends on."""
    began = time.monotonic()
    part = RunPaths(training.folder).trainer_state
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
    training.checkpoint_seconds = training.saved - began


def begun_epoch(training: Training) -> int:
    """Return the epoch that is being trained, counted from 1."""
    return min(training.history.epochs_done + 1, training.recipe.epochs)


def check_done(training: Training, trainer: st_trainer.ClosersTrainer) -> None:
    """Raise TrainingError unless the last step was reached or early stopping ended it: a silent end is no success."""
    state = trainer.state
    if state.global_step < state.max_steps and not trainer.hooks.stopped:
        raise TrainingError(
            f"The training ended at step {state.global_step} of {state.max_steps}.", todo="Press Try again."
        )


def resumed_after_stop(training: Training) -> bool:
    """Say whether the training had already stopped early at the checkpoint."""
    return bool(training.recipe.patience) and training.history.looks_without_gain >= training.recipe.patience
