"""The list beside the map without a selection: search matches, or the pairs that changed most."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lib.evaluation.store import load_pairs
from lib.shapes import TEXT_COLUMNS, Shape
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore import keys, selection
from lib.ui.explore.map.data import dataset_rows, search_rows
from lib.ui.explore.map.filters import filter_texts, reset_filters
from lib.ui.explore.map.view import MapView, draws_all_texts
from lib.ui.explore.pairs.columns import COLUMN_TITLES, pair_column_config

_MAX_MATCHES = 500
"""Rows of a search that are sent to the browser, those on the map first."""

_MAX_CHANGES = 200
"""Pairs listed where nothing is searched."""

_LIST_HEIGHT = 470
_NUMBER_COLUMNS = ("base_rank", "tuned_rank", "base_cosine", "tuned_cosine")
_ON_MAP, _FILTERED, _OFF_MAP = "on the map", "filtered out", "not on the map"
_ENDS = ("source", "target")
_MEASURE_TITLES = {"margin": "margin", "cosine": "cosine", "label": "toward label"}
"""What the list calls the number that it is sorted by."""


def show_pair_list(view: MapView) -> None:
    """List what can be selected: the matches of a search, otherwise the largest changes of this view."""
    if view.filters.words:
        _show_matches(view)
    elif view.data.classes:
        st.caption("Select a point to read its text, or search for words.")
    elif not view.lines.empty:
        _show_largest_changes(view)


def _show_largest_changes(view: MapView) -> None:
    """List the pairs of the view that changed most, either way."""
    st.subheader("Largest changes", anchor=False)
    order = view.lines["value"].abs().sort_values(ascending=False, kind="stable").index[:_MAX_CHANGES]
    lines, texts, title = view.lines.loc[order], view.data.texts, _MEASURE_TITLES[view.measure]
    table = pd.DataFrame(
        {title: lines["value"].to_numpy(), **{end: [texts[text] for text in lines[end]] for end in _ENDS}}
    )
    config: dict[str, object] = {title: st.column_config.NumberColumn(format="%+.3f", width=70)}
    config |= {end: st.column_config.TextColumn(width=165) for end in _ENDS}
    _show_list(view.run, table, lines["pair"].to_numpy(), config)
    st.caption(
        f"Select a row, or {'click on a text' if draws_all_texts(view) else 'click or lasso points and lines'} on the map."
    )


def _show_matches(view: MapView) -> None:
    """List every row that holds the words, with where it is, and offer to select them all."""
    where = _locate_matches(view)
    counts = where.value_counts()
    noun = ("text" if view.data.classes else "pair") + ("" if len(where) == 1 else "s")
    st.subheader(f"{len(where):,} {noun} found", anchor=False)
    if where.empty:
        st.caption("No matches in this dataset.")
        return
    st.caption(", ".join(f"{counts[name]:,} {name}" for name in (_ON_MAP, _FILTERED, _OFF_MAP) if counts[name]) + ".")
    with st.container(horizontal=True):
        pairs = [int(pair) for pair in where.index]
        st.button(
            "Select all",
            icon=":material/select_all:",
            on_click=selection.select_pairs,
            args=(pairs, view.run.id),
            key="select-matches",
        )
        if counts[_FILTERED]:
            words = f"Show {counts[_FILTERED]:,} filtered out"
            st.button(words, icon=":material/filter_alt_off:", on_click=reset_filters, key="reset-filters")
    table = _match_table(view.run, where)
    if len(table) < len(where):
        st.caption(f"Showing the first {len(table):,}.")
    _show_list(
        view.run, table.rename(columns=COLUMN_TITLES), table.index.to_numpy(), pair_column_config(list(table.columns))
    )


def _locate_matches(view: MapView) -> pd.Series:
    """Locate each row of the dataset that contains the search words, those on the map first."""
    data, rows = view.data, search_rows(view.run, view.filters.words)
    if data.classes:
        visible, on_map = data.rows[filter_texts(data, view.filters, view.run)], data.rows
    else:
        visible, on_map = view.lines["pair"].to_numpy(), data.lines["pair"].to_numpy()
    names = np.where(np.isin(rows, visible), _ON_MAP, np.where(np.isin(rows, on_map), _FILTERED, _OFF_MAP))
    order = pd.Categorical(names, [_ON_MAP, _FILTERED, _OFF_MAP])
    return pd.Series(order, index=rows, name="where").sort_values(kind="stable")


def _show_list(run: Run, table: pd.DataFrame, pairs: np.ndarray, config: dict[str, object]) -> None:
    """Draw a list whose rows can be selected; the details of a selected one take its place."""
    content = hash(tuple(pairs[:50].tolist())) & 0xFFFFFF
    key = f"{keys.MAP_LIST}-{run.id}-{selection.selection_version()}-{content}"

    def select() -> None:
        rows = selection.selected_rows(key)
        selection.select_pairs([int(pairs[row]) for row in rows if row < len(pairs)], run.id)

    st.dataframe(
        table,
        hide_index=True,
        height=min(_LIST_HEIGHT, 38 + 35 * len(table)),
        on_select=select,
        selection_mode="single-row",
        column_config=config,
        key=key,
        alt="Pairs that can be selected on the map: texts with their numbers",
    )


def _match_table(run: Run, where: pd.Series) -> pd.DataFrame:
    """Build by row of the dataset where it is, its texts, its part, and the numbers of the evaluation."""
    dataset = open_workspace().datasets.get(run.dataset)
    names = list(TEXT_COLUMNS[Shape(dataset.shape)][:2])
    if dataset.shape == Shape.LABELLED_TEXTS.value:
        names = ["text", "label"]
    where = where.head(_MAX_MATCHES)
    frame = dataset_rows(run).loc[where.index, [*names, "part"]]
    frame["part"] = frame["part"].str.replace("_", "-")
    table = pd.concat([where.astype(str), frame], axis=1)
    if run.paths.evaluation.pairs.exists():
        pairs = load_pairs(run).drop_duplicates("pair").set_index("pair")
        table = table.join(pairs[[name for name in _NUMBER_COLUMNS if name in pairs]])
    return table
