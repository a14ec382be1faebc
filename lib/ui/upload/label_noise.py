"""Rows that the base model doubts: asked in the background, resolved row by row."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import streamlit as st

from lib.data.drop_rows import drop_rows
from lib.data.shapes import Shape
from lib.errors import CloserError
from lib.jobs.events import fold, read_events
from lib.jobs.label_noise_check import files_of
from lib.jobs.locks import is_held
from lib.process import start_module
from lib.settings import BUNDLED_MODEL
from lib.store.datasets import Dataset
from lib.store.layout import WorkspacePaths
from lib.store.workspace import Workspace
from lib.ui.shared.components import show_error
from lib.ui.upload import draft

POLL_SECONDS = 2


def show(workspace: Workspace, dataset: Dataset) -> None:
    """Offer the check, show how far it is, or its list."""
    if Shape(dataset.shape) not in (Shape.PAIRS, Shape.TRIPLETS):
        return
    result, events, lock = files_of(workspace.home, dataset.id)
    with st.expander("Rows that the base model doubts", icon=":material/rule:", key=f"suspects-{dataset.id}"):
        st.caption(
            f"Where {BUNDLED_MODEL} ranks another target above the row's own: often a target that is right too (a false "
            "negative in its batch), sometimes a wrong row. A hard but right row stands here too: look before you leave it out."
        )
        if result.exists():
            _list(workspace, dataset, result)
        elif is_held(lock):
            _working(str(events), str(result))
        elif st.button("Ask the base model", icon=":material/psychology:", key=f"suspects-ask-{dataset.id}"):
            start(workspace.home, dataset.id)
            _working(str(events), str(result))


def start(home: Path, dataset: str) -> None:
    """Start the check in a process of its own."""
    start_module(
        "lib.jobs.label_noise_check", str(home), dataset, log=WorkspacePaths(home).label_noise / f"{dataset}.log"
    )


@st.fragment(run_every=POLL_SECONDS)
def _working(events: str, result: str) -> None:
    if Path(result).exists():
        st.rerun()
    status = fold(read_events(Path(events))[0])
    st.progress(status.fraction, text=f"{status.stage or 'Starting'} ...")


def _list(workspace: Workspace, dataset: Dataset, result: Path) -> None:
    table = pd.DataFrame(json.loads(result.read_text(encoding="utf-8")))
    if table.empty:
        st.success("The base model doubts no row.", icon=":material/check:")
        return
    st.text(f"{len(table):,} rows, the widest gap first. Mark those that should be left out.")
    shown = table[["line", "anchor", "positive", "cosine", "other", "other_cosine", "gap"]].copy()
    shown.insert(0, "leave out", False)
    edited = st.data_editor(
        shown,
        hide_index=True,
        disabled=[name for name in shown.columns if name != "leave out"],
        key=f"suspects-table-{dataset.id}",
        height=320,
    )
    chosen = table["pair"][edited["leave out"].to_numpy()].tolist()
    label = f"Save a dataset without {len(chosen):,} rows"
    if st.button(label, icon=":material/save:", disabled=not chosen, key=f"suspects-save-{dataset.id}"):
        try:
            made = drop_rows(workspace, dataset, chosen, name=f"{dataset.name[:150]} without {len(chosen)} rows")
        except CloserError as error:
            show_error(error)
            return
        draft.remember_saved(made.id)
        st.rerun()
