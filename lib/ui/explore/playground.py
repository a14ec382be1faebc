"""The playground: cosine of any two sentences, search among the targets, Python code, download."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.format import format_bytes, format_cosine
from lib.models.inference.answers import NearestText
from lib.shapes import Shape
from lib.store.publish import size_of
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore import keys
from lib.ui.explore.inference import inference_client, reading_for
from lib.ui.shared.components import catch_errors

_MAX_RESULTS = 10
_SPINNER = "Running both models (the first time, they are loaded) ..."


@st.fragment
def show_playground(run: Run) -> None:
    """Draw the tabs; the Python code only when its tab is open, because its highlighting is slow to load."""
    st.subheader("Try it", anchor=False)
    compare, search, code = st.tabs(
        ["Compare two sentences", "Search", "Use in Python"], key=keys.PLAYGROUND, on_change="rerun"
    )
    with compare:
        _show_comparison(run)
    with search:
        _show_search(run)
    if code.open:
        with code:
            _show_code(run)


def _models(run: Run) -> list[str]:
    return [run.model, str(run.model_dir)]


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


@st.fragment
def _show_search(run: Run) -> None:
    """Ask for a query, and show its nearest targets by both models."""
    dataset = open_workspace().datasets.get(run.dataset)
    column = "text" if dataset.shape == Shape.LABELLED_TEXTS else "positive"
    with st.form(f"search-{run.id}", border=False):
        query = st.text_input("Search the dataset's targets", key=f"search-query-{run.id}", icon=":material/search:")
        submitted = st.form_submit_button("Search", icon=":material/search:")
    if not submitted or not query.strip():
        return
    with catch_errors(), st.spinner(_SPINNER):
        answer = inference_client().call(
            "nearest",
            models=_models(run),
            query=query,
            parquet=str(dataset.paths.examples),
            column=column,
            reading=reading_for(run),
            most=_MAX_RESULTS,
        )
        base, tuned = ([NearestText(**one) for one in texts] for texts in answer)
        left, right = st.columns(2)
        with left:
            _show_results("Base", base)
        with right:
            _show_results("Tuned", tuned)


def _show_results(title: str, rows: list[NearestText]) -> None:
    st.caption(title)
    config = {
        "text": st.column_config.TextColumn("Text", width="large"),
        "cosine": st.column_config.NumberColumn("Cosine", format="%.3f", width="small"),
    }
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=config, alt=f"Nearest targets, {title} model")


def _show_code(run: Run) -> None:
    st.caption("This code needs sentence-transformers only, nothing of Closer.")
    st.code(python_lines(run), language="python")
    label = f"Download model ({format_bytes(size_of(run.model_dir))})"
    st.link_button(label, f"/download/{run.id}/model.zip", icon=":material/download:")


def python_lines(run: Run) -> str:
    """Write the Python code that loads and uses the run's tuned model."""
    return (
        "from sentence_transformers import SentenceTransformer\n\n"
        f"model = SentenceTransformer({str(run.model_dir)!r})\n"
        'vectors = model.encode(["My parcel is late", "Where is my order?"])\n'
        "print(model.similarity(vectors, vectors))\n"
    )
