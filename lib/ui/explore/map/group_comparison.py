"""The comparison of the groups A and B below the map: what changed, words, example texts."""

from __future__ import annotations

import streamlit as st

from lib.format import format_count
from lib.projection.group_comparison import (
    GroupComparison,
    compare_text_groups,
    describe_distance,
    distance_table,
)
from lib.projection.store import end_vectors
from lib.projection.text_groups import group_texts, group_title
from lib.store.map_paths import MapKind
from lib.store.workspace import open_workspace
from lib.ui.explore import keys
from lib.ui.explore.map.data import load_map_data
from lib.ui.explore.map.group_choice import COMPARED_NAMES, chosen_groups, clear_groups, is_linked
from lib.ui.explore.map.view import MapView
from lib.ui.shared.cache import file_stamp
from lib.ui.shared.components import escape_markdown

_MAX_CHARACTERS = 240
"""Of an example text: a longer one would push the others out of the window."""

_TABLE_WIDTH, _GROUP_WIDTH = 460, 368
"""Pixels: all in one row at 1,440, both groups in one row below the table at 800."""


def show_group_comparison(view: MapView) -> None:
    """Draw the comparison once both groups are chosen; say what is missing where one is."""
    words = chosen_groups(view.run)
    if not any(words) or view.data.kind is MapKind.ALL:  # groups name texts of the map by their ids
        return
    with st.container(key="group-comparison"):
        _show_header(view, words)
        missing = [name for name, word in zip(COMPARED_NAMES, words, strict=True) if not word]
        if missing:
            st.caption(f"Select texts on the map, or choose by name under Groups, as group {missing[0]}.")
            return
        comparison = _compare(
            view.run.id, view.data.kind, file_stamp(view.run.paths.map_of(view.data.kind).summary), words
        )
        if comparison is None:
            st.info(
                "Every text of one group is in the other, or the map has none of its texts.", icon=":material/info:"
            )
        else:
            _show_comparison(view, words, comparison)


def _show_header(view: MapView, words: tuple[str, str]) -> None:
    titles = [
        f"{name}: {group_title(view.data, word)}" for name, word in zip(COMPARED_NAMES, words, strict=True) if word
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(escape_markdown(" and ".join(titles)), anchor=False, width="content")
        if all(words):
            st.button("Colour the map", icon=":material/palette:", key="colour-groups", on_click=_colour_by_groups)
        st.button("Clear groups", icon=":material/close:", key="clear-groups", on_click=clear_groups, args=(view.run,))


def _colour_by_groups() -> None:
    st.session_state[keys.MAP_COLOUR] = keys.COLOUR_GROUPS


@st.cache_data(max_entries=32, show_spinner="Comparing groups")
def _compare(run_id: str, kind: MapKind, stamp: tuple[int, int], words: tuple[str, str]) -> GroupComparison | None:
    run = open_workspace().runs.get(run_id)
    data = load_map_data(run, kind=kind)
    assert data is not None, "groups are chosen on a map"
    groups = group_texts(data, words[0]), group_texts(data, words[1])
    return compare_text_groups(end_vectors(run), groups, texts=data.texts, lines=data.lines)


def _show_comparison(view: MapView, words: tuple[str, str], comparison: GroupComparison) -> None:
    """Draw sentences, the table of cosines, and of each group its words and example texts."""
    with st.container(gap="xxsmall"):
        for sentence in describe_distance(comparison.distance):
            st.markdown(escape_markdown(sentence))
    with st.container(horizontal=True, gap="small"):
        with st.container(width=_TABLE_WIDTH):
            st.table(distance_table(comparison.distance).set_index("mean cosine"))
            st.caption(_describe(words, comparison))
        for number, name in enumerate(COMPARED_NAMES):
            with st.container(width=_GROUP_WIDTH, gap="xsmall"):
                _show_group(name, number, comparison)


def _show_group(name: str, number: int, comparison: GroupComparison) -> None:
    st.markdown(f"**{name}** · {format_count(comparison.distance.sizes[number], 'text')}")
    phrases = comparison.phrases[number]
    if phrases:
        st.caption(escape_markdown(f"Words: {', '.join(phrases)}"))
    for text in comparison.examples[number]:
        st.text(text if len(text) <= _MAX_CHARACTERS else text[: _MAX_CHARACTERS - 1] + "…")


def _describe(words: tuple[str, str], comparison: GroupComparison) -> str:
    parts = [
        "Full embeddings, 95% bootstrap intervals over texts (those joined by pairs together). Texts: nearest to their group's mean, tuned."
    ]
    if comparison.shared:
        parts.append(f"{format_count(comparison.shared, 'text')} of both groups left out.")
    if not all(map(is_linked, words)):
        parts.append("A group is too large for a link and stays in this window.")
    return " ".join(parts)
