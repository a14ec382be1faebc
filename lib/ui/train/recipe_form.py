"""A form generated from the recipe's fields: help, bounds, and what the chosen loss uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from lib.errors import CloserError
from lib.recipe.fields import Field
from lib.recipe.losses import LOSSES, losses_for
from lib.recipe.options import PROMPT_FIELDS, STATIC_RATE
from lib.recipe.recipe import FIELDS, Recipe
from lib.recipe.setting_texts import option_title
from lib.shapes import Shape
from lib.ui.shared.components import show_error

_DIMENSIONS = (512, 384, 256, 192, 128, 96, 64, 32)


def edit_recipe(
    start: Recipe, shape: Shape, *, scope: str, classes: int = 2, statics: Sequence[bool] = ()
) -> Recipe | None:
    """Draw the settings, starting from a preset; return the recipe, or None where a value is not valid.

    `scope` names preset and dataset: each keeps its own edits. `classes` is how many labels the data has. `statics` says of
    each chosen model whether it is a static one.
    """
    losses = [one.name for one in losses_for(shape, classes=classes, static=any(statics))]
    loss = st.selectbox(
        "Loss",
        losses,
        index=losses.index(start.loss) if start.loss in losses else 0,
        format_func=option_title,
        help=FIELDS["loss"].help,
        key=f"recipe-{scope}-loss",
        persist_state="session",
    )
    st.caption(LOSSES[loss].help)
    only_static = bool(statics) and all(statics)
    fitting = [
        f
        for f in FIELDS.values()
        if f.name not in ("loss", *PROMPT_FIELDS) and f.applies(loss, shape, static=only_static)
    ]
    values = {"loss": loss} | _edit_fields([item for item in fitting if not item.advanced], start, scope)
    if any(statics):
        rate = values["learning_rate"] * STATIC_RATE
        st.caption(f"Static models use {STATIC_RATE:g} times the learning rate: {rate:.1e}.")
    more = [item for item in fitting if item.advanced]
    with st.expander(f"More settings ({sum(not item.needs for item in more)})", icon=":material/tune:"):
        values |= _edit_fields(more, start, scope)
        if any(statics) and not only_static:
            names = ", ".join(item.label for item in more if item.needs_transformer)
            st.caption(f"Not used for the static model, which has no transformer: {names}.")
    try:
        return replace(start, **values).for_shape(shape, classes=classes, static=any(statics))
    except CloserError as error:
        show_error(error)
        return None


def _edit_fields(fields: list[Field], start: Recipe, scope: str) -> dict[str, Any]:
    """Draw the settings in two columns; one that needs another is hidden while that one is off."""
    values: dict[str, Any] = {}
    columns = st.columns(2, gap="medium")
    for item in fields:
        if item.needs:
            default = FIELDS[item.needs].default
            if not item.is_needed(values.get(item.needs, default), default=default):
                continue
        with columns[len(values) % 2]:
            values[item.name] = _edit_field(item, getattr(start, item.name), f"recipe-{scope}-{item.name}")
            st.caption(item.help)
    return values


def _edit_field(item: Field, value: Any, key: str) -> Any:
    if item.kind is bool:
        return st.toggle(item.label, value=value, key=key, persist_state="session")
    if item.choices:
        index = item.choices.index(value)
        return st.selectbox(
            item.label, item.choices, index=index, format_func=option_title, key=key, persist_state="session"
        )
    if item.kind is str:
        return st.text_input(item.label, value=value, key=key, persist_state="session").strip()
    if item.kind is tuple:
        values = st.multiselect(
            item.label, _DIMENSIONS, default=list(value), key=key, placeholder="none", persist_state="session"
        )
        return tuple(sorted((int(one) for one in values), reverse=True))
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
    return _edit_number(item, value, key)


def _edit_number(item: Field, value: float, key: str) -> float:
    """Draw a number field; small values (a learning rate) are shown with an exponent."""
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
