"""Three pairs for the present mode: the most improved ones, and the one that got worse most."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.evaluation.pair_lists import list_improvements, list_regressions
from lib.format import format_cosine, format_share
from lib.store.runs import Run
from lib.ui.explore.pairs.table import load_pair_results

_NUM_PAIRS = 3


def show_three_pairs(run: Run) -> None:
    """Draw three pairs side by side: texts and numbers, base and tuned."""
    pairs = load_pair_results(run)
    if pairs.empty:
        st.info("This run hasn't been evaluated yet.", icon=":material/balance:")
        return
    rows = choose_three(pairs)
    with st.container(key="presented-pairs"):
        for column, (_, row) in zip(st.columns(_NUM_PAIRS), rows.iterrows(), strict=False):
            with column, st.container(border=True):
                _show_pair(row)


def choose_three(pairs: pd.DataFrame) -> pd.DataFrame:
    """Choose the most improved pairs and the most regressed one; the first ones where there are none."""
    worse = list_regressions(pairs).head(1)
    better = list_improvements(pairs).head(_NUM_PAIRS - len(worse))
    rest = pairs[~pairs["pair"].isin([*better["pair"], *worse["pair"]])].head(_NUM_PAIRS - len(better) - len(worse))
    return pd.concat([better, rest, worse])


def _show_pair(row: pd.Series) -> None:
    """Draw one pair: how it changed, its texts, its numbers."""
    title, icon, colour = {
        "better": ("Improved", ":material/trending_up:", "green"),
        "worse": ("Got worse", ":material/trending_down:", "orange"),
    }.get(str(row["change"]), ("Unchanged", ":material/trending_flat:", "gray"))
    st.badge(title, icon=icon, color=colour)  # type: ignore[arg-type]
    titles = {"anchor": "Source", "positive": "Target", "text": "Text", "label": "Class"}
    for name in ("text", "label") if "text" in row else ("anchor", "positive"):
        st.caption(titles[name])
        st.text(str(row[name]))
    with st.container(horizontal=True, gap="large"):
        for label, value in number_words(row).items():
            st.metric(label, value, width="content")


def number_words(row: pd.Series) -> dict[str, str]:
    """Write the numbers of a pair that are known, base -> tuned, by title."""
    kinds = {
        "rank": ("Rank", lambda value: f"{value:,.0f}"),
        "cosine": ("Cosine", format_cosine),
        "neighbours": ("Same-class neighbours", format_share),
    }
    return {
        title: f"{write(row[f'base_{name}'])} → {write(row[f'tuned_{name}'])}"
        for name, (title, write) in kinds.items()
        if f"base_{name}" in row and pd.notna(row[f"base_{name}"]) and pd.notna(row[f"tuned_{name}"])
    }
