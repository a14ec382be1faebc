"""The selection of pairs that map, tables and pair details share, and readers of widgets' selections."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from lib.ui.explore import keys

_MAX_DIGITS = 9
"""Of a pair's number in an address: a dataset has fewer rows."""

_MAX_OPTIONS = 500
"""Selected pairs that the list of them offers."""


def selected_pairs(run: str | None = None) -> list[int]:
    """Read the ids of the selected pairs; another run starts with none."""
    if run is not None and st.session_state.get(keys.SELECTED_RUN, run) != run:
        return []
    if keys.SELECTED_PAIRS not in st.session_state:
        return linked_pairs()[0]
    return list(st.session_state[keys.SELECTED_PAIRS])


def linked_pairs() -> tuple[list[int], bool]:
    """Read the pairs that the address names, and whether it holds anything else in their place."""
    words = [word.strip() for word in st.query_params.get(keys.PAIR, "").split(",") if word.strip()]
    fit = [word for word in words if word.isascii() and word.isdecimal() and len(word) <= _MAX_DIGITS]
    pairs = list(dict.fromkeys(int(word) for word in fit))[:_MAX_OPTIONS]
    return pairs, len(fit) < len(words)


def select_pairs(pairs: Iterable[int], run: str | None = None) -> None:
    """Select pairs for the map, the tables and the pair details alike."""
    selected = list(dict.fromkeys(int(pair) for pair in pairs))
    st.session_state[keys.SELECTED_PAIRS] = selected
    if selected:
        st.query_params[keys.PAIR] = ",".join(str(pair) for pair in selected[: keys.LINKED_PAIRS])
    else:
        st.query_params.pop(keys.PAIR, None)
    if run is not None:
        st.session_state[keys.SELECTED_RUN] = run


def clear_selection(run: str) -> None:
    """Select nothing, and reset the tables and the map, which keep a selection of their own."""
    select_pairs([], run)
    for name in (keys.ACTIVE_PAIR, keys.HIGHLIGHTED_PAIRS, keys.PAIRS_FROM_MAP, keys.MAP_LASSO):
        st.session_state.pop(name, None)
    st.session_state[keys.SELECTION_VERSION] = selection_version() + 1


def selection_version() -> int:
    """Count how often the selection was cleared: part of the key of every widget that shows a selection."""
    return int(st.session_state.get(keys.SELECTION_VERSION, 0))


def _active_pair(selected: list[int]) -> int | None:
    """Pick the selected pair to show in detail: the one that was opened last, or the first."""
    active = st.session_state.get(keys.ACTIVE_PAIR)
    return active if active in selected else next(iter(selected), None)


def choose_active_pair(selected: list[int], *, key: str, label: Callable[[int], str]) -> int:
    """Let the person switch between the selected pairs, and return the one to show in detail."""
    pair = _active_pair(selected)
    assert pair is not None, "at least one pair is selected"
    if len(selected) == 1:
        return pair
    options = selected[:_MAX_OPTIONS] if pair in selected[:_MAX_OPTIONS] else [pair, *selected[: _MAX_OPTIONS - 1]]
    st.session_state[key] = pair

    def store() -> None:
        st.session_state[keys.ACTIVE_PAIR] = int(st.session_state[key])

    st.selectbox(f"Pair ({len(selected):,} selected)", options, format_func=label, key=key, on_change=store)
    return pair


def select_on_map(pairs: Iterable[int], run: str) -> None:
    """Select pairs by the map itself: plotly shows that selection, so they get no ring."""
    select_pairs(pairs, run)
    st.session_state[keys.PAIRS_FROM_MAP] = selected_pairs(run)


def highlighted_pairs(run: str) -> tuple[int, ...]:
    """List the pairs to ring on the map.

    The last ones selected elsewhere, kept while the map itself selects others.
    """
    selected = selected_pairs(run)
    if selected != st.session_state.get(keys.PAIRS_FROM_MAP):
        st.session_state[keys.HIGHLIGHTED_PAIRS] = (run, tuple(selected))
        st.session_state.pop(keys.PAIRS_FROM_MAP, None)
    owner, pairs = st.session_state.get(keys.HIGHLIGHTED_PAIRS, (run, ()))
    return pairs if owner == run else ()


def selected_points(key: str) -> list[tuple[int, int]]:
    """List the (trace, point) indices that are selected in a figure."""
    points = st.session_state.get(key, {}).get("selection", {}).get("points", [])
    return [(int(point["curve_number"]), int(point["point_index"])) for point in points if "point_index" in point]


def selected_rows(key: str) -> list[int]:
    """List the rows that are selected in a table."""
    return [int(row) for row in st.session_state.get(key, {}).get("selection", {}).get("rows", [])]
