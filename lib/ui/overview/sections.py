"""The overview of a workspace: counts, runs with actions and comparison, datasets."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from lib.format import format_bytes
from lib.shapes import Shape
from lib.store.datasets import Dataset
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.ui.overview import compare, run_actions, runs_table, seed_groups
from lib.ui.shared import state
from lib.ui.shared.components import SHAPE_TITLES
from lib.ui.shared.edit_button import edit_button


def show_overview(workspace: Workspace, runs: Sequence[Run], datasets: Sequence[Dataset]) -> None:
    """Draw counts, datasets and runs."""
    _show_cards(workspace, runs, datasets)
    st.subheader("Runs", anchor=False)
    names = {dataset.id: dataset for dataset in datasets}
    ids = _select_runs(runs, names)
    selection = [run for run in runs if run.id in ids]
    if len(selection) == 1:
        run_actions.show_run_actions(workspace, selection[0])
    elif selection:
        compare.show_comparison(selection)
    else:
        st.caption("Select a run to open, rename, star or delete it; select several to compare them.")
    seed_groups.show_seed_groups(runs, names)
    show_cleanup(workspace)
    _show_datasets(datasets)


def show_cleanup(workspace: Workspace) -> None:
    """Draw what was deleted, what can be freed and what crashes left, to restore or clean up."""
    run_actions.show_deleted_runs(workspace)
    run_actions.show_checkpoints(workspace)
    run_actions.show_vectors(workspace)
    run_actions.show_leftovers(workspace)
    run_actions.show_unlisted_folders(workspace)


def _show_cards(workspace: Workspace, runs: Sequence[Run], datasets: Sequence[Dataset]) -> None:
    done = [run for run in runs if run.headline]
    better = sum(1 for run in done if run.headline and run.headline.verdict == "better")
    with st.container(horizontal=True):
        st.metric("Datasets", len(datasets), border=True)
        st.metric("Runs", len(runs), border=True)
        st.metric("Better on held-out pairs", f"{better} of {len(done)}" if done else None, border=True)
        st.metric("Queued or running", sum(run.is_open for run in runs), border=True)
        st.metric("Disk usage", format_bytes(workspace.used_bytes()), border=True)


def _select_runs(runs: Sequence[Run], datasets: dict[str, Dataset]) -> list[str]:
    shown = runs_table.runs_frame(runs, datasets)
    if len(runs) > 3:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            words = st.text_input("Search", key="runs-search", icon=":material/search:", bind="query-params")
            states = st.pills("State", sorted(set(shown["state"])), selection_mode="multi", key="runs-states")
            starred = st.toggle("Starred only", key="runs-starred")
        shown = runs_table.filter_runs(shown, words=words or "", states=states, starred=starred)
    return runs_table.show_runs_table(shown) if len(shown) else _show_no_match()


def _show_no_match() -> list[str]:
    st.caption("No matching runs.")
    return []


def _show_datasets(datasets: Sequence[Dataset]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Datasets", anchor=False)
        if edit_button("Train a model", icon=":material/model_training:", type="primary"):
            st.switch_page(state.TRAIN_PAGE)
    rows = [
        {
            "Dataset": dataset.name,
            "Shape": SHAPE_TITLES[Shape(dataset.shape)],
            "Train": dataset.counts["train"],
            "Validation": dataset.counts["validation"],
            "Held-out": dataset.counts["held_out"],
            "Created": pd.Timestamp(dataset.created),
        }
        for dataset in datasets
    ]
    if rows:
        columns = {"Created": st.column_config.DatetimeColumn("Created", format="distance")}
        st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=columns, alt="All datasets with their parts")
    else:
        st.caption("No datasets.")
