"""Train one base model on one dataset by one recipe, up to the saved, checked model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer

from lib.data.model_inputs import ModelInputs
from lib.errors import CancelledError, TrainingError
from lib.escapes import escape_controls
from lib.evaluation.task import EvalTask
from lib.format import format_count, format_metric
from lib.memory import keep_freed_memory
from lib.models import catalog
from lib.models.encoder import encode
from lib.models.loader import choose_device, load_model
from lib.models.prompts.apply import default_prompt
from lib.models.prompts.choose import expected_prompts
from lib.models.prompts.describe import describe_prompts, warn_of_missing_prompts
from lib.models.text_lengths import measure_lengths
from lib.models.unknown_tokens import unknown_tokens
from lib.progress import Heartbeat, Progress
from lib.recipe.recipe import Recipe
from lib.shapes import TWO_ROLES
from lib.store.names import folder_name, with_pooling
from lib.store.publish import recover, verify
from lib.store.rank_layout import RankPaths
from lib.store.snapshots import BEST, SnapshotWriter
from lib.training import cadence, checkpoints, saving, st_trainer
from lib.training.card import read_model_facts
from lib.training.compatibility import adapt_recipe, check_max_length, learning_rate_of
from lib.training.examples import TrainingColumns, training_columns
from lib.training.loop import run_epochs
from lib.training.memory import naming_memory, peak_memory
from lib.training.preflight import check_room, needed_bytes
from lib.training.ranks import ALONE, Ranks
from lib.training.snapshots import count_snapshots, shown_texts
from lib.training.state import History, TrainResult, TrainState
from lib.training.validate import measure_base
from lib.training.validation_sample import validation_inputs


def train_model(
    *,
    inputs: ModelInputs,
    model_name: str,
    recipe: Recipe,
    folder: Path,
    home: Path,
    progress: Progress,
    card: dict[str, Any] | None = None,
    ranks: Ranks = ALONE,
) -> TrainResult:
    """Train, save the best epoch under `folder`, resuming from a checkpoint where there is one.

    ranks: the processes that train it together, each of which calls this. Raises TrainingError (loss not finite, damaged checkpoints), ModelError, InputError; CancelledError after a cancelled
    training whose best epoch so far was saved and marked partial.
    """
    rows = training_columns(inputs)
    recipe = recipe.for_shape(inputs.shape, classes=len(rows.classes))
    final = folder / folder_name(model_name)
    ranks.first(lambda: recover(final))
    progress.stage("loading", model_name)
    with thread_count(recipe.threads):
        seed_everything(recipe)
        training = open_training(
            inputs,
            rows,
            model_name=model_name,
            recipe=recipe,
            folder=folder,
            home=home,
            progress=progress,
            ranks=ranks,
        )
        return run_and_save(training, final, card or {})


def run_and_save(training: TrainState, final: Path, card: dict[str, Any]) -> TrainResult:
    """Train to the end and save the best epoch; an error is raised again once the best so far is saved."""
    cut: CancelledError | TrainingError | None = None
    try:
        with naming_memory(training.recipe, training.model):
            run_epochs(training)
    except CancelledError as error:
        cut = error
    except TrainingError as error:
        cut = error if training.history.best_epoch == 0 else with_partial_note(error)
    if cut is not None and training.history.best_epoch == 0:
        raise cut  # nothing was learnt that could be kept
    best = training.ranks.first(lambda: save_model(training, final, card, partial=cut is not None))
    if cut is not None:
        raise cut
    return TrainResult(
        best_epoch=best,
        epochs=training.history.epochs,
        model_dir=final,
        partial=False,
        device=str(training.model.device),
        seconds=training.history.train_seconds,
        peak_memory=peak_memory(training.model.device),
    )


def with_partial_note(error: TrainingError) -> TrainingError:
    """Add to the error that the best epoch so far is saved."""
    noted = TrainingError(error.what, where=error.where, todo=f"{error.todo} The best epoch so far is kept.".strip())
    noted.__cause__ = error.__cause__ or error
    return noted


@contextmanager
def thread_count(count: int) -> Iterator[None]:
    """Compute with so many threads (0: unchanged) for the block.

    Then restore the number for the worker's next run.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def seed_everything(recipe: Recipe) -> None:
    """Set seeds and how memory is reused: the same seed and threads give the same bits on a CPU."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    keep_freed_memory()
    transformers.set_seed(recipe.seed)


def open_training(
    inputs: ModelInputs,
    rows: TrainingColumns,
    *,
    model_name: str,
    recipe: Recipe,
    folder: Path,
    home: Path,
    progress: Progress,
    ranks: Ranks = ALONE,
) -> TrainState:
    """Load the model, measure and show the base (from the cache where possible), and prepare to train."""
    name = with_pooling(model_name, recipe.pooling)
    model = load_model(name, reading=inputs.reading, device=choose_device(recipe.device), home=home)
    if catalog.is_plain_name(model_name, home=home):
        progress.log(f"The base model has no pooling of its own; its tokens are pooled by: {model[1].pooling_mode}.")
    elif recipe.pooling:
        progress.log("The base model has a pooling of its own; left out: Pooling.", level="warning")
    progress.log(f"Training on {model.device} with {format_count(torch.get_num_threads(), 'thread')}.")
    check_max_length(model, recipe)
    if ranks.is_first:
        log_inputs(inputs, model, model_name=model_name, max_length=recipe.max_length, home=home, progress=progress)
    recipe, left_out = adapt_recipe(recipe, model)
    for line in left_out:
        progress.log(line, level="warning")
    seen, words = validation_inputs(inputs)
    if words:
        progress.log(words)
    task = EvalTask.of(seen, part="validation")
    snapshots = SnapshotWriter(RankPaths(folder).of(ranks.rank).snapshots.folder, shown_texts(inputs))
    training = TrainState(
        inputs,
        model_name,
        recipe,
        folder,
        progress,
        model,
        rows,
        task,
        snapshots,
        History(),
        base_weights=saving.weights_digest(model),
        checkpoint_every=cadence.CHECKPOINT_SECONDS,
        ranks=ranks,
    )
    check_space(training)
    measure_base(training, home)
    st_trainer.prepare_model(model, recipe)
    return training


def log_inputs(
    inputs: ModelInputs,
    model: SentenceTransformer,
    *,
    model_name: str,
    max_length: int,
    home: Path,
    progress: Progress,
) -> None:
    """Write to the log the prompts and where they are from, and what of the texts can't be read."""
    if prompt := default_prompt(model):
        progress.log(f"The model puts its own prompt before every text: {escape_controls(prompt)}", level="warning")
    expected = expected_prompts(model_name, inputs.shape, home=home)
    for line in describe_prompts(inputs.reading, expected, has_two_roles=inputs.shape in TWO_ROLES):
        progress.log(escape_controls(line))
    folder = catalog.resolve(model_name, home=home)
    lengths = measure_lengths(folder, inputs, model=model_name, max_length=max_length)
    if lengths and lengths.truncated:
        progress.log(escape_controls(lengths.describe()))
    unknown = unknown_tokens(folder, inputs, model=model_name)
    if unknown is not None and unknown.is_much:
        progress.log(escape_controls(unknown.describe()), level="warning")
    if warning := warn_of_missing_prompts(inputs.reading, expected, model=model_name):
        progress.log(escape_controls(warning), level="warning")


def check_space(training: TrainState) -> None:
    """Raise TrainingError before anything is trained when the disk has no room for it."""
    needed = needed_bytes(
        parameters=sum(p.numel() for p in training.model.parameters()),
        texts=len(training.snapshot_texts),
        dimension=training.model.get_embedding_dimension() or 0,
        snapshots=count_snapshots(training.recipe.epochs),
    )
    check_room(training.folder, needed)


def save_model(training: TrainState, final: Path, card: dict[str, Any], *, partial: bool) -> int:
    """Publish the best epoch as a sentence-transformers folder, loaded again and compared; its epoch."""
    progress, model = training.progress, training.model
    progress.stage("saving")
    best = load_best_epoch(training, final)
    base = training.history.epochs[0]["metrics"][training.metric]
    if training.history.best <= base:
        progress.log(
            f"No epoch was better than the base model on validation ({format_metric(training.metric, base)}).",
            level="warning",
        )
    model.eval()
    saving.check_weights(model)
    quiet = Heartbeat(progress, stoppable=False)
    if not training.snapshots.repeat(f"epoch-{best:03d}", BEST, epoch=best):
        training.snapshots.write(BEST, epoch=best, embeddings=encode(model, training.snapshot_texts, progress=quiet))
    if training.recipe.lora_rank:
        st_trainer.merge_lora(model)
    changed = saving.weights_digest(model) != training.base_weights
    if not changed:
        progress.log(
            "No weight changed: the tuned model is the base model. Raise the learning rate, or train more epochs.",
            level="warning",
        )
    saving.save_tuned(
        model,
        final,
        reading=training.inputs.reading,
        texts=training.snapshot_texts[: saving.COMPARED],
        model_name=training.model_name,
        recipe=training.recipe,
        facts={**card, "partial": partial, "best_epoch": best, "weights_changed": changed, **measured_facts(training)},
        epochs=training.history.epochs,
    )
    progress.log(f"Saved epoch {best} to {final.name}.")
    return best


def load_best_epoch(training: TrainState, final: Path) -> int:
    """Load the best epoch's weights into the model and give that epoch.

    A run that had ended and went on has them in its tuned model alone, where no later epoch was better.
    Raises TrainingError when they are damaged or gone.
    """
    if checkpoints.has_best(training.checkpoints):
        return checkpoints.load_best(training.checkpoints, training.model)
    best = training.history.best_epoch
    if verify(final) or read_model_facts(final).get("best_epoch") != best:
        raise TrainingError(
            f"The weights of the best epoch, {best}, are damaged or gone.",
            where=str(final),
            todo=checkpoints.START_OVER,
        )
    training.model.load_state_dict(load_model(str(final), device="cpu").state_dict())
    return best


def measured_facts(training: TrainState) -> dict[str, Any]:
    """Collect the tuned model's card facts: how it was trained and how fast it encodes."""
    model = training.model
    speed = saving.texts_per_second(model, training.snapshot_texts[: saving.TIMED])
    return {
        "device": str(model.device),
        "processes": training.ranks.count,
        "learning_rate_used": learning_rate_of(training.recipe, model),
        "train_seconds": round(training.history.train_seconds, 1),
        "texts_per_second": None if speed is None else round(speed, 1),
    }
