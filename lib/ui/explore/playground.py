"""Try the model: the cosine of any two sentences, search over the dataset's targets, the lines that use it, the download."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib import settings
from lib.data.shapes import Shape
from lib.format import format_bytes
from lib.models.inference.client import LiveWorker
from lib.store.publish import size_of
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.shared.components import errors_shown

FOUND = 10


@st.cache_resource(show_spinner=False)
def worker(home: str) -> LiveWorker:
    """Return the helper process of this server that holds the models; it starts with the first question."""
    from pathlib import Path

    return LiveWorker(Path(home), server="lib.evaluation.inference_server")


@st.fragment
def show(run: Run) -> None:
    """Draw the box for two sentences, the search, and the Python lines; these only when asked for: their colouring is slow to load."""
    st.subheader("Try it", anchor=False)
    two, search, code = st.tabs(["Two sentences", "Search", "Use it in Python"], key="try-it", on_change="rerun")
    with two:
        _two(run)
    with search:
        _search(run)
    if code.open:
        with code:
            _code(run)


def _models(run: Run) -> list[str]:
    return [run.model, str(run.model_dir)]


@st.fragment
def _two(run: Run) -> None:
    with st.form(f"two-{run.id}", border=False):
        left, right = st.columns(2)
        first = left.text_area("First sentence", key=f"try-left-{run.id}", height=90)
        second = right.text_area("Second sentence", key=f"try-right-{run.id}", height=90)
        asked = st.form_submit_button("Compare", icon=":material/compare_arrows:")
    if not asked:
        return
    if not first.strip() or not second.strip():
        st.info("Type two sentences.", icon=":material/info:")
        return
    with errors_shown(), st.spinner("Asking both models (the first time, they are loaded) ..."):
        base, tuned = worker(str(settings.home())).call("cosines", models=_models(run), left=first, right=second)
        with st.container(horizontal=True):
            st.metric("Base cosine", f"{base:.3f}", border=True)
            st.metric("Tuned cosine", f"{tuned:.3f}", f"{tuned - base:+.3f}", delta_color="off", border=True)
        st.caption(
            "A cosine alone says little: tuned models spread texts differently. Compare it with the background in the verdict above."
        )


@st.fragment
def _search(run: Run) -> None:
    dataset = open_workspace().datasets.get(run.dataset)
    column = "text" if dataset.shape == Shape.LABELLED_TEXTS else "positive"
    with st.form(f"search-{run.id}", border=False):
        query = st.text_input("Search the dataset's targets", key=f"try-query-{run.id}", icon=":material/search:")
        asked = st.form_submit_button("Search", icon=":material/search:")
    if not asked or not query.strip():
        return
    with errors_shown(), st.spinner("Searching with both models (the first time, they are loaded) ..."):
        base, tuned = worker(str(settings.home())).call(
            "nearest",
            models=_models(run),
            query=query,
            parquet=str(dataset.paths.examples),
            column=column,
            most=FOUND,
        )
        left, right = st.columns(2)
        with left:
            _found("Base", base)
        with right:
            _found("Tuned", tuned)


def _found(title: str, rows: list[dict[str, object]]) -> None:
    st.caption(title)
    columns = {
        "text": st.column_config.TextColumn("Text", width="large"),
        "cosine": st.column_config.NumberColumn("Cosine", format="%.3f", width="small"),
    }
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, column_config=columns, alt=f"Nearest targets by the {title} model"
    )


def _code(run: Run) -> None:
    st.caption("These lines run as they stand, with sentence-transformers and none of our code.")
    st.code(python_lines(run), language="python")
    label = f"Download the model ({format_bytes(size_of(run.model_dir))})"
    st.link_button(label, f"/download/{run.id}/model.zip", icon=":material/download:")


def python_lines(run: Run) -> str:
    """Return the Python lines that load and use the run's tuned model."""
    return (
        "from sentence_transformers import SentenceTransformer\n\n"
        f"model = SentenceTransformer({str(run.model_dir)!r})\n"
        'vectors = model.encode(["My parcel is late", "Where is my order?"])\n'
        "print(model.similarity(vectors, vectors))\n"
    )
