"""Draw rankings side by side, with a line from each text's rank in one to its rank in the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import streamlit as st

from lib.models.inference.answers import NearestText, Ranking
from lib.ui.shared.theme import theme_palette

_MAX_CHARACTERS = 600
"""Of a text: a longer one would push all others out of the window."""

_COLOURS = ("base", "tuned", "better", "worse", "same", "text", "grid")
_HERE = Path(__file__).parent

_mount = st.components.v2.component(
    "closer_rank_changes",
    html='<div class="rankings"></div><p class="unseen" role="status"></p>',
    css=(_HERE / "rank_changes.css").read_text(encoding="utf-8"),
    js=(_HERE / "rank_changes.js").read_text(encoding="utf-8"),
)


def show_rank_changes(rankings: Mapping[str, Ranking], *, note: str, is_large: bool, key: str) -> None:
    """Draw a column for each ranking, by its title, in this order. note: a line below them."""
    colours = {name: value for name, value in asdict(theme_palette()).items() if name in _COLOURS}
    _mount(key=key, data={"columns": column_data(rankings), "colours": colours, "note": note, "is_large": is_large})


def column_data(rankings: Mapping[str, Ranking]) -> list[dict[str, Any]]:
    """Build what the browser draws: by column its rows with text, rank, and the rank in the column before."""
    columns: list[dict[str, Any]] = []
    before: dict[str, int] | None = None
    for title, ranking in rankings.items():
        rows = [_row(text, rank, before) for rank, text in ranked_texts(ranking)]
        columns.append(
            {
                "title": title,
                "summary": summarise(ranking),
                "rows": rows,
                "empty": "No target has a word of the question." if title == "BM25" else "No targets.",
            }
        )
        before = {text.text: rank for rank, text in ranked_texts(ranking)}
    return columns


def ranked_texts(ranking: Ranking) -> list[tuple[int, NearestText]]:
    """List the texts to show with their ranks: the best ones, and the right one where it comes later."""
    rows = list(enumerate(ranking.best, start=1))
    if ranking.right is not None and ranking.right_rank is not None and ranking.right_rank > len(rows):
        rows.append((ranking.right_rank, ranking.right))
    return rows


def summarise(ranking: Ranking) -> str:
    """Write at which rank the right answer stands; nothing where none is known."""
    if ranking.right_rank is None:
        return ""
    return "right answer first" if ranking.right_rank == 1 else f"right answer at rank {ranking.right_rank:,}"


def _row(text: NearestText, rank: int, before: Mapping[str, int] | None) -> dict[str, Any]:
    shown = text.text if len(text.text) <= _MAX_CHARACTERS else text.text[: _MAX_CHARACTERS - 1] + "…"
    row = {"key": text.text, "text": shown, "rank": rank, "right": text.is_right}
    return row if before is None else row | {"before": before.get(text.text)}
