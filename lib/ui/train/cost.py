"""What the chosen training will cost: steps, time, memory, disk; and what many epochs usually do."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from lib.data.shapes import Shape
from lib.experiments.cost_estimate import PlannedTraining, load_estimate
from lib.format import format_bytes, format_duration
from lib.jobs.kinds import is_background
from lib.models.catalog import STATIC_MODEL, resolve
from lib.store.datasets import Dataset
from lib.store.jobs import OPEN, Job
from lib.store.workspace import Workspace, open_workspace
from lib.training import preflight
from lib.training.epoch_plan import EpochPlan, TextCounts, count_texts, plan_epoch
from lib.training.recipe import Recipe
from lib.ui.shared import state
from lib.ui.shared.components import escape_markdown, show_error
from lib.ui.shared.supervisor_status import has_server

MANY_EPOCHS = 15


def show_cost(
    workspace: Workspace, dataset: Dataset, models: Sequence[str], recipe: Recipe | None, *, usual: bool = False
) -> bool:
    """Say what "epochs" means for this dataset and what it costs; return whether it can be started: the disk has room.

    usual: the settings are a preset's own; then what they cost is measured without being asked for.
    """
    st.subheader("What this means", anchor=False)
    if recipe is None:
        st.caption("One of the settings cannot be used; the box on the left says which.")
        return False
    epoch = plan_epoch(_repeats(dataset), Shape(dataset.shape), recipe)
    st.write(
        f"**{recipe.epochs} × {epoch.steps:,} = {recipe.epochs * epoch.steps:,} steps** a model: {describe_epoch(epoch, dataset)}"
    )
    st.caption(_stopping(recipe))
    if recipe.epochs >= MANY_EPOCHS:
        st.info(
            f"{recipe.epochs} epochs is a lot. Usually the validation metric is best within the first few epochs; later ones "
            "learn the training pairs by heart and forget general language. Nothing is lost but time: the best epoch on "
            "validation is kept.",
            icon=":material/info:",
        )
    planned = [PlannedTraining(dataset.id, model, recipe) for model in models]
    _cancel_outdated(workspace, planned)
    for one in planned:
        _expected(workspace, one, steps=epoch.steps, usual=usual)
    return _has_room(workspace, dataset, models, recipe)


def describe_epoch(epoch: EpochPlan, dataset: Dataset) -> str:
    """Return what an epoch sees of the training part, and why it is not all of it where it is not."""
    if epoch.sees_all:
        return f"each epoch sees all {epoch.rows:,} training examples, {epoch.batch} a step."
    why = (
        "classes take turns with two texts each, until one class is left"
        if dataset.shape == Shape.LABELLED_TEXTS
        else "a step takes no text twice, and one example alone has nothing to be told from"
    )
    return f"each epoch sees at most {epoch.seen:,} of {epoch.rows:,} training examples, other ones each time, {epoch.batch} a step ({why})."


def _repeats(dataset: Dataset) -> TextCounts:
    path = dataset.paths.examples
    return _counted(str(path), dataset.shape) if path.exists() else TextCounts(dataset.counts["train"])


@st.cache_data(max_entries=32, show_spinner=False)
def _counted(parquet: str, shape: str) -> TextCounts:
    names = ["part", "label"] if shape == Shape.LABELLED_TEXTS else ["part", "anchor", "positive"]
    return count_texts(pd.read_parquet(parquet, columns=names), Shape(shape))


def _expected(workspace: Workspace, planned: PlannedTraining, *, steps: int, usual: bool) -> None:
    """Say how long it takes and how much memory, from some real steps; they are measured unasked for a preset's own settings."""
    model = planned.model
    estimate = load_estimate(workspace.home, planned)
    if estimate is not None:
        st.write(
            f"**About {format_duration(estimate.seconds(planned.recipe, steps=steps))}**, "
            f"{format_bytes(estimate.memory)} of memory. {escape_markdown(estimate.device)}"
        )
        st.caption(
            f"{escape_markdown(model)}: measured on some real steps, {_short(estimate.step_seconds)} a step; looks at the validation part and "
            "checkpoints counted in, no early stop."
        )
        return
    job = planned.job(workspace)
    begins = usual and _may_begin(workspace, model, job)
    if job is not None and job.state in OPEN:
        _wait(job.id, job.state)
        return
    if job is not None and job.state == "failed":
        show_error(job.failure)
    title = f"Measure time and memory of {model.rsplit('/', 1)[-1]}"
    asked = st.button(
        title, icon=":material/timer:", key=f"measure-{planned.key}", width="stretch", help="Takes some seconds."
    )
    if asked or begins:
        planned.submit(workspace, session=_session())
        st.rerun()


def _short(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{1000 * seconds:.1f} ms"


def _may_begin(workspace: Workspace, model: str, job: Job | None) -> bool:
    """Say whether a measurement may begin unasked: where a server is, nothing works, none has failed, nothing is downloaded."""
    if not has_server() or (job is not None and job.state == "failed"):
        return False
    here = model == STATIC_MODEL or isinstance(resolve(model, home=workspace.home), Path)
    return here and all(is_background(other.kind) for other in workspace.jobs.all(states=OPEN))


def stop_measuring(workspace: Workspace) -> None:
    """Cancel all measurements: what is measured beside a training would be wrong, and would slow it."""
    for job in workspace.jobs.all(states=OPEN, kind="estimate"):
        workspace.jobs.cancel(job.id)


def _cancel_outdated(workspace: Workspace, planned: Sequence[PlannedTraining]) -> None:
    """Cancel what this session had measured for a choice that it has changed since."""
    wanted = {job.id for one in planned if (job := one.job(workspace)) is not None}
    for job in workspace.jobs.all(states=OPEN, kind="estimate"):
        if job.payload.get("session") == _session() and job.id not in wanted:
            workspace.jobs.cancel(job.id)


def _session() -> str:
    """Name this browser session: two of them may look at different choices."""
    return state.submission_key("estimate")


@st.fragment(run_every=1)
def _wait(identity: int, known: str) -> None:
    """Say what is waited for, and draw the page anew when the job's state changes."""
    if open_workspace().jobs.get(identity).state != known:
        st.rerun()
    words = "Waiting to measure some steps" if known == "queued" else "Training some steps to measure them"
    st.caption(f":material/timer: {words} ...")


def _stopping(recipe: Recipe) -> str:
    kept = "The best epoch on validation is kept."
    if recipe.patience:
        return f"{kept} It stops early after {recipe.patience} looks without a better one."
    return f"{kept} It goes on to the last epoch, whatever validation says."


def _has_room(workspace: Workspace, dataset: Dataset, models: Sequence[str], recipe: Recipe) -> bool:
    """Say how much disk the trainings take at their peak, and whether there is room; the worker asks again before it trains."""
    needed = [
        preflight.expected_bytes(model, home=workspace.home, rows=dataset.rows, shape=dataset.shape, recipe=recipe)
        for model in models
    ]
    if not needed:
        return True
    free = shutil.disk_usage(workspace.home).free
    told = f"Takes up to {format_bytes(max(needed))} of disk while it trains; {format_bytes(free)} are free."
    if max(needed) <= free:
        st.caption(f":material/hard_drive: {told}")
        return True
    st.error(f"{told} Free some space: the Overview page says what each run takes.", icon=":material/hard_drive:")
    return False
