"""Rows that the base model doubts: asked in the background, resolved row by row."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import streamlit as st

from lib.data.drop_rows import drop_rows
from lib.data.shapes import Shape
from lib.errors import CloserError
from lib.experiments.label_noise_check import label_noise_path
from lib.jobs.events import events_path, fold, read_events
from lib.settings import BUNDLED_MODEL
from lib.store.datasets import Dataset
from lib.store.jobs import OPEN, Job
from lib.store.workspace import Workspace, open_workspace
from lib.ui.shared.components import show_error
from lib.ui.upload.session import set_last_saved_dataset

_POLL_SECONDS = 2


def show_label_noise(workspace: Workspace, dataset: Dataset) -> None:
    """Offer the check, show how far it is, or its list."""
    if Shape(dataset.shape) not in (Shape.PAIRS, Shape.TRIPLETS):
        return
    result = label_noise_path(workspace.home, dataset.id)
    job = workspace.jobs.find(_key(dataset))
    with st.expander("Rows that the base model doubts", icon=":material/rule:", key=f"suspects-{dataset.id}"):
        st.caption(
            f"Where {BUNDLED_MODEL} ranks another target above the row's own: often a target that is right too (a false "
            "negative in its batch), sometimes a wrong row. A hard but right row stands here too: look before you leave it out."
        )
        if result.exists():
            _list(workspace, dataset, result)
        elif job is not None and job.state in OPEN:
            _working(job.id)
        else:
            _offer(workspace, dataset, job)


def _offer(workspace: Workspace, dataset: Dataset, job: Job | None) -> None:
    if job is not None and job.state == "failed":
        show_error(job.failure)
    if st.button("Ask the base model", icon=":material/psychology:", key=f"suspects-ask-{dataset.id}"):
        submit(workspace, dataset)
        st.rerun()


def submit(workspace: Workspace, dataset: Dataset) -> Job:
    """Queue the check, or once more where it has failed; two presses are one."""
    return workspace.jobs.submit_on_dataset("label_noise", dataset=dataset.id, key=_key(dataset))


def _key(dataset: Dataset) -> str:
    return f"label-noise-{dataset.id}"


@st.fragment(run_every=_POLL_SECONDS)
def _working(identity: int) -> None:
    workspace = open_workspace()
    job = workspace.jobs.get(identity)
    if job.state not in OPEN:
        st.rerun()
    if job.state == "queued":
        st.caption(":material/schedule: Waits in the queue ...")
        return
    status = fold(read_events(events_path(workspace, job))[0])
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
        set_last_saved_dataset(made.id)
        st.rerun()
