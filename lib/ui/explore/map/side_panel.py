"""The side of the map: what a choice opens, in sight of the map, and what can be chosen while nothing is."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.data.shapes import TEXT_COLUMNS
from lib.store.runs import Run
from lib.ui.explore import keys, selection
from lib.ui.explore.map import search
from lib.ui.explore.map.data import Told, rows
from lib.ui.explore.map.filters import View
from lib.ui.explore.map.pair import follow, follow_text

LABEL_CHARACTERS = 70


def show(run: Run, found: Told, view: View, lines: pd.DataFrame) -> None:
    """Draw what is chosen, or what can be."""
    chosen = known(run, selection.selected_pairs(run.id))
    if not chosen:
        search.show(run, found, view, lines)
        return
    st.button(
        f"Let go of {len(chosen):,} chosen",
        icon=":material/close:",
        type="tertiary",
        on_click=selection.clear_selection,
        args=(run.id,),
    )
    if len(chosen) > keys.LINKED_PAIRS:
        st.caption(f"A link holds the first {keys.LINKED_PAIRS} of them.")
    pair = selection.choose_active_pair(chosen, key=keys.MAP_PAIR, label=lambda one: short(run, found, one))
    if found.classes:
        follow_text(run, found, pair)
    elif (found.lines["pair"] == pair).any():
        follow(run, found, found.lines[found.lines["pair"] == pair].iloc[0])
    else:
        elsewhere(run, pair)


def known(run: Run, pairs: list[int]) -> list[int]:
    """Return those of the pairs that the dataset has: a link may name others."""
    if not pairs:
        return []
    return [pair for pair in pairs if pair in rows(run).index]


def texts_of(run: Run, pair: int) -> list[str]:
    """Return the texts of a row of the dataset as they stand."""
    row = rows(run).loc[pair]
    names = [name for names in TEXT_COLUMNS.values() for name in names[:2]]
    return [str(row[name]) for name in dict.fromkeys(names) if name in row.index]


def short(run: Run, found: Told, pair: int) -> str:
    """Return a pair as one short line."""
    flat = " ".join(texts_of(run, pair)[0].split())
    return flat if len(flat) <= LABEL_CHARACTERS else flat[: LABEL_CHARACTERS - 1] + "…"


def elsewhere(run: Run, pair: int) -> None:
    """Show a pair that has no place on the map."""
    st.text("\n→ ".join(texts_of(run, pair)))
    part = str(rows(run).loc[pair, "part"]).replace("_", "-").capitalize()
    st.caption(f"{part}. Not followed during training: it has no place on the map. Try it below with both models.")
