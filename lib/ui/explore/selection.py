"""Which of several chosen pairs is looked at: one choice, shared by all that show a pair from near."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from lib.ui.shared import state

MOST = 500
"""Chosen pairs that the list offers."""


def one_of(chosen: list[int], *, key: str, label: Callable[[int], str]) -> int:
    """Return the pair to look at; with several chosen, let the person turn to another."""
    pair = state.opened_pair(chosen)
    assert pair is not None, "something is chosen"
    if len(chosen) == 1:
        return pair
    offered = chosen[:MOST] if pair in chosen[:MOST] else [pair, *chosen[: MOST - 1]]
    state.set_value(key, pair)

    def turned() -> None:
        state.open_pair(int(str(state.value(key))))

    st.selectbox(f"One of {len(chosen):,} chosen pairs", offered, format_func=label, key=key, on_change=turned)
    return pair
