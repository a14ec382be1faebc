"""The overview of an empty workspace: what Closer does, three steps, and a sample to run."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lib import settings
from lib.data.samples.add import add_sample
from lib.recipe.presets import recommended_recipe
from lib.store.datasets import Dataset
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.ui.shared import state
from lib.ui.shared.edit_button import edit_button

_SAMPLE = "support_desk"
_STEPS = (
    (
        ":material/upload_file:",
        "1. Upload",
        "Pairs of texts: questions and answers, queries and documents. Closer reads and checks them, and holds a part out "
        "for evaluation.",
    ),
    (
        ":material/model_training:",
        "2. Train",
        "Fine-tune one or several Sentence-BERT models on this machine. You can close the browser while they train.",
    ),
    (
        ":material/explore:",
        "3. Explore",
        "See the pairs move closer, and whether the model really improved on pairs it never saw.",
    ),
)


def show_welcome(workspace: Workspace, datasets: Sequence[Dataset]) -> None:
    """Draw the three steps and the buttons of the next one."""
    st.title("Bring your pairs of texts closer", anchor=False)
    st.write(
        "Closer fine-tunes sentence-embedding models on your own pairs and measures what changed. "
        "It runs on this machine: no account, no network."
    )
    columns = st.columns(3)
    for column, (icon, title, text) in zip(columns, _STEPS, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"#### {icon} {title}")
            st.caption(text)
    with st.container(horizontal=True, vertical_alignment="center"):
        if edit_button("Try the sample, end to end", type="primary", icon=":material/play_circle:", key="try-sample"):
            with st.spinner("Preparing the sample ..."):
                run = start_sample(workspace)
            state.redirect_when_done(run.id)
            st.switch_page(state.TRAIN_PAGE, query_params={state.RUN_PARAM: run.id})
        if datasets:
            if edit_button("Train on your dataset", icon=":material/model_training:"):
                st.switch_page(state.TRAIN_PAGE)
        elif edit_button("Upload your own pairs", icon=":material/upload_file:"):
            st.switch_page(state.UPLOAD_PAGE)
    st.caption(
        "The sample comes from a support desk: questions in the jargon of a fictional company, and the help texts that "
        "answer them. Training, evaluation and map take about a minute."
    )


def start_sample(workspace: Workspace) -> Run:
    """Publish the support desk sample and queue a training with Recommended settings.

    A double click makes one run.
    """
    dataset = add_sample(workspace, _SAMPLE)
    recipe = recommended_recipe(dataset.counts["train"]).for_shape(dataset.shape)
    return workspace.runs.create(
        dataset=dataset.id, model=settings.BUNDLED_MODEL, recipe=recipe, key=state.submission_key("sample")
    )
