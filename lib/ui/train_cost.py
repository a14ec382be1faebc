"""What the chosen training will cost: steps, time, memory, disk; and what many epochs usually do."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import streamlit as st

from lib.store.datasets import Dataset
from lib.store.workspace import Workspace
from lib.training.recipe import Recipe, steps_per_epoch
from lib.ui.components import size

MANY_EPOCHS = 15
LEAST_FREE_BYTES = 1_000_000_000


def show(workspace: Workspace, dataset: Dataset, models: Sequence[str], recipe: Recipe | None) -> None:
    """Say what "epochs" means for this dataset and what it costs."""
    st.subheader("What this means", anchor=False)
    if recipe is None:
        st.caption("One of the settings cannot be used; the box on the left says which.")
        return
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
    _disk(workspace)


def _stopping(recipe: Recipe) -> str:
    kept = "The best epoch on validation is kept."
    if recipe.patience:
        return f"{kept} It stops early after {recipe.patience} looks without a better one."
    return f"{kept} It goes on to the last epoch, whatever validation says."


def _disk(workspace: Workspace) -> None:
    free = shutil.disk_usage(workspace.home).free
    if free < LEAST_FREE_BYTES:
        st.warning(
            f"Only {size(free)} are free on the disk; a run of the bundled model takes about 0.5 GB while it trains.",
            icon=":material/hard_drive:",
        )
