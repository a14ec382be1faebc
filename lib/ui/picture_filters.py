"""Which lines the picture shows: part, change, words, group. All of it stands in the address, so that a link opens the same view."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from lib.store.runs import Run
from lib.ui import state
from lib.ui.picture_data import Told, search

PARTS = {"held_out": "Held-out", "validation": "Validation", "train": "Trained", "all": "All"}
CHANGES = {"all": "Any change", "better": "Better", "same": "Same", "worse": "Worse"}

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


def filters(told: Told) -> View:
    """Draw the controls and return what is chosen; texts with classes have no pairs to filter."""
    if told.classes:
        return of_classes(told)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        part = choice("Pairs", PARTS, state.MAP_PART, default=opening(told))
        change = choice("Change", CHANGES, state.MAP_CHANGE, default="all")
        words = st.text_input("Find words in a pair", key=state.MAP_SEARCH, bind="query-params", width=220)
        group = grouped(told)
        moments = dict(told.drawn.labels)
        moment = choice("Show first", moments, state.MAP_FRAME, default=next(iter(moments)))
    return View(part, change, (words or "").strip(), group, moment)


def of_classes(told: Told) -> View:
    """Let the person choose which classes are coloured, and the moment."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        classes = st.multiselect(
            "Coloured classes",
            list(told.classes),
            default=list(told.classes)[:COLOURED],
            max_selections=COLOURED,
            key=state.MAP_CLASSES,
            bind="query-params",
        )
        moments = dict(told.drawn.labels)
        moment = choice("Show first", moments, state.MAP_FRAME, default=next(iter(moments)))
    return View("all", moment=moment, classes=tuple(classes))


def choice(label: str, options: dict[str, str], key: str, *, default: str) -> str:
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
    )
    return found if found in options else default


def grouped(told: Told) -> str:
    """Let the person choose one group where the dataset has groups."""
    if "group" not in told.lines:
        return ""
    groups = sorted(told.lines["group"].dropna().astype(str).unique())
    return st.selectbox("Group", ["", *groups], format_func=lambda name: name or "All", key=state.MAP_GROUP, width=170)


def opening(told: Told) -> str:
    """Return the part that is shown first: held-out, unless this run shows none."""
    return "held_out" if (told.lines["part"] == "held_out").any() else "all"


def linked_view(told: Told) -> View:
    """Return what the address asks for, without controls: the present mode."""

    def named(key: str, options: dict[str, str], default: str) -> str:
        raw = state.linked(key)
        return next((name for name, label in options.items() if raw in (name, label)), default)

    return View(
        part=named(state.MAP_PART, PARTS, opening(told)),
        change=named(state.MAP_CHANGE, CHANGES, "all"),
        words=state.linked(state.MAP_SEARCH).strip(),
        moment=named(state.MAP_FRAME, dict(told.drawn.labels), ""),
        classes=tuple(linked_classes(told)),
    )


def linked_classes(told: Told) -> list[str]:
    """Return the classes that the address names, or the largest ones."""
    named = [name for name in state.linked_all(state.MAP_CLASSES) if name in told.classes]
    return named or list(told.classes)[:COLOURED]


def chosen_lines(told: Told, view: View, run: Run) -> tuple[pd.DataFrame, pd.Index]:
    """Return the lines of a view, and the pairs of the whole dataset that hold the words but have no place on the map."""
    lines = told.lines
    if view.part != "all":
        lines = lines[lines["part"] == view.part]
    if view.change != "all":
        lines = lines[lines["change"] == view.change]
    if view.group and "group" in lines:
        lines = lines[lines["group"].astype(str) == view.group]
    if not view.words:
        return lines, pd.Index([])
    hits = search(run, view.words)
    return lines[lines["pair"].isin(hits)], hits.difference(pd.Index(told.lines["pair"]))
