"""Per-pair results: what got worse, what improved most, what is still wrong.

A selected pair opens in detail.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from lib.evaluation.pair_lists import list_errors, list_improvements, list_regressions
from lib.evaluation.store import load_pairs
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore import keys, selection
from lib.ui.explore.pairs.columns import COLUMN_TITLES, pair_column_config
from lib.ui.explore.pairs.detail import show_pair_detail
from lib.ui.shared.cache import file_stamp
from lib.ui.shared.csv_download import show_csv_download

_MAX_ROWS = 5_000
"""Rows of a table that are sent to the browser; the worst and the best are always among them."""

_TABLE_TITLES = {"worse": "Got worse", "better": "Most improved", "wrong": "Still wrong", "all": "All pairs"}
_MIXED_TABLES = ("wrong", "all")
"""Tables whose pairs changed in different ways: there the column says which."""

_EMPTY = {
    "worse": "No pair got worse.",
    "better": "No pair improved.",
    "wrong": "No pair is wrong any more.",
    "all": "There are no pairs.",
}


@st.cache_data(max_entries=32, show_spinner=False)
def _load(run_id: str, stamp: tuple[int, int]) -> pd.DataFrame:
    return load_pairs(open_workspace().runs.get(run_id))


def load_pair_results(run: Run) -> pd.DataFrame:
    """Read the per-pair results of a run, once; empty where it has no evaluation."""
    path = run.paths.evaluation.pairs
    return _load(run.id, file_stamp(path)) if path.exists() else pd.DataFrame()


def show_pair_results(run: Run) -> None:
    """Draw the tables of a run's held-out examples, and the details of a selected one."""
    pairs = load_pair_results(run)
    if pairs.empty:
        return
    st.subheader("Per-pair results", anchor=False)
    kind = _choose_table(pairs)
    rows = _tables()[kind](pairs).head(_MAX_ROWS)
    if kind == "wrong" and (words := _define_errors(pairs)):
        st.caption(words)
    if rows.empty:
        st.caption(_EMPTY[kind])
    else:
        _show_table(run, kind, rows)
    selected = [pair for pair in selection.selected_pairs(run.id) if pair in set(pairs["pair"])]
    if selected:
        show_pair_detail(run, pairs, selected)
    elif not rows.empty:
        st.caption("Select a row for details.")


def _define_errors(pairs: pd.DataFrame) -> str:
    """Define in words what counts as wrong where there are no ranks; empty where there are."""
    if "tuned_rank" in pairs or "text" in pairs:
        return ""
    if "label" in pairs:
        return "On the wrong side of the recommended threshold, farthest first."
    return "Cosine rank and score rank differ by more than 25 percentiles."


def _tables() -> dict[str, Callable[[pd.DataFrame], pd.DataFrame]]:
    """Map each table to what selects and sorts its rows."""
    return {"worse": list_regressions, "better": list_improvements, "wrong": list_errors, "all": lambda pairs: pairs}


def _choose_table(pairs: pd.DataFrame) -> str:
    """Let the person choose a table; what got worse comes first."""
    counts = {kind: len(select(pairs)) for kind, select in _tables().items()}
    titles = _TABLE_TITLES | ({"all": "All texts"} if "text" in pairs else {})
    kind = st.segmented_control(
        "Pairs",
        list(_TABLE_TITLES),
        default="worse",
        required=True,
        format_func=lambda kind: f"{titles[kind]} ({counts[kind]:,})",
        label_visibility="collapsed",
        key=keys.PAIR_TABLE,
    )
    return str(kind or "worse")


def _show_table(run: Run, kind: str, rows: pd.DataFrame) -> None:
    """Draw a table; a selected row is selected on the whole page."""
    key = f"{keys.PAIR_TABLE}-{kind}-{run.id}-{selection.selection_version()}"
    pairs = rows["pair"].to_numpy()

    def select() -> None:
        rows = selection.selected_rows(key)
        selection.select_pairs([int(pairs[row]) for row in rows if row < len(pairs)], run.id)

    columns = [name for name in COLUMN_TITLES if name in rows]
    shown = [name for name in columns if name != "change" or kind in _MIXED_TABLES]
    st.dataframe(
        rows[columns].rename(columns=COLUMN_TITLES),
        hide_index=True,
        column_order=[COLUMN_TITLES[name] for name in shown],
        on_select=select,
        selection_mode="single-row",
        column_config=pair_column_config(shown),
        key=key,
        alt="Held-out pairs: texts, rank, margin and cosine, base and tuned",
    )
    show_csv_download(
        "Download table",
        lambda: rows[columns].rename(columns=COLUMN_TITLES),
        file_name=f"{run.id}-pairs-{kind}.csv",
        key=f"{keys.PAIR_TABLE}-csv-{kind}-{run.id}",
    )
