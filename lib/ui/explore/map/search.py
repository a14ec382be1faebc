"""What the side of the map lists while nothing is chosen: the pairs that a search found, wherever they are, or those that changed most."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lib.data.shapes import TEXT_COLUMNS, Shape
from lib.evaluation.store import load_pairs
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore import keys, selection
from lib.ui.explore.map.data import Told, rows, search
from lib.ui.explore.map.filters import View, fitting, measure_of, open_filters
from lib.ui.explore.pairs.table import SHOWN, columns

MOST_ROWS = 500
"""Rows of the list that are sent to the browser, those on the map first."""

LISTED = 200
"""Pairs listed at the side where nothing is searched."""

LIST_HEIGHT = 470
NUMBERS = ("base_rank", "tuned_rank", "base_cosine", "tuned_cosine")
ON_MAP, FILTERED, ELSEWHERE = "on the map", "behind a filter", "not on the map"
ENDS = ("source", "target")
CHANGED = {"margin": "margin", "cosine": "cosine", "asked": "as asked"}
"""What the list calls the number that it is ordered by."""


def show(run: Run, found: Told, view: View, lines: pd.DataFrame) -> None:
    """List what can be chosen: by a search all that holds the words, otherwise the strongest changes of this view."""
    if view.words:
        hits(run, found, view, lines)
    elif found.classes:
        st.caption("Choose a point to read its text, or look for words.")
    elif not lines.empty:
        strongest(run, found, view, lines)


def strongest(run: Run, found: Told, view: View, lines: pd.DataFrame) -> None:
    """List the pairs of the view that changed most, either way."""
    st.subheader("Strongest changes", anchor=False)
    order = lines["value"].abs().sort_values(ascending=False, kind="stable").index[:LISTED]
    some = lines.loc[order]
    name = CHANGED[measure_of(found, view)]
    table = pd.DataFrame(
        {
            name: some["value"].to_numpy(),
            **{end: [found.texts[place] for place in some[end]] for end in ENDS},
        }
    )
    config = {name: st.column_config.NumberColumn(format="%+.3f", width=70)}
    listing(run, table, some["pair"].to_numpy(), config | {end: st.column_config.TextColumn(width=165) for end in ENDS})
    st.caption("Choose a row here, or points and lines on the map by click or lasso.")


def hits(run: Run, found: Told, view: View, lines: pd.DataFrame) -> None:
    """List every pair that holds the words, with where it is, and offer to choose them all."""
    where = places(run, found, view, lines)
    counts = where.value_counts()
    noun = ("text" if found.classes else "pair") + ("" if len(where) == 1 else "s")
    st.subheader(f"{len(where):,} {noun} found", anchor=False)
    if where.empty:
        st.caption("Nothing in this dataset holds these words.")
        return
    st.caption(", ".join(f"{counts[name]:,} {name}" for name in (ON_MAP, FILTERED, ELSEWHERE) if name in counts) + ".")
    with st.container(horizontal=True):
        everyone = [int(pair) for pair in where.index]
        st.button("Choose all", icon=":material/select_all:", on_click=selection.select_pairs, args=(everyone, run.id))
        if FILTERED in counts:
            words = f"{counts[FILTERED]:,} hidden by the filters: show"
            st.button(words, icon=":material/filter_alt_off:", on_click=open_filters)
    table = listed(run, where)
    if len(table) < len(where):
        st.caption(f"The first {len(table):,} of them.")
    listing(run, table.rename(columns=SHOWN), table.index.to_numpy(), columns(list(table)))


def places(run: Run, found: Told, view: View, lines: pd.DataFrame) -> pd.Series:
    """Return for each row of the dataset that holds the words where it is, those on the map first."""
    wanted = search(run, view.words)
    if found.classes:
        here, known = found.rows[fitting(found, view, run)], found.rows
    else:
        here, known = lines["pair"].to_numpy(), found.lines["pair"].to_numpy()
    names = np.where(np.isin(wanted, here), ON_MAP, np.where(np.isin(wanted, known), FILTERED, ELSEWHERE))
    order = pd.Categorical(names, [ON_MAP, FILTERED, ELSEWHERE])
    return pd.Series(order, index=wanted, name="where").sort_values(kind="stable")


def listing(run: Run, table: pd.DataFrame, ids: np.ndarray, config: dict[str, object]) -> None:
    """Draw a list whose rows can be chosen; a chosen one opens in its place."""
    key = f"{keys.MAP_LIST}-{run.id}-{selection.selection_version()}-{hash(tuple(ids[:50].tolist())) & 0xFFFFFF}"

    def picked() -> None:
        selection.select_pairs([int(ids[row]) for row in selection.selected_rows(key) if row < len(ids)], run.id)

    st.dataframe(
        table,
        hide_index=True,
        height=min(LIST_HEIGHT, 38 + 35 * len(table)),
        on_select=picked,
        selection_mode="single-row",
        column_config=config,
        key=key,
        alt="What can be chosen on the map: texts with their numbers",
    )


def listed(run: Run, where: pd.Series) -> pd.DataFrame:
    """Return where each row is, its texts, its part, and what the evaluation knows, by row of the dataset."""
    dataset = open_workspace().datasets.get(run.dataset)
    names = list(TEXT_COLUMNS[Shape(dataset.shape)][:2])
    if dataset.shape == Shape.LABELLED_TEXTS.value:
        names = ["text", "label"]
    some = where.head(MOST_ROWS)
    frame = rows(run).loc[some.index, [*names, "part"]]
    frame["part"] = frame["part"].str.replace("_", "-")
    found = pd.concat([some.astype(str), frame], axis=1)
    if (run.paths.evaluation.pairs).exists():
        judged = load_pairs(run).drop_duplicates("pair").set_index("pair")
        found = found.join(judged[[name for name in NUMBERS if name in judged]])
    return found
