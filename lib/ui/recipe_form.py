"""A form generated from the recipe's fields: what each means, its bounds, and only what matters for the chosen loss."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from lib.data.shapes import Shape
from lib.errors import CloserError
from lib.training.recipe import FIELDS, Field, Recipe, losses_for
from lib.ui.components import show_error

DIMENSIONS = (512, 384, 256, 192, 128, 96, 64, 32)


def show(start: Recipe, shape: Shape, *, scope: str, classes: int = 2) -> Recipe | None:
    """Draw the settings, starting from a preset; return the recipe, or None when a value cannot be used.

    `scope` names preset and dataset: each keeps its own edits. `classes` is how many labels the data has.
    """
    loss = st.selectbox(
        "Loss",
        losses_for(shape, classes=classes),
        format_func=spaced,
        help=FIELDS["loss"].help,
        key=f"recipe-{scope}-loss",
        persist_state="session",
    )
    usual = [
        item for item in FIELDS.values() if not item.advanced and item.name != "loss" and item.applies(loss, shape)
    ]
    values = {"loss": loss} | _grid(usual, start, scope)
    more = [item for item in FIELDS.values() if item.advanced and item.name != "loss" and item.applies(loss, shape)]
    with st.expander(f"More settings ({len(more)})", icon=":material/tune:"):
        values |= _grid(more, start, scope)
    try:
        return replace(start, **values).for_shape(shape, classes=classes)
    except CloserError as error:
        show_error(error)
        return None


def _grid(fields: list[Field], start: Recipe, scope: str) -> dict[str, Any]:
    values = {}
    columns = st.columns(2, gap="medium")
    for number, item in enumerate(fields):
        with columns[number % 2]:
            values[item.name] = _widget(item, getattr(start, item.name), f"recipe-{scope}-{item.name}")
            st.caption(item.help)
    return values


def _widget(item: Field, value: Any, key: str) -> Any:
    if item.kind is bool:
        return st.toggle(item.label, value=value, key=key, persist_state="session")
    if item.choices:
        place = item.choices.index(value)
        return st.selectbox(item.label, item.choices, index=place, format_func=spaced, key=key, persist_state="session")
    if item.kind is tuple:
        chosen = st.multiselect(
            item.label, DIMENSIONS, default=list(value), key=key, placeholder="none", persist_state="session"
        )
        return tuple(sorted((int(one) for one in chosen), reverse=True))
    if item.kind is int:
        return int(
            st.number_input(
                item.label,
                min_value=int(item.low or 0),
                max_value=int(item.high) if item.high is not None else None,
                value=int(value),
                step=1,
                key=key,
                persist_state="session",
            )
        )
    return _number(item, value, key)


def _number(item: Field, value: float, key: str) -> float:
    """Return a number; small ones (a learning rate) are shown with an exponent."""
    small = 0 < abs(value) < 0.001 or item.name == "learning_rate"
    return float(
        st.number_input(
            item.label,
            min_value=float(item.low) if item.low is not None else None,
            max_value=float(item.high) if item.high is not None else None,
            value=float(value),
            step=value / 10 if small else 0.05,
            format="%.1e" if small else "%.2f",
            key=key,
            persist_state="session",
        )
    )


def spaced(name: str) -> str:
    """Return a loss's or choice's name as words: MultipleNegativesRanking -> Multiple negatives ranking."""
    known = {"CoSENT": "CoSENT", "AnglE": "AnglE", "GISTEmbed": "GISTEmbed", "query_to_doc": "source to target"}
    if name in known or name.islower():
        return known.get(name, name).replace("_", " ")
    words = "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in name).strip()
    return words.capitalize()
