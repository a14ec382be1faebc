"""What the chosen training will cost: steps, time, memory, disk; and what many epochs usually do."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

import streamlit as st

from lib.store.datasets import Dataset
from lib.store.workspace import Workspace
from lib.training import estimate, preflight
from lib.training.recipe import Recipe, steps_per_epoch
from lib.ui.components import duration, errors_shown, plain, size

MANY_EPOCHS = 15


def show(workspace: Workspace, dataset: Dataset, models: Sequence[str], recipe: Recipe | None) -> bool:
    """Say what "epochs" means for this dataset and what it costs; return whether it can be started: the disk has room."""
    st.subheader("What this means", anchor=False)
    if recipe is None:
        st.caption("One of the settings cannot be used; the box on the left says which.")
        return False
    rows = dataset.counts["train"]
    steps = steps_per_epoch(rows, recipe.batch_size)
    st.write(
        f"**{recipe.epochs} × {steps:,} = {recipe.epochs * steps:,} steps** a model: each epoch sees all {rows:,} training "
        f"examples once, {min(recipe.batch_size, rows)} a step."
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
        _expected(workspace, dataset, model, recipe)
    return _has_room(workspace, dataset, models, recipe)


def _expected(workspace: Workspace, dataset: Dataset, model: str, recipe: Recipe) -> None:
    """Say how long it takes and how much memory, from some real steps that are measured when asked for."""
    home = workspace.home
    found = None
    with errors_shown():
        found = estimate.result(home, dataset=dataset.id, model=model, recipe=recipe)
    if found is not None:
        st.write(
            f"**About {duration(found.seconds(recipe, dataset.counts))}**, {size(found.memory)} of memory. {plain(found.device)}"
        )
        st.caption(
            f"{plain(model)}: measured on some real steps, {found.step_seconds:.2f} s a step; no early stop counted in."
        )
        return
    mark = str(estimate.place(home, dataset=dataset.id, model=model, recipe=recipe))
    if _measuring(mark):
        return
    title = f"Measure time and memory of {model.rsplit('/', 1)[-1]}"
    if st.button(title, icon=":material/timer:", key=f"measure-{mark}", width="stretch", help="Takes some seconds."):
        _probes()[mark] = estimate.start(home, dataset=dataset.id, model=model, recipe=recipe)
        st.rerun()


def _measuring(mark: str) -> bool:
    """Draw the wait while a measurement of this server runs; say whether one does."""
    process = _probes().get(mark)
    if process is None or process.poll() is not None:
        _probes().pop(mark, None)
        return False
    _wait(mark)
    return True


@st.fragment(run_every=1)
def _wait(mark: str) -> None:
    process = _probes().get(mark)
    if process is None or process.poll() is not None:
        st.rerun()
    st.caption(":material/timer: Training some steps to measure them ...")


@st.cache_resource(show_spinner=False)
def _probes() -> dict[str, subprocess.Popen[bytes]]:
    """Return the measurements that this server has started, by the file they write."""
    return {}


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
    told = f"Takes up to {size(max(needed))} of disk while it trains; {size(free)} are free."
    if max(needed) <= free:
        st.caption(f":material/hard_drive: {told}")
        return True
    st.error(f"{told} Free some space: the Overview page says what each run takes.", icon=":material/hard_drive:")
    return False
