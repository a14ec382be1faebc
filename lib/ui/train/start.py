"""Create the runs that were asked for, once for each press, and open the first one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lib.errors import CloserError, InputError
from lib.models.catalog import is_static_name
from lib.models.prompts.choose import choose_prompts
from lib.recipe.options import PromptSource
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.store.batches import batch_title, repeat_with_seeds, title_in_batch
from lib.store.datasets import Dataset
from lib.store.workspace import Workspace
from lib.training.memory_estimate import MemoryCheck
from lib.ui.shared import cache, state
from lib.ui.shared.components import show_error
from lib.ui.train import cost


def start_compared(
    workspace: Workspace,
    dataset: Dataset,
    bases: Sequence[str],
    planned: Sequence[tuple[str, Recipe]],
    recipe: Recipe,
    *,
    seeds: int,
) -> None:
    """Train base models that were compared, with the form's settings, whatever is chosen in it."""
    try:
        start_trainings(workspace, dataset, plan_compared(workspace, dataset, bases, planned, recipe), seeds=seeds)
    except CloserError as error:
        show_error(error)


def check_compared(
    workspace: Workspace,
    dataset: Dataset,
    bases: Sequence[str],
    planned: Sequence[tuple[str, Recipe]],
    recipe: Recipe,
) -> list[MemoryCheck]:
    """Check the memory of the trainings that `start_compared` would start.

    None where a setting does not fit a model.
    """
    try:
        return cost.check_trainings(workspace, dataset, plan_compared(workspace, dataset, bases, planned, recipe))
    except CloserError:  # the press says so
        return []


def plan_compared(
    workspace: Workspace,
    dataset: Dataset,
    bases: Sequence[str],
    planned: Sequence[tuple[str, Recipe]],
    recipe: Recipe,
) -> list[tuple[str, Recipe]]:
    """Give each base model the form's recipe, with its own prompts unless those were set by hand.

    planned: the models that are chosen in the form, with theirs. Raises InputError where a loss does not fit a model.
    """
    known, home = dict(planned), workspace.home
    by_hand = next((own for own in known.values() if own.prompt_source is PromptSource.HAND), recipe)
    shape, classes = Shape(dataset.shape), cache.num_labels(dataset)

    def plan(model: str) -> Recipe:
        fitting = by_hand.for_shape(shape, classes=classes, static=is_static_name(model, home=home))
        return choose_prompts(fitting, model, shape, home=home)

    return [(model, known.get(model) or plan(model)) for model in bases]


def start_trainings(
    workspace: Workspace, dataset: Dataset, planned: Sequence[tuple[str, Recipe]], *, seeds: int
) -> None:
    """Create the runs of this submission, once, and open the first one.

    seeds: how many runs each model gets, from the recipe's seed upwards.
    """
    cost.stop_measuring(workspace)  # the training needs the processor now
    press = state.submission_key("train")
    try:
        repeated = repeat_with_seeds(planned, seeds)
        batch = batch_title(dataset.name, repeated)
        runs = [
            workspace.runs.create(
                dataset=dataset.id,
                model=model,
                recipe=recipe,
                batch=batch,
                name=title_in_batch(dataset.name, model, recipe, repeated),
                key=f"{press}-{number}",
            )
            for number, (model, recipe) in enumerate(repeated)
        ]
    except InputError as error:
        show_error(error)
        return
    state.set_run_id(runs[0].id)
    st.rerun()
