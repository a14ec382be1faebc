"""The prompts of the chosen models, and the first examples as each model reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from lib.data.model_inputs import ModelInputs, reading_of
from lib.errors import CloserError
from lib.models.prompts.choose import ExpectedPrompts, choose_prompts, expected_prompts, is_here
from lib.models.prompts.describe import describe_prompts, warn_of_missing_prompts
from lib.recipe.recipe import FIELDS, Recipe
from lib.settings import MAX_PROMPT_CHARACTERS
from lib.shapes import TWO_ROLES, Shape
from lib.store.datasets import Dataset
from lib.store.parquet import read_first_rows
from lib.store.workspace import Workspace
from lib.ui.shared.components import escape_markdown, show_error

_EXAMPLES, _EXAMPLE_CHARACTERS = 2, 300


def choose_model_prompts(
    workspace: Workspace, dataset: Dataset, models: Sequence[str], recipe: Recipe | None
) -> list[tuple[str, Recipe]]:
    """Draw the prompts of each model and return each with its recipe.

    None where the recipe or a prompt is not valid.
    """
    if recipe is None or not models:
        return []
    shape, home = Shape(dataset.shape), workspace.home
    expected = {model: expected_prompts(model, shape, home=home) for model in models}
    with st.expander(
        "What the model reads",
        icon=":material/format_quote:",
        expanded=any(not one.is_empty for one in expected.values()),
        key="train-reads",
    ):
        try:
            recipe = _edit_by_hand(
                recipe, shape, expected[models[0]], scope=f"{dataset.id}-{models[0]}{'-set' * recipe.has_prompts_set}"
            )
            planned = [(model, choose_prompts(recipe, model, shape, home=home)) for model in models]
            examples = _first_examples(str(dataset.paths.examples))
        except CloserError as error:
            show_error(error)
            return []
        for model, chosen in planned:
            inputs = ModelInputs.of(examples, shape, chosen)
            _show_reading(workspace, model, inputs, expected[model])
    return planned


def list_prompt_warnings(workspace: Workspace, dataset: Dataset, planned: Sequence[tuple[str, Recipe]]) -> list[str]:
    """List the warnings about models that expect prompts and have none, as they are drawn here."""
    shape = Shape(dataset.shape)
    found = (
        warn_of_missing_prompts(
            reading_of(recipe).for_shape(shape), expected_prompts(model, shape, home=workspace.home), model=model
        )
        for model, recipe in planned
    )
    return [text for text in found if text]


def _edit_by_hand(recipe: Recipe, shape: Shape, expected: ExpectedPrompts, *, scope: str) -> Recipe:
    """Draw a switch and, where it is on, a field for each role's prompt.

    It begins as the recipe has it, else as what the model expects.
    """
    by_hand = st.toggle(
        "Set prompts by hand",
        value=recipe.has_prompts_set,
        key=f"prompts-by-hand-{scope}",
        persist_state="session",
        help="The same for all chosen models. Blanks count; an empty field means no prompt.",
    )
    if not by_hand:
        return replace(recipe, query_prompt=None, document_prompt=None)
    usual = {"query_prompt": expected.query, "document_prompt": expected.document}
    sides = [(name, value if getattr(recipe, name) is None else getattr(recipe, name)) for name, value in usual.items()]
    values = {
        name: st.text_area(
            FIELDS[name].label,
            value=value,
            help=FIELDS[name].help,
            max_chars=MAX_PROMPT_CHARACTERS,
            height=68,
            key=f"{name}-{scope}",
            persist_state="session",
        )
        for name, value in sides[: 2 if shape in TWO_ROLES else 1]
    }
    return replace(recipe, **values)


def _show_reading(workspace: Workspace, model: str, inputs: ModelInputs, expected: ExpectedPrompts) -> None:
    """Show where a model's prompts are from, a warning where they are missing, and the examples with them."""
    lines = describe_prompts(inputs.reading, expected, has_two_roles=inputs.shape in TWO_ROLES)
    if not lines:
        here = is_here(model, home=workspace.home)
        lines = ["No prompts." if here else "Its own prompts are chosen once it is downloaded."]
    st.caption(escape_markdown(f"{model}: {' '.join(lines)}"))
    if warning := warn_of_missing_prompts(inputs.reading, expected, model=model):
        st.warning(escape_markdown(warning), icon=":material/format_quote:")
    st.code(read_examples(inputs), language=None, wrap_lines=True)


def read_examples(inputs: ModelInputs) -> str:
    """Write the texts of each row as the model reads them, a line each, long ones cut.

    An empty line stands between rows.
    """
    rows = zip(*(inputs.read_column(inputs.frame[name], name) for name in inputs.columns), strict=True)
    return "\n\n".join("\n".join(text[:_EXAMPLE_CHARACTERS] for text in row) for row in rows)


@st.cache_data(max_entries=32, show_spinner=False)
def _first_examples(parquet: str) -> pd.DataFrame:
    return read_first_rows(parquet, _EXAMPLES, part="train")
