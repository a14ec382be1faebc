"""The epochs of a training: steps, validations and checkpoints.

From the newest whole checkpoint or the start.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sentence_transformers import SentenceTransformer

from lib.errors import TrainingError
from lib.format import format_bytes
from lib.models.packed import activation_cache, active_rows, batches, switch
from lib.models.prompts.apply import tokenize_read
from lib.recipe import losses
from lib.recipe.options import STATIC_RATE
from lib.recipe.recipe import Recipe
from lib.store.layout import RunPaths
from lib.store.rank_layout import RankPaths
from lib.training import cadence, checkpoints, st_trainer
from lib.training.compatibility import learning_rate_of
from lib.training.share_size import describe_shares
from lib.training.state import History, TrainState
from lib.training.trainer_state import check_trainer_state
from lib.training.validate import validate

MAX_TOKENIZED_ROWS = 200_000
"""Most rows whose tokens are held during a training: 16 bytes a token, so some 200 MB of pairs of 30 tokens a text."""


def run_epochs(training: TrainState) -> None:
    """Train to the last step or an early stop, from the newest whole checkpoint or from the start."""
    recipe, model = training.recipe, training.model
    checkpoint, problems = checkpoints.newest_checkpoint(training.checkpoints)
    for problem in problems:
        training.progress.log(f"A checkpoint is damaged and was not used: {problem}", level="warning")
    if checkpoint is not None:
        resume(training, checkpoint)
        if has_stopped_early(training):
            return
    with ExitStack() as stack:
        bf16 = st_trainer.wants_bf16(recipe, model)
        packs = recipe.packed and stack.enter_context(switch.packing(model, bf16=bf16))
        tokens = packed_tokens(training) if packs else None
        if recipe.frozen_layers and (tokens is None or tokens.mark != batches.CACHED_MARK):
            training.progress.log(
                f"The frozen layers are computed again in every step: {why_not_cached(recipe, packs)}."
            )
        active = active_word_vectors(training, tokens) if tokens else None
        trainer = build_trainer(training, tokens, active)
        training.progress.log(
            st_trainer.describe_computation(model, recipe, packed=packs, bf16=trainer.args.bf16 or (packs and bf16))
        )
        if training.ranks.count > 1:
            training.progress.log(
                describe_shares(recipe, training.shape, processes=training.ranks.count, examples=training.rows.count)
            )
        model.train()
        training.progress.stage("training", f"epoch {begun_epoch(training)} of {recipe.epochs}")
        training.began = training.saved = time.monotonic()
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        check_done(training, trainer)


def packed_tokens(training: TrainState) -> batches.Tokens:
    """Tokenise all training texts; where lower layers are frozen, compute their activations once.

    Of large data each batch is tokenised when its turn comes.
    """
    recipe, model = training.recipe, training.model
    if training.rows.count > MAX_TOKENIZED_ROWS:
        return batches.Tokens(model, ())
    tokens = batches.Tokens(model, training.rows.texts)
    if not recipe.loss_record.has_guide and activation_cache.can_freeze(model, recipe.frozen_layers):
        activation_cache.cache_activations(model, tokens, layers=recipe.frozen_layers)
    return tokens


def why_not_cached(recipe: Recipe, is_packed: bool) -> str:
    """Say why the output of frozen layers is not computed once for all steps."""
    if not is_packed:
        return "batches are padded"
    if recipe.loss_record.has_guide:
        return "the loss has a guide, which reads whole texts"
    return f"of all texts it would take more than {format_bytes(activation_cache.MOST_BYTES)}"


def active_word_vectors(training: TrainState, tokens: batches.Tokens) -> active_rows.ActiveRows | None:
    """Choose the word vectors in use, where training them alone gives the same as training all.

    Several processes train all: their rows would lie outside what DistributedDataParallel averages. So does a training of
    large data, whose tokens are not known beforehand.
    """
    recipe = training.recipe
    if (
        not tokens.place
        or training.ranks.count > 1
        or recipe.weight_decay
        or recipe.loss_record.calls_model
        or tokens.mark
    ):
        return None
    return active_rows.use_active_rows(training.model, tokens)


def build_trainer(
    training: TrainState, tokens: batches.Tokens | None, active: active_rows.ActiveRows | None
) -> st_trainer.Trainer:
    """Build the trainer from the model, its loss, its rows and our hooks."""
    recipe = training.recipe
    processes = training.ranks.count
    loss = losses.build_loss(training.model, recipe, classes=len(training.rows.classes), processes=processes)
    training.ranks.copy_first(checkpoints.loss_parameters(loss))
    hooks = st_trainer.Hooks(
        step=lambda *facts: after_step(training, trainer, *facts), epoch=lambda t, e: after_epoch(training, t, e)
    )
    trainer = st_trainer.Trainer(
        rows=training.rows,
        shape=training.shape,
        recipe=recipe,
        hooks=hooks,
        active=active,
        ranks=training.ranks,
        model=training.model,
        loss=loss,
        args=st_trainer.arguments(
            at_its_rate(training),
            folder=RankPaths(training.folder).of(training.ranks.rank).trainer,
            device=training.model.device.type,
            packed=tokens is not None,
            bf16=st_trainer.wants_bf16(recipe, training.model),
            processes=processes,
        ),
    )
    trainer.data_collator.preprocess_fn = tokens or partial(tokenize_column, training.model)
    return trainer


def tokenize_column(
    model: SentenceTransformer, inputs: Sequence[str], prompt: str | None = None, **options: Any
) -> dict[str, Any]:
    """Tokenise a column of texts, as the model reads them, for a padded batch."""
    return tokenize_read(model, inputs, default=prompt or "", **options)


def at_its_rate(training: TrainState) -> Recipe:
    """Set the learning rate that this kind of model needs; a change of the recipe's is written to the log."""
    rate = learning_rate_of(training.recipe, training.model)
    if rate != training.recipe.learning_rate:
        training.progress.log(f"A static model learns at {STATIC_RATE:g} times the recipe's rate: {rate:g}.")
    return replace(training.recipe, learning_rate=rate)


def resume(training: TrainState, checkpoint: Path) -> None:
    """Reset the history to the checkpoint's step.

    What came after it is measured again, with the same result.
    """
    check_trainer_state(checkpoint)
    training.history = checkpoints.load_history(checkpoint)
    step = int(checkpoint.name.rsplit("-", 1)[1])
    training.progress.log(f"Goes on from step {step}.")
    training.progress.resume(step=step, epoch=training.history.epochs[-1]["epoch"])


def after_step(
    training: TrainState, trainer: st_trainer.Trainer, step: int, epoch: float, loss: float, rate: float
) -> None:
    """Report a step, stop if asked to, and save a checkpoint when the last one is minutes old."""
    recipe, progress = training.recipe, training.progress
    total = trainer.state.max_steps
    progress.loss(step=step, epoch=epoch, loss=loss, learning_rate=rate)
    training.steps += 1
    training.pause()
    speed = min(recipe.batch_size, training.rows.count) * training.steps / max(1e-9, training.seconds)
    progress.advance(step, total, pairs_per_second=speed, **ahead(training))
    if training.ranks.first(lambda: time.monotonic() - training.saved > training.checkpoint_every and step < total):
        checkpoint_now(training, trainer)
        training.began = time.monotonic()
    training.ranks.first(progress.check)


def ahead(training: TrainState) -> dict[str, float]:
    """Count the validations still to come and estimate the cost of one in steps, by the texts it encodes."""
    steps = cadence.validation_steps(training.texts_of_a_look, texts_of_a_step=training.texts_of_a_step)
    return {
        "validations_left": cadence.validations_left(training.recipe, done=training.history.epochs_done),
        "validation_steps": steps,
    }


def after_epoch(training: TrainState, trainer: st_trainer.Trainer, epoch: int) -> bool:
    """Validate an epoch, save it where it is the best, write a checkpoint when one is due.

    True to stop early.
    """
    recipe = training.recipe
    training.pause()
    training.history, is_due = training.ranks.first(lambda: measure_epoch(training, epoch))
    stops = has_stopped_early(training)
    if stops or epoch >= recipe.epochs or is_due:
        checkpoint_now(training, trainer)
    training.model.train()
    training.began = time.monotonic()
    if epoch < recipe.epochs:
        training.progress.stage("training", f"epoch {epoch + 1} of {recipe.epochs}")
    training.progress.advance(trainer.state.global_step, trainer.state.max_steps, **ahead(training))
    return stops


def measure_epoch(training: TrainState, epoch: int) -> tuple[History, bool]:
    """Validate an epoch where that is due; give the history with it, and whether a checkpoint is due."""
    began, training.history.epochs_done = time.monotonic(), epoch
    if cadence.is_validation_due(training.recipe, epoch):
        validate(training, epoch, began)
    return training.history, training.is_checkpoint_due


def checkpoint_now(training: TrainState, trainer: st_trainer.Trainer) -> None:
    """Publish all that the next step depends on, of every process of the training."""
    own = checkpoints.torch_random()
    collected = {name: training.ranks.collect(state) for name, state in own.items()}
    states = [{name: parts[rank] for name, parts in collected.items()} for rank in range(training.ranks.count)]
    training.ranks.first(lambda: write_checkpoint(training, trainer, states))
    training.ranks.report(trainer.state.global_step)


def write_checkpoint(
    training: TrainState, trainer: st_trainer.Trainer, states: Sequence[checkpoints.RandomState]
) -> None:
    """Write the checkpoint of the present step and note what it took."""
    began = time.monotonic()
    part = RunPaths(training.folder).trainer_state
    part.unlink(missing_ok=True)
    trainer.state.save_to_json(str(part))
    checkpoints.save_checkpoint(
        training.checkpoints,
        trainer.parts,
        step=trainer.state.global_step,
        trainer_state=part.read_text(encoding="utf-8"),
        history=training.history.to_json(),
        random_states=states,
    )
    part.unlink()
    training.saved = time.monotonic()
    training.checkpoint_seconds = training.saved - began


def begun_epoch(training: TrainState) -> int:
    """Number of the epoch in progress, counted from 1."""
    return min(training.history.epochs_done + 1, training.recipe.epochs)


def check_done(training: TrainState, trainer: st_trainer.Trainer) -> None:
    """Raise TrainingError unless the last step was reached or early stopping ended the training."""
    state = trainer.state
    if state.global_step < state.max_steps and not trainer.hooks.stopped:
        raise TrainingError(
            f"The training ended at step {state.global_step} of {state.max_steps}.", todo="Press Try again."
        )


def has_stopped_early(training: TrainState) -> bool:
    """Check whether validation has not improved for as long as the recipe waits."""
    return bool(training.recipe.patience) and training.history.evals_without_improvement >= training.recipe.patience
