"""The columns of the tables of pairs: their titles, help, formats and widths."""

from __future__ import annotations

import streamlit as st

COLUMN_TITLES = {
    "anchor": "source",
    "positive": "target",
    "negative": "wrong target",
    "text": "text",
    "score": "score",
    "label": "label",
    "base_rank": "rank (base)",
    "tuned_rank": "rank (tuned)",
    "base_margin": "margin (base)",
    "tuned_margin": "margin (tuned)",
    "base_cosine": "cosine (base)",
    "tuned_cosine": "cosine (tuned)",
    "base_negative_cosine": "wrong (base)",
    "tuned_negative_cosine": "wrong (tuned)",
    "base_background": "percentile (base)",
    "tuned_background": "percentile (tuned)",
    "base_neighbours": "same class (base)",
    "tuned_neighbours": "same class (tuned)",
    "change": "change",
}
"""Column of the stored table -> its title on the page, in this order."""

_HELP = {
    "rank": "Rank of this target among all distinct targets, ignoring other correct ones (1 = best).",
    "margin": "Cosine minus the best wrong target's cosine; above 0 it ranks first.",
    "cosine": "Cosine of source and target. Compare it within a model only: see the percentile columns.",
    "negative_cosine": "Cosine of the source and the nearest wrong target of its own row.",
    "background": "Share of random pairs with a lower cosine, same model.",
    "neighbours": "Share of the ten nearest other texts that have the same class.",
}
_SHARES = ("background", "neighbours")
_TEXTS = ("anchor", "positive", "negative", "text")
_NUMBER_WIDTHS = {
    "rank": 94,
    "margin": 110,
    "cosine": 110,
    "negative_cosine": 106,
    "background": 126,
    "neighbours": 140,
}
_TEXT_WIDTH, _WIDE_TEXT_WIDTH, _WORD_WIDTH = 150, 185, 70
"""Pixels: titles stand in full, and all columns of a retrieval fit beside each other at 1,440.

Texts are wide where the column of the change is not shown.
"""


def pair_column_config(columns: list[str]) -> dict[str, object]:
    """Map column titles to formats: three digits for cosines and margins, whole percent for shares."""
    config: dict[str, object] = {}
    text_width = _TEXT_WIDTH if "change" in columns else _WIDE_TEXT_WIDTH
    for name in columns:
        kind = name.removeprefix("base_").removeprefix("tuned_")
        if kind in _HELP:
            form = "percent" if kind in _SHARES else "%d" if kind == "rank" else "%.3f"
            config[COLUMN_TITLES[name]] = st.column_config.NumberColumn(
                format=form, width=_NUMBER_WIDTHS[kind], help=_HELP[kind]
            )
        elif name in _TEXTS:
            config[COLUMN_TITLES[name]] = st.column_config.TextColumn(width=text_width)
        elif name == "change":
            config[COLUMN_TITLES[name]] = st.column_config.TextColumn(width=_WORD_WIDTH)
    return config
