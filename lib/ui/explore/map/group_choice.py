"""The choice of the groups A and B, by a lasso on the map or by name; in session and address."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from lib.errors import StoreError
from lib.format import format_count
from lib.projection.group_comparison import exclusive_texts
from lib.projection.text_groups import decode_texts, encode_texts, group_texts, group_title, group_titles
from lib.store.map_paths import MapKind
from lib.store.runs import Run
from lib.ui.explore import keys
from lib.ui.explore.map.colours import CHANGE
from lib.ui.explore.map.data import load_map_data
from lib.ui.explore.map.maps import chosen_map
from lib.ui.explore.map.view import MapView

COMPARED_NAMES = ("A", "B")
_PARAMETERS = (keys.MAP_GROUP_A, keys.MAP_GROUP_B)

_LINKED_CHARACTERS = 2_000
"""Of a group's word in an address; a longer one stays in the session, and the page says so."""

_MIN_TEXTS = 2
"""Of a lasso that is offered as a group: a click on one text selects its pair."""


def chosen_groups(run: Run) -> tuple[str, str]:
    """Read the words of the groups A and B, empty where none is chosen; another run starts with none."""
    stored = st.session_state.get(keys.MAP_GROUPS)
    if stored is None:
        linked = (str(st.query_params.get(name, "")) for name in _PARAMETERS)
        stored = st.session_state[keys.MAP_GROUPS] = (run.id, *linked)
    owner, first, second = stored
    if owner != run.id:
        _store(run, ("", ""))
        return "", ""
    return first, second


def comparable_groups(run: Run) -> tuple[tuple[str, str], MapKind] | None:
    """Look up the groups that are compared, and the map that is shown; None where the page compares none."""
    words, kind = chosen_groups(run), chosen_map(run)
    if not all(words) or kind is MapKind.ALL:
        return None
    try:
        data = load_map_data(run, kind=kind)
    except StoreError:  # the map section says so
        return None
    if data is None:
        return None
    own = exclusive_texts((group_texts(data, words[0]), group_texts(data, words[1])))
    return (words, kind) if all(map(len, own)) else None


def choose_group(run: Run, number: int, word: str) -> None:
    """Choose group A (0) or B (1) by its word; an empty one chooses none."""
    first, second = chosen_groups(run)
    words = (word, second) if number == 0 else (first, word)
    _store(run, words)
    st.session_state.pop(keys.MAP_LASSO, None)
    if not all(words) and st.session_state.get(keys.MAP_COLOUR) == keys.COLOUR_GROUPS:
        st.session_state[keys.MAP_COLOUR] = CHANGE


def _store(run: Run, words: tuple[str, str]) -> None:
    """Store the words in the session, and in the address as far as they fit."""
    st.session_state[keys.MAP_GROUPS] = (run.id, *words)
    for name, word in zip(_PARAMETERS, words, strict=True):
        if word and is_linked(word):
            st.query_params[name] = word
        else:
            st.query_params.pop(name, None)


def clear_groups(run: Run) -> None:
    """Choose no groups."""
    for number in range(len(COMPARED_NAMES)):
        choose_group(run, number, "")


def is_linked(word: str) -> bool:
    """Check whether a group's word fits into a link."""
    return len(word) <= _LINKED_CHARACTERS


def store_lasso(run: Run, texts: Iterable[int]) -> None:
    """Store the texts that were selected on the map, to be offered as a group."""
    ids = sorted(set(texts))
    if len(ids) >= _MIN_TEXTS:
        st.session_state[keys.MAP_LASSO] = (run.id, encode_texts(ids))
    else:
        st.session_state.pop(keys.MAP_LASSO, None)


def show_lasso_choice(view: MapView) -> None:
    """Offer the texts of a lasso as group A or B."""
    owner, word = st.session_state.get(keys.MAP_LASSO, ("", ""))
    if owner != view.run.id:
        return
    count = len(decode_texts(word, texts=len(view.data.texts)))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{format_count(count, 'text')} selected: compare as", width="content")
        for number, name in enumerate(COMPARED_NAMES):
            st.button(f"Group {name}", key=f"lasso-group-{name}", on_click=choose_group, args=(view.run, number, word))


def show_group_choice(view: MapView) -> None:
    """Let the person choose both groups by name: regions, classes, values of a column."""
    titles = group_titles(view.data)
    with st.popover("Groups", icon=":material/lasso_select:", help="Compare two groups of texts"):
        st.caption("Select texts on the map by lasso or box, or choose by name.")
        if titles:
            for number, word in enumerate(chosen_groups(view.run)):
                _show_box(view, number, word, titles)


def _show_box(view: MapView, number: int, word: str, titles: dict[str, str]) -> None:
    key = f"{keys.MAP_GROUPS}-{COMPARED_NAMES[number]}-{view.run.id}"
    options = {"": "None"} | ({word: group_title(view.data, word)} if word not in titles else {}) | titles
    st.session_state[key] = word

    def choose() -> None:
        choose_group(view.run, number, str(st.session_state[key]))

    st.selectbox(
        f"Group {COMPARED_NAMES[number]}",
        list(options),
        format_func=lambda one: options.get(one, one),
        key=key,
        on_change=choose,
        width=360,
    )
