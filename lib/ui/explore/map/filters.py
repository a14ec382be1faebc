"""Which lines the picture shows: part, change, words, group. All of it stands in the address, so that a link opens the same view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from lib.charts.map.scene import TextClasses
from lib.store.runs import Run
from lib.ui.explore import keys
from lib.ui.explore.map.data import Told, search

PARTS = {"held_out": "Held-out", "validation": "Validation", "train": "Trained", "all": "All"}
CHANGES = {"all": "Any change", "better": "Better", "same": "Same", "worse": "Worse"}

CHANGE_HELP = {
    "margin": "Better: the rank of the right answer rose; worse: it fell; same: it stayed. Pairs that were not ranked (trained, validation): "
    "by more than 0.02 in cosine. The colours tell how far margin or cosine moved, which can differ while the rank stays.",
    "cosine": "Better: the cosine rose by more than 0.02; worse: it fell by more. Where the right answer was ranked, its rank decides.",
    "asked": "Better: the cosine moved as the pair's score or label asks; worse: the other way.",
}

COLOURED = 6
"""Classes that have a colour at once: as many as can be told apart."""


@dataclass(frozen=True)
class View:
    """The choices of a person: hashable, so that a figure is drawn once for each."""

    part: str = "held_out"
    change: str = "all"
    words: str = ""
    group: str = ""
    moment: str = ""
    classes: tuple[str, ...] = ()


def filters(told: Told, *, unseen: bool = False) -> View:
    """Draw the controls and return what is chosen. unseen: they stay in the page for the address alone (the present mode)."""
    moment = initial_snapshot(told.run, told.drawn.labels)
    key = "map-filters-unseen" if unseen else "map-filters"
    with st.container(horizontal=True, vertical_alignment="bottom", key=key):
        part = choice("Texts" if told.classes else "Pairs", PARTS, keys.MAP_PART, default=opening(told))
        if told.classes:
            return View(part, words=searched("a text"), moment=moment, classes=of_classes(told))
        change = choice("Change", CHANGES, keys.MAP_CHANGE, default="all", help=CHANGE_HELP[told.measure])
        return View(part, change, searched("a pair"), grouped(told), moment)


def initial_snapshot(run: str, labels: Mapping[str, str]) -> str:
    """Find the snapshot that the link names, by its name (epoch-002) or label; the first one otherwise. Read once a run."""
    stored = st.session_state.get(keys.INITIAL_SNAPSHOT)
    if stored is None or stored[0] != run:
        raw = st.query_params.get(keys.MAP_FRAME, "")
        names = (name for name, label in labels.items() if raw in (name, label))
        stored = st.session_state[keys.INITIAL_SNAPSHOT] = (run, next(names, next(iter(labels), "")))
    return str(stored[1])


def searched(where: str) -> str:
    """Let the person look for words."""
    words = st.text_input(f"Find words in {where}", key=keys.MAP_SEARCH, bind="query-params", width=220)
    return (words or "").strip()


def of_classes(told: Told) -> tuple[str, ...]:
    """Let the person choose which classes are coloured."""
    classes = st.multiselect(
        "Coloured classes",
        list(told.classes),
        default=list(told.classes)[:COLOURED],
        max_selections=COLOURED,
        key=keys.MAP_CLASSES,
        bind="query-params",
    )
    return tuple(classes)


def choice(label: str, options: dict[str, str], key: str, *, default: str, help: str | None = None) -> str:
    """Draw one bound choice; a link with a word that is none of the options falls back to the default."""
    names = list(options)
    found = st.selectbox(
        label,
        names,
        index=names.index(default),
        format_func=options.__getitem__,
        key=key,
        bind="query-params",
        width=150,
        help=help,
    )
    return found if found in options else default


def grouped(told: Told) -> str:
    """Let the person choose one group where the dataset has groups."""
    if "group" not in told.lines:
        return ""
    names = told.lines["group"].dropna().astype(str).str.strip()
    groups = sorted(name for name in names.unique() if name)
    if not groups:
        return ""
    found = st.selectbox(
        "Group",
        ["", *groups],
        format_func=lambda name: name or "All",
        key=keys.MAP_GROUP,
        bind="query-params",
        width=170,
    )
    return found if found in groups else ""


def opening(told: Told) -> str:
    """Return the part that is shown first: held-out, unless this run shows none; labelled texts all at once."""
    return "held_out" if (told.lines["part"] == "held_out").any() else "all"


def open_filters() -> None:
    """Show every part, change and group."""
    for key in (keys.MAP_PART, keys.MAP_CHANGE):
        st.session_state[key] = "all"
    if st.session_state.get(keys.MAP_GROUP):
        st.session_state[keys.MAP_GROUP] = ""


def measure_of(told: Told, view: View) -> str:
    """Return what colours the lines of a view: margins only where all its pairs were ranked, so that one colour means one thing."""
    return "cosine" if told.measure == "margin" and view.part != "held_out" else told.measure


def chosen_lines(told: Told, view: View, run: Run) -> pd.DataFrame:
    """Return the lines of a view, with the value that colours them there."""
    lines = told.lines
    if view.part != "all":
        lines = lines[lines["part"] == view.part]
    if view.change != "all":
        lines = lines[lines["change"] == view.change]
    if view.group and "group" in lines:
        lines = lines[lines["group"].astype(str).str.strip() == view.group]
    if view.words:
        lines = lines[lines["pair"].isin(search(run, view.words))]
    return lines if measure_of(told, view) == told.measure else lines.assign(value=lines["moved"])


def chosen_classes(told: Told, view: View, run: Run) -> TextClasses | None:
    """Return the texts of the coloured classes that fit a view; None where there are no classes."""
    if not told.classes:
        return None
    fits = fitting(told, view, run)
    members = {name: told.classes[name] for name in view.classes if name in told.classes}
    return TextClasses({name: some[fits[some]] for name, some in members.items()}, told.rows, told.parts == "held_out")


def fitting(told: Told, view: View, run: Run) -> np.ndarray:
    """Return of each labelled text whether it fits part and words of a view."""
    fits = np.isin(told.rows, search(run, view.words)) if view.words else np.ones(len(told.rows), bool)
    if view.part == "all":
        return fits
    return fits & (told.parts == view.part)
