"""A run whose settings the form begins with: the one that the address names."""

from __future__ import annotations

from dataclasses import replace

from lib.errors import CloserError
from lib.recipe.losses import losses_for
from lib.recipe.options import PromptSource
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.ui.shared import state


def repeated_run(workspace: Workspace) -> Run | None:
    """Look up the run to repeat; None where the address names none, or one that is gone or unreadable."""
    named = state.repeated_run_id()
    run = next((one for one in workspace.runs.all() if one.id == named), None)
    try:
        return run if run is None or run.recipe else None
    except CloserError:  # a recipe of a newer version
        return None


def repeated_recipe(run: Run, shape: Shape, *, classes: int) -> Recipe:
    """Give a run's recipe as the form edits it: prompts that were not set by hand are chosen again.

    A loss that does not fit the chosen data gives way to the usual one.
    """
    recipe = replace(run.recipe, prompt_source=PromptSource.UNDECIDED)
    if run.recipe.prompt_source is not PromptSource.HAND:
        recipe = replace(recipe, query_prompt=None, document_prompt=None)
    fits = recipe.loss in [loss.name for loss in losses_for(shape, classes=classes)]
    return recipe if fits else replace(recipe, loss="", matryoshka=())
