"""Estimated cost of the chosen training: steps, time, memory and disk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import streamlit as st

from lib import settings
from lib.data.model_inputs import ModelInputs, Reading, reading_of
from lib.errors import ModelError
from lib.experiments.cost_estimate import PlannedTraining, load_estimate
from lib.format import format_bytes, format_duration
from lib.jobs.kinds import is_background
from lib.models.catalog import STATIC_MODEL
from lib.recipe.options import RAY_CLUSTER, THIS_MACHINE
from lib.recipe.recipe import Recipe
from lib.settings import BUNDLED_MODEL
from lib.shapes import Shape
from lib.store.datasets import Dataset
from lib.store.jobs import OPEN, Job
from lib.store.names import RUN_PREFIX
from lib.store.parquet import read_dataset_table
from lib.store.workspace import Workspace, open_workspace
from lib.training import preflight
from lib.training.epoch_plan import EpochPlan, TextCounts, count_texts, plan_epoch
from lib.training.memory_estimate import MemoryCheck, PlannedTexts, check_memory, count_planned_texts
from lib.training.share_size import describe_shares
from lib.ui.shared import state
from lib.ui.shared.components import catch_errors, escape_markdown, show_error
from lib.ui.shared.supervisor_status import has_server

_ONE_PROCESS = (
    "Several processes were not measured: on one CPU they share its cores; each graphics card takes a "
    "share of every step."
)

_MANY_EPOCHS = 15
"""From here on the form warns of overfitting."""


def show_cost(
    workspace: Workspace,
    dataset: Dataset,
    planned: Sequence[tuple[str, Recipe]],
    recipe: Recipe | None,
    *,
    usual: bool = False,
    warnings: Sequence[str] = (),
) -> bool:
    """Show steps, time, memory and disk; return whether the training can start: the disk has room.

    planned: each model with its recipe, which differs in the prompts alone. usual: the settings are a preset's own; their
    cost is then measured without a click. warnings: what the page says already.
    """
    st.subheader("Estimated cost", anchor=False)
    if recipe is None:
        st.caption("One of the settings isn't valid; see the error on the left.")
        return False
    epoch = plan_epoch(_text_counts(dataset), Shape(dataset.shape), recipe)
    st.write(
        f"**{recipe.epochs} × {epoch.steps:,} = {recipe.epochs * epoch.steps:,} steps** per model: {describe_epoch(epoch, dataset)}"
    )
    st.caption(_describe_stopping(recipe))
    if recipe.where != THIS_MACHINE:
        st.caption(_describe_processes(recipe, Shape(dataset.shape), epoch.rows))
    if recipe.epochs >= _MANY_EPOCHS:
        st.info(
            f"{recipe.epochs} epochs is a lot. The validation metric usually peaks within the first few epochs; later ones "
            "overfit the training pairs and forget general language. The best epoch on validation is kept, so the only "
            "cost is time.",
            icon=":material/info:",
        )
    trainings = [PlannedTraining(dataset.id, model, own) for model, own in planned]
    _cancel_outdated(workspace, trainings)
    for one in trainings:
        _show_estimate(workspace, one, steps=epoch.steps, usual=usual, warnings=warnings)
    has_memory = _has_memory(workspace, dataset, planned)
    return _has_room(workspace, dataset, [model for model, _ in planned], recipe) and has_memory


def describe_epoch(epoch: EpochPlan, dataset: Dataset) -> str:
    """Describe how much of the training split an epoch sees, and why not all of it."""
    if epoch.sees_all:
        return f"each epoch sees all {epoch.rows:,} training examples, {epoch.batch} per step."
    why = (
        "classes alternate with two texts each until only one class is left"
        if dataset.shape == Shape.LABELLED_TEXTS
        else "a batch has no duplicate texts, and a batch of one has no negatives"
    )
    return f"each epoch sees at most {epoch.coverage:,} of {epoch.rows:,} training examples, different ones each time, {epoch.batch} per step ({why})."


def _text_counts(dataset: Dataset) -> TextCounts:
    path = dataset.paths.examples
    return _count_texts(str(path), dataset.shape) if path.exists() else TextCounts(dataset.counts["train"])


@st.cache_data(max_entries=32, show_spinner=False)
def _count_texts(parquet: str, shape: str) -> TextCounts:
    names = ["part", "label"] if shape == Shape.LABELLED_TEXTS else ["part", "anchor", "positive"]
    return count_texts(read_dataset_table(parquet, names), Shape(shape))


def _show_estimate(
    workspace: Workspace, training: PlannedTraining, *, steps: int, usual: bool, warnings: Sequence[str]
) -> None:
    """Show time and memory, measured on a few real steps, or offer to measure them."""
    model = training.model
    estimate = load_estimate(workspace.home, training)
    if estimate is not None:
        place = "" if training.recipe.planned_processes == 1 else " in one process"
        st.write(
            f"**About {format_duration(estimate.seconds(training.recipe, steps=steps))}{place}.** "
            f"{escape_markdown(estimate.device)}"
        )
        st.caption(
            f"{escape_markdown(model)}: measured on real training steps ({_format_step_time(estimate.step_seconds)} per step, {format_bytes(estimate.memory)} of memory in them), including "
            f"validation and checkpoints, without early stopping. {_ONE_PROCESS if place else ''}"
        )
        for warning in (one for one in estimate.warnings if one not in warnings):
            st.warning(escape_markdown(warning), icon=":material/warning:")
        return
    job = training.job(workspace)
    begins = usual and _may_start_unasked(workspace, model, job)
    if job is not None and job.state in OPEN:
        _show_measuring(job.id, job.state)
        return
    if job is not None and job.state == "failed":
        show_error(job.failure)
    title = f"Estimate time and memory for {model.rsplit('/', 1)[-1]}"
    is_pressed = st.button(
        title, icon=":material/timer:", key=f"measure-{training.key}", width="stretch", help="Takes a few seconds."
    )
    if is_pressed or begins:
        training.submit(workspace, session=_session())
        st.rerun()


def _format_step_time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{1000 * seconds:.1f} ms"


def _may_start_unasked(workspace: Workspace, model: str, job: Job | None) -> bool:
    """Decide whether to measure without a click.

    Server running, queue idle, no failed attempt, and a model that a person has confirmed: measuring loads it.
    """
    if not has_server() or (job is not None and job.state == "failed"):
        return False
    return is_confirmed(workspace, model) and all(
        is_background(other.kind) for other in workspace.jobs.all(states=OPEN)
    )


def is_confirmed(workspace: Workspace, model: str) -> bool:
    """Whether a person has let this model be loaded: it comes with Closer, or a run has trained it."""
    ours = model in (BUNDLED_MODEL, STATIC_MODEL)
    return ours or any(model in (run.model, f"{RUN_PREFIX}{run.id}") for run in workspace.runs.all())


def stop_measuring(workspace: Workspace) -> None:
    """Cancel all measurements: beside a training they would be wrong, and slow it down."""
    for job in workspace.jobs.all(states=OPEN, kind="estimate"):
        workspace.jobs.cancel(job.id)


def _cancel_outdated(workspace: Workspace, trainings: Sequence[PlannedTraining]) -> None:
    """Cancel this session's measurements of settings that it has changed since."""
    ids = {job.id for one in trainings if (job := one.job(workspace)) is not None}
    for job in workspace.jobs.all(states=OPEN, kind="estimate"):
        if job.payload.get("session") == _session() and job.id not in ids:
            workspace.jobs.cancel(job.id)


def _session() -> str:
    """Identify this browser session: two of them may have different settings."""
    return state.submission_key("estimate")


@st.fragment(run_every=1)
def _show_measuring(identity: int, note: str) -> None:
    """Show the measurement's progress, and redraw the page when its state changes."""
    with catch_errors():
        if open_workspace().jobs.get(identity).state != note:
            st.rerun()
    words = "Waiting to measure a few training steps" if note == "queued" else "Measuring a few training steps"
    st.caption(f":material/timer: {words} ...")


def _describe_processes(recipe: Recipe, shape: Shape, examples: int) -> str:
    """Describe how several processes share a batch."""
    if recipe.planned_processes > 1:
        return describe_shares(recipe, shape, processes=recipe.planned_processes, examples=examples)
    if recipe.planned_processes == 1:
        return "One process: as on this machine alone."
    if recipe.where == RAY_CLUSTER:
        return (
            "One process for each graphics card of the cluster, or for each node without one; they share every batch."
        )
    return "One process for each graphics card; they share every batch. Without one, the training runs in one process."


def _describe_stopping(recipe: Recipe) -> str:
    kept = "The best epoch on validation is kept."
    if recipe.patience:
        return f"{kept} Stops early after {recipe.patience} evaluations without improvement."
    return f"{kept} No early stopping."


def _has_memory(workspace: Workspace, dataset: Dataset, planned: Sequence[tuple[str, Recipe]]) -> bool:
    """Show which trainings need more memory than is free; a person may start them all the same."""
    checks = check_trainings(workspace, dataset, planned)
    short = [check for check in checks if not check.fits]
    if short:
        return may_exceed_memory(short, key="ignore-memory")
    if checks:
        most = max(checks, key=lambda check: check.need.total)
        st.caption(
            f":material/memory: Needs up to {format_bytes(most.need.total)} of memory; {format_bytes(most.available)} free."
        )
    return True


def check_trainings(workspace: Workspace, dataset: Dataset, planned: Sequence[tuple[str, Recipe]]) -> list[MemoryCheck]:
    """Check the memory of each training whose model is here, or as far as it is known."""
    checks = (_check_memory(workspace, dataset, model, recipe) for model, recipe in planned)
    return [check for check in checks if check is not None]


def may_exceed_memory(short: Sequence[MemoryCheck], *, key: str) -> bool:
    """Show what does not fit, and ask whether to start all the same. key: of the box to tick."""
    for check in short:
        st.error(escape_markdown(f"{check.describe()} {check.advice}"), icon=":material/memory:")
    return st.checkbox(
        "Start all the same",
        key=key,
        help="The estimate is an upper one. Where memory does not suffice, the training fails, and may slow other "
        "programs down before.",
    )


def _check_memory(workspace: Workspace, dataset: Dataset, model: str, recipe: Recipe) -> MemoryCheck | None:
    """Check a model's memory; its own tokenizer is asked only where a person has confirmed the model."""
    path = dataset.paths.examples
    if not path.exists():
        return None
    own = is_confirmed(workspace, model)
    try:
        texts = _count_texts_of(
            str(path), dataset.shape, model, reading_of(recipe), max_length=recipe.max_length, own_tokens=own
        )
    except ModelError:  # the form says so beside the model
        return None
    return check_memory(texts, recipe) if texts else None


@st.cache_data(max_entries=32, show_spinner=False)
def _count_texts_of(
    parquet: str, shape: str, model: str, reading: Reading, *, max_length: int, own_tokens: bool
) -> PlannedTexts | None:
    inputs = ModelInputs(read_dataset_table(parquet), Shape(shape), reading.for_shape(Shape(shape)))
    return count_planned_texts(model, inputs, max_length=max_length, home=settings.home(), own_tokens=own_tokens)


def _has_room(workspace: Workspace, dataset: Dataset, models: Sequence[str], recipe: Recipe) -> bool:
    """Show the peak disk usage and whether there is room; the worker checks again before it trains."""
    sizes = [
        preflight.expected_bytes(model, home=workspace.home, rows=dataset.rows, shape=dataset.shape, recipe=recipe)
        for model in models
    ]
    if not sizes:
        return True
    free = shutil.disk_usage(workspace.home).free
    summary = f"Needs up to {format_bytes(max(sizes))} of disk during training; {format_bytes(free)} free."
    if max(sizes) <= free:
        st.caption(f":material/hard_drive: {summary}")
        return True
    st.error(f"{summary} Free up space: the Overview page lists the size of each run.", icon=":material/hard_drive:")
    return False
