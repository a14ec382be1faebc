"""What the chosen training will cost: steps, time, memory, disk; and what many epochs usually do."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from lib.data.shapes import Shape
from lib.experiments import cost_estimate
from lib.format import format_bytes, format_duration
from lib.models.catalog import STATIC_MODEL, resolve
from lib.store.datasets import Dataset
from lib.store.jobs import OPEN
from lib.store.workspace import Workspace
from lib.training import preflight
from lib.training.epoch_plan import EpochPlan, TextCounts, count_texts, plan_epoch
from lib.training.recipe import Recipe
from lib.ui.server.supervisor_status import is_served
from lib.ui.shared.components import errors_shown, plain

MANY_EPOCHS = 15


def show(
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
        f"**{recipe.epochs} × {epoch.steps:,} = {recipe.epochs * epoch.steps:,} steps** a model: {epoch_words(epoch, dataset)}"
    )
    st.caption(_stopping(recipe))
    if recipe.epochs >= MANY_EPOCHS:
        st.info(
            f"{recipe.epochs} epochs is a lot. Usually the validation metric is best within the first few epochs; later ones "
            "learn the training pairs by heart and forget general language. Nothing is lost but time: the best epoch on "
            "validation is kept.",
            icon=":material/info:",
        )
    for model in models:
        _expected(workspace, dataset, model, recipe, steps=epoch.steps, usual=usual)
    return _has_room(workspace, dataset, models, recipe)


def epoch_words(epoch: EpochPlan, dataset: Dataset) -> str:
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


def _expected(workspace: Workspace, dataset: Dataset, model: str, recipe: Recipe, *, steps: int, usual: bool) -> None:
    """Say how long it takes and how much memory, from some real steps; they are measured unasked for a preset's own settings."""
    home = workspace.home
    found = None
    with errors_shown():
        found = cost_estimate.result(home, dataset=dataset.id, model=model, recipe=recipe)
    if found is not None:
        st.write(
            f"**About {format_duration(found.seconds(recipe, steps=steps))}**, {format_bytes(found.memory)} of memory. {plain(found.device)}"
        )
        st.caption(
            f"{plain(model)}: measured on some real steps, {_short(found.step_seconds)} a step; looks at the validation part and "
            "checkpoints counted in, no early stop."
        )
        return
    mark = str(cost_estimate.place(home, dataset=dataset.id, model=model, recipe=recipe))
    begins = usual and _may_begin(workspace, model, mark)
    first = next((other for other in _probes() if begins and other != mark and _runs(other)), "")
    if _runs(mark) or first:
        _wait(first or mark, "Waits for another measurement" if first else "Training some steps to measure them")
        return
    title = f"Measure time and memory of {model.rsplit('/', 1)[-1]}"
    asked = st.button(
        title, icon=":material/timer:", key=f"measure-{mark}", width="stretch", help="Takes some seconds."
    )
    if asked or begins:
        _tried().add(mark)
        _probes()[mark] = cost_estimate.start(home, dataset=dataset.id, model=model, recipe=recipe)
        st.rerun()


def _short(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{1000 * seconds:.1f} ms"


def _may_begin(workspace: Workspace, model: str, mark: str) -> bool:
    """Say whether a measurement may begin unasked: once, where a server is, nothing works and nothing would be downloaded."""
    if not is_served() or mark in _tried():
        return False
    here = model == STATIC_MODEL or isinstance(resolve(model, home=workspace.home), Path)
    return here and not workspace.jobs.all(states=OPEN)


def stop_measuring() -> None:
    """End the measurements that run: what is measured beside a training would be wrong, and would slow it."""
    for mark, process in list(_probes().items()):
        if process.poll() is None:
            process.terminate()
            _tried().discard(mark)


def _runs(mark: str) -> bool:
    """Say whether a measurement of this server runs."""
    process = _probes().get(mark)
    return process is not None and process.poll() is None


@st.fragment(run_every=1)
def _wait(mark: str, words: str) -> None:
    """Say what is waited for, and draw the page anew when it is there."""
    if not _runs(mark):
        st.rerun()
    st.caption(f":material/timer: {words} ...")


@st.cache_resource(show_spinner=False)
def _probes() -> dict[str, subprocess.Popen[bytes]]:
    """Return the measurements that this server has started, by the file they write."""
    return {}


@st.cache_resource(show_spinner=False)
def _tried() -> set[str]:
    """Return the measurements that were begun: one that failed is not begun again unasked."""
    return set()


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
