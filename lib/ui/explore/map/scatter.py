"""The second figure of the map section: every pair's cosine or rank, base against tuned."""

from __future__ import annotations

import streamlit as st

from lib.charts.map.choice import sample_map
from lib.charts.pair.before_after import before_after
from lib.settings import MAX_DRAWN_POINTS
from lib.ui.explore import keys, selection
from lib.ui.explore.map.view import MapView


def show_scatter(view: MapView) -> None:
    """Draw each pair's cosine or rank, base against tuned, once it is asked for."""
    if view.data.lines.empty:
        return
    box = st.expander(
        "Base vs. tuned, pair by pair",
        icon=":material/scatter_plot:",
        key=f"{keys.MAP_SCATTER}-box",
        on_change="rerun",
    )
    if not box.open or view.lines.empty:
        return
    with box:
        ranked = "base_rank" in view.lines and view.lines["base_rank"].notna().any()
        options = ["cosine", "rank"] if ranked else ["cosine"]
        measure = st.segmented_control(
            "Measure", options, default="cosine", format_func=str.capitalize, key=keys.MAP_SCATTER
        )
        _show_figure(view, measure or "cosine")


def _show_figure(view: MapView, measure: str) -> None:
    """Draw all extremes and a random sample of the rest; what is clicked or lassoed becomes the selection."""
    run_id = view.run.id
    lines = view.lines[view.lines["base_rank"].notna()] if measure == "rank" else view.lines
    marked = tuple(selection.selected_pairs(run_id))
    choice = sample_map(lines, 0, marked=marked, most=2 * MAX_DRAWN_POINTS)
    lines = lines.iloc[choice.lines]
    key, pairs = f"{keys.MAP_SCATTER}-figure-{selection.selection_version()}", lines["pair"].to_numpy()

    def select() -> None:
        selection.select_pairs(
            [int(pairs[point]) for curve, point in selection.selected_points(key) if curve == 0], run_id
        )

    st.plotly_chart(
        before_after(lines, view.data.texts, measure=measure, marked=view.highlighted_pairs, dark=view.dark),
        key=key,
        alt="One point per pair: base on the x-axis, tuned on the y-axis, with the diagonal.",
        on_select=select,
        selection_mode=("points", "box", "lasso"),
    )
    if len(lines) < choice.all_lines:
        st.caption(f"Showing {len(lines):,} of {choice.all_lines:,} pairs: all extremes plus a random sample.")
