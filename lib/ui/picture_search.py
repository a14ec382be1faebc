"""Pairs that a search found but the map does not hold: a list of them, with what the evaluation knows."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.data.shapes import TEXT_COLUMNS, Shape
from lib.evaluation.store import load_pairs
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui import state
from lib.ui.pairs import SHOWN, columns

MOST_ROWS = 500
"""Rows of the list that are sent to the browser, judged ones first."""

NUMBERS = ("base_rank", "tuned_rank", "base_cosine", "tuned_cosine")


def show(run: Run, pairs: pd.Index) -> None:
    """List the pairs; a chosen one that was judged opens in the inspector below."""
    if pairs.empty:
        return
    table = listed(run, pairs)
    words = "1 more pair holds" if len(pairs) == 1 else f"{len(pairs):,} more pairs hold"
    with st.expander(f"{words} these words without a place on the map", icon=":material/search:", expanded=True):
        if len(table) < len(pairs):
            st.caption(f"The first {len(table):,} of them, judged ones first.")
        key, ids = f"{state.MAP_SEARCH}-elsewhere-{run.id}", table.index.to_numpy()

        def picked() -> None:
            state.choose([int(ids[row]) for row in state.selected_rows(key) if row < len(ids)], run.id)

        st.dataframe(
            table.rename(columns=SHOWN),
            hide_index=True,
            height=240,
            on_select=picked,
            selection_mode="single-row",
            column_config=columns(list(table)),
            key=key,
            alt="Pairs that hold the words and are not on the map",
        )


def listed(run: Run, pairs: pd.Index) -> pd.DataFrame:
    """Return the texts, part and numbers of the pairs, those that were judged first, by pair."""
    dataset = open_workspace().datasets.get(run.dataset)
    names = list(TEXT_COLUMNS[Shape(dataset.shape)][:2])
    found = dataset.frame().loc[pairs, [*names, "part"]]
    found["part"] = found["part"].str.replace("_", "-")
    if (run.evaluation_dir / "pairs.parquet").exists():
        judged = load_pairs(run).drop_duplicates("pair").set_index("pair")
        numbers = [name for name in NUMBERS if name in judged]
        found = found.join(judged[numbers])
        if numbers:
            found = found.sort_values(numbers[0], key=lambda column: column.isna(), kind="stable")
    return found.head(MOST_ROWS)
