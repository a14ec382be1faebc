"""The filters of the map: part, change, words, group, neighbours, classes; and what colours it.

All in the address, so that links open the same view.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from lib.charts.map.lines import COLOURED_CLASSES
from lib.charts.map.scene import TextClasses
from lib.projection.text_groups import column_values
from lib.store.runs import Run
from lib.ui.explore import keys
from lib.ui.explore.map.colours import (
    CHANGE,
    colour_titles,
    column_of,
    describe_doubtful,
    mark_groups,
    neighbour_mask,
)
from lib.ui.explore.map.data import MapData, search_rows

_PART_TITLES = {"held_out": "Held-out", "validation": "Validation", "train": "Trained", "all": "All"}
_CHANGE_TITLES = {"all": "Any change", "better": "Better", "same": "Same", "worse": "Worse"}

_VIEW_TITLES = {"play": "Play", "side": "Side by side"}
_CHANGE_HELP = {
    "margin": "Better: the rank of the correct answer improved; worse: it dropped; same: it did not change. Pairs without a rank "
    "(trained, validation) count from 0.02 in cosine. Colours show the change in margin or cosine, which can differ "
    "while the rank stays the same.",
    "cosine": "Better: the cosine rose by more than 0.02; worse: it fell by more. Where the correct answer was ranked, its rank decides.",
    "label": "Better: the cosine moved toward the pair's score or label; worse: away from it.",
}

_NEIGHBOUR_TITLES = {"all": "Any", "same": "Mostly the same", "new": "Mostly new"}
_NEIGHBOUR_HELP = (
    "By how many of a text's nearest texts by the tuned model were not among them by the base model. A pair passes where either of its "
    "texts does. A text whose neighbours moved with it did not change its meaning."
)


@dataclass(frozen=True)
class MapFilters:
    """The map's filters, the snapshot to start with, and whether base and best stand side by side.

    Hashable, so that a figure is built once for each.
    """

    part: str = "held_out"
    change: str = "all"
    words: str = ""
    group: str = ""
    snapshot: str = ""
    classes: tuple[str, ...] = ()
    side_by_side: bool = False
    colour: str = CHANGE
    neighbours: str = "all"
    doubtful: bool = False
    value: str = ""
    groups: tuple[str, str] = ("", "")


def opening_filters(data: MapData) -> MapFilters:
    """Build the filters of a page whose address names none."""
    classes = tuple(list(data.classes)[:COLOURED_CLASSES])
    return MapFilters(_default_part(data), snapshot=next(iter(data.map.labels), ""), classes=classes)


def show_filters(data: MapData, groups: tuple[str, str] = ("", ""), *, hidden: bool = False) -> MapFilters:
    """Draw the controls and read them.

    groups: the words of A and B, which may colour the map. hidden: they stay in the page for the address alone (the present mode).
    """
    snapshot = _initial_snapshot(data.run, data.map.labels)
    key = "map-filters-unseen" if hidden else "map-filters"
    with st.container(horizontal=True, vertical_alignment="bottom", key=key):
        side_by_side = not hidden and _choose_view(data)
        part = _select("Texts" if data.classes else "Pairs", _PART_TITLES, keys.MAP_PART, default=_default_part(data))
        change, group = "all", ""
        classes: tuple[str, ...] = ()
        if not data.classes:
            change = _select("Change", _CHANGE_TITLES, keys.MAP_CHANGE, default="all", help=_CHANGE_HELP[data.measure])
        colour = _choose_colour(data, groups)
        value = _choose_value(data, colour)
        words = _search_box("a text" if data.classes else "a pair")
        if data.classes and colour == CHANGE:
            classes = _select_classes(data)
        elif not data.classes:
            group = _select_group(data)
        neighbours, doubtful = _choose_neighbours(data, hidden=hidden)
        return MapFilters(
            part,
            change,
            words,
            group,
            snapshot,
            classes,
            side_by_side,
            colour,
            neighbours,
            doubtful and not hidden,
            value,
            groups if colour == keys.COLOUR_GROUPS else ("", ""),
        )


def _choose_colour(data: MapData, groups: tuple[str, str]) -> str:
    """Let the person choose what colours the marks, where there is a choice."""
    titles = colour_titles(data, groups)
    return _select("Colour", titles, keys.MAP_COLOUR, default=CHANGE) if len(titles) > 1 else CHANGE


def _choose_value(data: MapData, colour: str) -> str:
    """Let the person choose one value of the column that colours the map; empty for all."""
    name = column_of(data, colour)
    if not name:
        return ""
    values = column_values(data.columns[name])
    value = st.selectbox(
        name[:30],
        ["", *values],
        format_func=lambda one: one or "All",
        key=keys.MAP_VALUE,
        bind="query-params",
        width=150,
    )
    return value if value in values else ""


def _choose_neighbours(data: MapData, *, hidden: bool) -> tuple[str, bool]:
    """Let the person filter by new neighbours and mark doubtful positions, on maps that know them."""
    if data.neighbours is None:
        return "all", False
    with st.container() if hidden else st.popover("Neighbours", icon=":material/hub:"):
        neighbours = _select(
            "Nearest texts", _NEIGHBOUR_TITLES, keys.MAP_NEIGHBOURS, default="all", help=_NEIGHBOUR_HELP
        )
        doubtful = st.toggle(
            "Mark doubtful positions",
            key=keys.MAP_DOUBTFUL,
            bind="query-params",
            help=describe_doubtful(data.neighbours),
        )
    return neighbours, doubtful


def _choose_view(data: MapData) -> bool:
    """Let the person choose between the animation and both ends side by side.

    A map of one snapshot has no choice.
    """
    if len(data.map.coordinates) < 2:
        return False
    view = st.segmented_control(
        "View",
        list(_VIEW_TITLES),
        format_func=_VIEW_TITLES.__getitem__,
        default="play",
        required=True,
        key=keys.MAP_VIEW,
        bind="query-params",
    )
    return view == "side"


def _initial_snapshot(run: str, labels: Mapping[str, str]) -> str:
    """Find the snapshot that the link names, by name (epoch-002) or label, else the first one.

    Read once in each run of the page.
    """
    stored = st.session_state.get(keys.INITIAL_SNAPSHOT)
    if stored is None or stored[0] != run:
        raw = st.query_params.get(keys.MAP_FRAME, "")
        names = (name for name, label in labels.items() if raw in (name, label))
        stored = st.session_state[keys.INITIAL_SNAPSHOT] = (run, next(names, next(iter(labels), "")))
    return str(stored[1])


def _default_part(data: MapData) -> str:
    """Choose the part that is shown first: held-out where the map has any; labelled texts all at once."""
    return "held_out" if (data.lines["part"] == "held_out").any() else "all"


def _search_box(where: str) -> str:
    words = st.text_input(f"Find words in {where}", key=keys.MAP_SEARCH, bind="query-params", width=220)
    return (words or "").strip()


def _select_classes(data: MapData) -> tuple[str, ...]:
    classes = st.multiselect(
        "Coloured classes",
        list(data.classes),
        default=list(data.classes)[:COLOURED_CLASSES],
        max_selections=COLOURED_CLASSES,
        key=keys.MAP_CLASSES,
        bind="query-params",
    )
    return tuple(classes)


def _select(label: str, options: dict[str, str], key: str, *, default: str, help: str | None = None) -> str:
    """Draw one bound select box; a link with a word that is none of the options falls back to the default."""
    names = list(options)
    value = st.selectbox(
        label,
        names,
        index=names.index(default),
        format_func=options.__getitem__,
        key=key,
        bind="query-params",
        width=150,
        help=help,
    )
    return value if value in options else default


def _select_group(data: MapData) -> str:
    """Let the person choose one group where the dataset has groups."""
    if "group" not in data.lines:
        return ""
    names = data.lines["group"].dropna().astype(str).str.strip()
    groups = sorted(name for name in names.unique() if name)
    if not groups:
        return ""
    group = st.selectbox(
        "Group",
        ["", *groups],
        format_func=lambda name: name or "All",
        key=keys.MAP_GROUP,
        bind="query-params",
        width=170,
    )
    return group if group in groups else ""


def reset_filters() -> None:
    """Show every part, change, neighbourhood, group and value."""
    for key in (keys.MAP_PART, keys.MAP_CHANGE, keys.MAP_NEIGHBOURS):
        st.session_state[key] = "all"
    for key in (keys.MAP_GROUP, keys.MAP_VALUE):
        if st.session_state.get(key):
            st.session_state[key] = ""


def colour_measure(data: MapData, filters: MapFilters) -> str:
    """Name the measure that colours the filtered lines: margins only where every line has one."""
    return "cosine" if data.measure == "margin" and filters.part != "held_out" else data.measure


def filter_lines(data: MapData, filters: MapFilters, run: Run) -> pd.DataFrame:
    """Select the lines that the filters let through, with the value that colours them."""
    lines = data.lines
    if filters.part != "all":
        lines = lines[lines["part"] == filters.part]
    if filters.change != "all":
        lines = lines[lines["change"] == filters.change]
    if filters.group and "group" in lines:
        lines = lines[lines["group"].astype(str).str.strip() == filters.group]
    if filters.words:
        lines = lines[lines["pair"].isin(search_rows(run, filters.words))]
    mask = neighbour_mask(data.neighbours, filters.neighbours)
    if mask is not None:
        lines = lines[mask[lines["source"].to_numpy()] | mask[lines["target"].to_numpy()]]
    if filters.value:
        lines = lines[lines["pair"].map(data.columns[column_of(data, filters.colour)]) == filters.value]
    same = colour_measure(data, filters) == data.measure
    return lines if same else lines.assign(value=lines["cosine_change"])


def filter_classes(data: MapData, filters: MapFilters, run: Run) -> TextClasses | None:
    """Select the texts of the coloured classes that the filters let through.

    None where there are no classes.
    """
    if not data.classes:
        return None
    mask, held_out = filter_texts(data, filters, run), data.parts == "held_out"
    groups = mark_groups(data, filters.colour, filters.groups)
    if groups is not None:
        members = {name: np.flatnonzero(groups.of_text == number) for number, name in enumerate(groups.names)}
    else:
        members = {name: data.classes[name] for name in filters.classes if name in data.classes}
    ordered = groups is not None and groups.ordered
    return TextClasses({name: ids[mask[ids]] for name, ids in members.items()}, data.rows, held_out, ordered)


def filter_texts(data: MapData, filters: MapFilters, run: Run) -> np.ndarray:
    """Mask the labelled texts whose part and words fit the filters."""
    mask = np.isin(data.rows, search_rows(run, filters.words)) if filters.words else np.ones(len(data.rows), bool)
    near = neighbour_mask(data.neighbours, filters.neighbours)
    mask = mask if near is None else mask & near
    if filters.value:
        values = data.columns[column_of(data, filters.colour)].reindex(data.rows)
        mask = mask & (values == filters.value).to_numpy()
    return mask if filters.part == "all" else mask & (data.parts == filters.part)


def doubtful_masks(data: MapData, filters: MapFilters) -> dict[str, np.ndarray] | None:
    """Mask the doubtful texts by snapshot, where they are to be marked."""
    if data.neighbours is None or not filters.doubtful:
        return None
    return {name: data.neighbours.is_doubtful(name) for name in data.neighbours.true}
