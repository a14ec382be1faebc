"""What the run's models read before texts, and a warning where prompts are missing."""

from __future__ import annotations

import streamlit as st

from lib.data.model_inputs import reading_of
from lib.errors import ModelError
from lib.evaluation.result import Evaluation
from lib.models.prompts.choose import ExpectedPrompts, expected_prompts
from lib.models.prompts.describe import MISSING_PROMPTS, describe_prompts, warn_of_missing_prompts
from lib.shapes import TWO_ROLES, Shape
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.shared.components import escape_markdown


def show_prompts(run: Run, evaluation: Evaluation) -> None:
    """Draw the prompts in one line, and the warning where an older evaluation has none yet."""
    shape = Shape(evaluation.shape)
    expected, reading = _expected(run.model, shape), reading_of(run.recipe).for_shape(shape)
    if lines := describe_prompts(reading, expected, has_two_roles=shape in TWO_ROLES):
        st.caption(escape_markdown(". ".join(lines)))
    warning = warn_of_missing_prompts(reading, expected, model=run.model)
    if warning and MISSING_PROMPTS not in {one.name for one in evaluation.warnings}:
        st.warning(f"**{MISSING_PROMPTS}.** {escape_markdown(warning)}", icon=":material/warning:")


@st.cache_data(max_entries=64, ttl=600, show_spinner=False)
def _expected(model: str, shape: Shape) -> ExpectedPrompts:
    try:
        return expected_prompts(model, shape, home=open_workspace().home)
    except ModelError:  # a base that is gone since
        return ExpectedPrompts()
