"""From the verdict to the pair: what got worse, what improved most, what is still wrong; a chosen one opens."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from lib.evaluation.store import load_pairs
from lib.store.runs import Run
from lib.ui.explore import keys, selection
from lib.ui.explore.pairs import detail
from lib.ui.shared.cache import stamp

MOST_ROWS = 5_000
"""Rows of a table that are sent to the browser; the worst and the best are always among them."""

TITLES = {"worse": "Got worse", "better": "Most improved", "wrong": "Still wrong", "all": "All pairs"}
SHOWN = {
    "anchor": "source",
    "positive": "target",
    "negative": "wrong target",
    "text": "text",
    "score": "score",
    "label": "label",
    "base_rank": "rank before",
    "tuned_rank": "rank after",
    "base_margin": "margin before",
    "tuned_margin": "margin after",
    "base_cosine": "cosine before",
    "tuned_cosine": "cosine after",
    "base_negative_cosine": "wrong before",
    "tuned_negative_cosine": "wrong after",
    "base_background": "random before",
    "tuned_background": "random after",
    "base_neighbours": "class before",
    "tuned_neighbours": "class after",
    "change": "change",
}
"""Column of the stored table -> what the page calls it, in this order."""

SHARES = ("background", "neighbours")
HELP = {
    "rank": "Place of this target among all distinct targets, other right ones passed over; 1 is first.",
    "margin": "Its cosine less that of the nearest wrong target: above 0, it comes first.",
    "cosine": "Cosine of source and target. Each model has its own background: see the columns on random pairs.",
    "negative_cosine": "Cosine of the source and the nearest wrong target of its own row.",
    "background": "Share of random pairs of the same model that are less close than this pair.",
    "neighbours": "Share of the ten nearest other texts that have its class.",
}
WIDTH, TEXT_WIDTH, WORD_WIDTH = 100, 170, 70
"""Pixels of a number's and of a text's column: headers stand in full, and all columns fit beside each other at 1,440."""


@st.cache_data(max_entries=32, show_spinner=False)
def _pairs(identity: str, _stamp: tuple[int, int]) -> pd.DataFrame:
    from lib.store.workspace import open_workspace

    return load_pairs(open_workspace().runs.get(identity))


def pairs_of(run: Run) -> pd.DataFrame:
    """Return the stored table of a run's held-out examples, or an empty one."""
    path = run.paths.evaluation.pairs
    return _pairs(run.id, stamp(path)) if path.exists() else pd.DataFrame()


def show(run: Run) -> None:
    """Draw the tables and the inspector."""
    table = pairs_of(run)
    if table.empty:
        return
    st.subheader("From the verdict to the pair", anchor=False)
    kind = chosen_table(table)
    listed = views()[kind](table).head(MOST_ROWS)
    if kind == "wrong" and meaning(table):
        st.caption(meaning(table))
    if listed.empty:
        st.caption(EMPTY[kind])
    else:
        draw(run, kind, listed)
    chosen = [pair for pair in selection.selected_pairs(run.id) if pair in set(table["pair"])]
    if chosen:
        detail.show(run, table, chosen)
    elif not listed.empty:
        st.caption("Choose a row to see what lies behind it.")


EMPTY = {
    "worse": "No pair got worse.",
    "better": "No pair got better.",
    "wrong": "No pair is wrong any more.",
    "all": "There are no pairs.",
}


def meaning(table: pd.DataFrame) -> str:
    """Return what wrong means where there are no ranks, empty where there are."""
    if "tuned_rank" in table or "text" in table:
        return ""
    if "label" in table:
        return "On the wrong side of the recommended threshold, the farthest first."
    return "The place of the cosine among all pairs is more than a quarter of them away from the place of the score."


def views() -> dict[str, Callable[[pd.DataFrame], pd.DataFrame]]:
    """Return by table what it lists, the most telling first."""
    return {"worse": worse, "better": better, "wrong": wrong, "all": lambda table: table}


def worse(table: pd.DataFrame) -> pd.DataFrame:
    """Return what got worse, the worst first."""
    return ordered(table[table["change"] == "worse"], ascending=True)


def better(table: pd.DataFrame) -> pd.DataFrame:
    """Return what got better, the most improved first."""
    return ordered(table[table["change"] == "better"], ascending=False)


def ordered(table: pd.DataFrame, *, ascending: bool) -> pd.DataFrame:
    """Sort by the gain; where that is equal, by how far the margin or cosine moved."""
    by = table.assign(_moved=moved(table))
    by = by.sort_values(["gain", "_moved"], ascending=ascending, kind="stable")
    return by.drop(columns="_moved")


def moved(table: pd.DataFrame) -> pd.Series:
    """Return how far each row's margin (or cosine, or neighbours) moved."""
    for name in ("margin", "cosine", "neighbours"):
        if f"base_{name}" in table:
            return table[f"tuned_{name}"] - table[f"base_{name}"]
    return table["gain"]


def wrong(table: pd.DataFrame) -> pd.DataFrame:
    """Return what the tuned model still gets wrong, the farthest from right first."""
    ranked = table["tuned_rank"] > 1 if "tuned_rank" in table else pd.Series(data=False, index=table.index)
    listed = table[table.get("wrong", ranked)]  # older evaluations say it of ranks alone
    if "tuned_rank" in table:
        return listed.sort_values(["tuned_rank", "tuned_margin"], ascending=[False, True])
    if "tuned_neighbours" in table:
        return listed.sort_values("tuned_neighbours")
    return listed.sort_values("off", ascending=False, kind="stable") if "off" in table else listed


def chosen_table(table: pd.DataFrame) -> str:
    """Let the person choose a table; what got worse comes first."""
    counts = {kind: len(view(table)) for kind, view in views().items()}
    titles = TITLES | ({"all": "All texts"} if "text" in table else {})
    chosen = st.segmented_control(
        "Pairs",
        list(TITLES),
        default="worse",
        required=True,
        format_func=lambda kind: f"{titles[kind]} ({counts[kind]:,})",
        label_visibility="collapsed",
        key=keys.PAIR_TABLE,
    )
    return str(chosen or "worse")


def draw(run: Run, kind: str, listed: pd.DataFrame) -> None:
    """Draw a table; a chosen row is chosen everywhere."""
    key = f"{keys.PAIR_TABLE}-{kind}-{run.id}-{selection.selection_version()}"
    ids = listed["pair"].to_numpy()

    def picked() -> None:
        selection.select_pairs([int(ids[row]) for row in selection.selected_rows(key) if row < len(ids)], run.id)

    present = [name for name in SHOWN if name in listed]
    st.dataframe(
        listed[present].rename(columns=SHOWN),
        hide_index=True,
        height=320,
        on_select=picked,
        selection_mode="single-row",
        column_config=columns(present),
        key=key,
        alt="Held-out pairs: texts, rank, margin and cosine before and after",
    )


def columns(present: list[str]) -> dict[str, object]:
    """Return how each column is written: three digits for cosines and margins, whole percent for shares; what it says."""
    found: dict[str, object] = {}
    for name in present:
        kind = name.removeprefix("base_").removeprefix("tuned_")
        if kind in HELP:
            form = "percent" if kind in SHARES else "%d" if kind == "rank" else "%.3f"
            found[SHOWN[name]] = st.column_config.NumberColumn(format=form, width=WIDTH, help=HELP[kind])
        elif name in ("anchor", "positive", "negative", "text"):
            found[SHOWN[name]] = st.column_config.TextColumn(width=TEXT_WIDTH)
        elif name == "change":
            found[SHOWN[name]] = st.column_config.TextColumn(width=WORD_WIDTH)
    return found
