"""The playground: cosine of two sentences, a file's vectors, other forms, code that uses the model."""

from __future__ import annotations

import streamlit as st

from lib.format import format_cosine
from lib.store.runs import Run
from lib.ui.explore import keys
from lib.ui.explore.embed_file import show_embed_file
from lib.ui.explore.exported_forms import show_exported_forms
from lib.ui.explore.inference import inference_client, reading_for
from lib.ui.explore.usage import show_usage
from lib.ui.shared.components import catch_errors

_SPINNER = "Running both models (the first time, they are loaded) ..."


@st.fragment
def show_playground(run: Run) -> None:
    """Draw the tabs; the code only when its tab is open, because its highlighting is slow to load."""
    st.subheader("Try it", anchor=False)
    names = ["Compare two sentences", "Embed a file", "Other forms", "Use it elsewhere"]
    compare, embed, forms, code = st.tabs(names, key=keys.PLAYGROUND, on_change="rerun")
    with compare:
        _show_comparison(run)
    if embed.open:
        with embed:
            show_embed_file(run)
    if forms.open:
        with forms:
            show_exported_forms(run)
    if code.open:
        with code, catch_errors():
            show_usage(run)


def _models(run: Run) -> list[str]:
    return [run.base_model, str(run.model_dir)]


@st.fragment
def _show_comparison(run: Run) -> None:
    """Ask for two sentences, and show their cosine by both models."""
    with st.form(f"compare-{run.id}", border=False):
        left, right = st.columns(2)
        first = left.text_area("First sentence", key=f"compare-first-{run.id}", height=90)
        second = right.text_area("Second sentence", key=f"compare-second-{run.id}", height=90)
        submitted = st.form_submit_button("Compare", icon=":material/compare_arrows:")
    if not submitted:
        return
    if not first.strip() or not second.strip():
        st.info("Enter two sentences.", icon=":material/info:")
        return
    with catch_errors(), st.spinner(_SPINNER):
        base, tuned = inference_client().call(
            "cosines", models=_models(run), left=first, right=second, reading=reading_for(run)
        )
        with st.container(horizontal=True):
            st.metric("Base cosine", format_cosine(base), border=True)
            st.metric(
                "Tuned cosine",
                format_cosine(tuned),
                format_cosine(tuned - base, signed=True),
                delta_color="off",
                border=True,
            )
        st.caption(
            "Each model has its own range of cosines, so compare values of one model only. The percentile columns of the per-pair "
            "results show where a cosine stands among random pairs of the same model."
        )
