"""The panel beside the map: the details of the selected pair, or a list to select from."""

from __future__ import annotations

import streamlit as st

from lib.shapes import TEXT_COLUMNS
from lib.store.runs import Run
from lib.ui.explore import keys, selection
from lib.ui.explore.map.data import dataset_rows
from lib.ui.explore.map.group_choice import show_lasso_choice
from lib.ui.explore.map.pair import show_pair_on_map, show_text_on_map
from lib.ui.explore.map.search import show_pair_list
from lib.ui.explore.map.view import MapView

_TITLE_CHARACTERS = 70
"""Characters of a pair's title in the list of selected pairs."""


def show_side_panel(view: MapView) -> None:
    """Draw the selected pair, or what can be selected; above, what a lasso can become."""
    run = view.run
    show_lasso_choice(view)
    selected = _existing_pairs(run, selection.selected_pairs(run.id))
    linked, has_others = selection.linked_pairs()
    if has_others or not set(linked) <= set(selected):
        st.info("The address names pairs that this run does not have. They are left out.", icon=":material/link_off:")
    if not selected:
        show_pair_list(view)
        return
    st.button(
        f"Clear selection ({len(selected):,})",
        icon=":material/close:",
        type="tertiary",
        on_click=selection.clear_selection,
        args=(run.id,),
        key="clear-selection",
    )
    if len(selected) > keys.LINKED_PAIRS:
        st.caption(f"A link includes the first {keys.LINKED_PAIRS} of them.")
    pair = selection.choose_active_pair(selected, key=keys.MAP_PAIR, label=lambda one: _title(run, one))
    lines = view.data.lines
    if view.data.classes:
        show_text_on_map(view, pair)
    elif (lines["pair"] == pair).any():
        show_pair_on_map(view, lines[lines["pair"] == pair].iloc[0])
    else:
        _show_pair_off_map(run, pair)


def _existing_pairs(run: Run, pairs: list[int]) -> list[int]:
    """Keep the pairs that the dataset has: a link may name others."""
    if not pairs:
        return []
    return [pair for pair in pairs if pair in dataset_rows(run).index]


def _texts_of_row(run: Run, pair: int) -> list[str]:
    row = dataset_rows(run).loc[pair]
    names = [name for names in TEXT_COLUMNS.values() for name in names[:2]]
    return [str(row[name]) for name in dict.fromkeys(names) if name in row.index]


def _title(run: Run, pair: int) -> str:
    """Write a pair as one short line."""
    line = " ".join(_texts_of_row(run, pair)[0].split())
    return line if len(line) <= _TITLE_CHARACTERS else line[: _TITLE_CHARACTERS - 1] + "…"


def _show_pair_off_map(run: Run, pair: int) -> None:
    st.text("\n→ ".join(_texts_of_row(run, pair)))
    part = str(dataset_rows(run).loc[pair, "part"]).replace("_", "-").capitalize()
    st.caption(f"{part}. Not on the map: no snapshots of its texts were stored. Compare them with both models below.")
