"""The picture of Explore: filters, the map, how far to believe it, and what a chosen pair did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.map.choice import sample_map
from lib.charts.map.figure import MAP_HEIGHT, TRANSITION_SCRIPT, MapFigure, map_figure
from lib.charts.map.scene import CROWDED_LINES, NUM_HIGHLIGHTED
from lib.charts.pair.before_after import before_after
from lib.errors import StoreError
from lib.settings import MAX_DRAWN_POINTS
from lib.store.runs import Run
from lib.ui.explore import keys, selection
from lib.ui.explore.map import filters, job, quality, side_panel
from lib.ui.explore.map.data import Told, told
from lib.ui.explore.map.export import downloads
from lib.ui.explore.map.filters import View, chosen_classes, chosen_lines, measure_of
from lib.ui.shared import state
from lib.ui.shared.cache import stamp
from lib.ui.shared.components import show_error
from lib.ui.shared.theme import is_dark

PRESENT_HEIGHT = 480
SIDES = (0.63, 0.37)
"""Shares of the map and of what lies beside it."""

KEYS = Path(__file__).with_name("keys.html").read_text(encoding="utf-8") + f"<script>{TRANSITION_SCRIPT}</script>"


def show(run: Run) -> None:
    """Draw the picture section of a run."""
    try:
        found = told(run)
    except StoreError as error:
        show_error(error)
        found = None
    if found is None:
        job.no_map(run)
        return
    with st.container(key="map-keys"):
        st.html(KEYS, unsafe_allow_javascript=True)
    if state.is_presenting():
        present(run, found)
        return
    view = filters.filters(found)
    lines = chosen_lines(found, view, run)
    with st.container(key="map-and-panel"):
        left, right = st.columns(SIDES, gap="medium")
        with left:
            picture = drawn(run, found, view, selection.highlighted_pairs(run.id), is_dark(), MAP_HEIGHT)
            draw(run, found, picture, lines)
            tools(run, found, view, lines)
        with right:
            side_panel.show(run, found, view, lines)
    notes(found, view, lines, picture)
    if not found.lines.empty:
        second_figure(run, found, lines)


def tools(run: Run, found: Told, view: View, lines: pd.DataFrame) -> None:
    """Offer another layout, and the picture as files."""
    marked = selection.highlighted_pairs(run.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        job.layout_choice(run, found)
        downloads(run, found, lines, lambda: drawn(run, found, view, marked, False, MAP_HEIGHT))


def present(run: Run, found: Told) -> None:
    """Draw the map alone, large, with the one sentence of its honesty; the controls stay for the address, out of sight."""
    view = filters.filters(found, unseen=True)
    lines = chosen_lines(found, view, run)
    picture = drawn(run, found, view, selection.highlighted_pairs(run.id), is_dark(), PRESENT_HEIGHT)
    # keys.html lets it fill the window
    with st.container(key="map-stage", height=PRESENT_HEIGHT, border=False):
        st.plotly_chart(
            picture.figure,
            key=keys.MAP_PRESENTED,
            height="stretch",
            alt=quality.described(found.drawn, lines),
            config={"displaylogo": False, "scrollZoom": True},
        )
    share = quality.truthful(lines)
    if share is not None:
        st.caption(f"{quality.percent(share)} of the lines tell the truth: they change as their cosine does.")


def drawn(run: Run, found: Told, view: View, marked: tuple[int, ...], dark: bool, height: int) -> MapFigure:
    """Return the figure of a view: the same view is the same object, and so the same bytes in the browser."""
    return _drawn(
        run.id,
        stamp(run.paths.map.summary),
        stamp(run.paths.evaluation.summary),
        view,
        marked,
        dark,
        height,
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _drawn(
    identity: str, map_stamp: Any, evaluation_stamp: Any, view: View, marked: tuple[int, ...], dark: bool, height: int
) -> MapFigure:
    from lib.store.workspace import open_workspace

    run = open_workspace().runs.get(identity)
    found = told(run)
    assert found is not None, "a figure is only asked for where there is a map"
    lines = chosen_lines(found, view, run)
    if marked:  # what was chosen elsewhere is drawn whatever the filters say
        more = found.lines[found.lines["pair"].isin(marked) & ~found.lines["pair"].isin(lines["pair"])]
        lines = pd.concat([lines, more])
    return map_figure(
        found.drawn,
        lines,
        found.texts,
        start=view.moment,
        marked=marked,
        measure=measure_of(found, view),
        classes=chosen_classes(found, view, run),
        dark=dark,
        height=height,
    )


def draw(run: Run, found: Told, picture: MapFigure, lines: pd.DataFrame) -> None:
    """Put the figure on the page; what is clicked or lassoed becomes the chosen pairs."""

    key = f"{keys.MAP_FIGURE}-{selection.selection_version()}"

    def picked() -> None:
        points = selection.selected_points(key)
        pairs = [pair for curve, point in points if (pair := picture.pair_at(curve, point)) is not None]
        selection.select_on_map(pairs, run.id)

    st.plotly_chart(
        picture.figure,
        key=key,
        on_select=picked,
        selection_mode=("points", "box", "lasso"),
        alt=quality.described(found.drawn, lines),
        config={
            "scrollZoom": True,
            "displaylogo": False,
            "toImageButtonOptions": {"format": "png", "scale": 2, "filename": f"closer-map-{run.id}"},
        },
    )


def notes(found: Told, view: View, lines: pd.DataFrame, picture: MapFigure) -> None:
    """Say how far the picture can be believed, what its colours mean, and what is not on it."""
    if lines.empty and len(found.lines):
        st.warning("No pair fits these filters.", icon=":material/filter_alt_off:")
    with st.container(horizontal=True, gap="medium"):
        for icon, sentence in quality.honesty(found.drawn, lines, picture.choice):
            st.caption(f"{icon} {sentence}", width=290)
    if 0 < len(found.lines) < found.all_pairs:
        st.caption(
            f"{len(found.lines):,} of the dataset's {found.all_pairs:,} pairs have a place on the map: every held-out one that fits, those "
            "that changed most, and a fair sample of the rest. Search reaches all pairs."
        )
    if found.left_out:
        st.caption(quality.left_out(found.left_out))
    marks = (
        f"Round: source, square: target; hollow: trained, full: held-out. {quality.MEASURES[measure_of(found, view)]}"
    )
    if found.classes:
        marks = (
            "Each point is a text, its colour the class, full: held-out, hollow: trained or validation; the texts of a class "
            "should come together."
        )
    if len(lines) > CROWDED_LINES and not found.classes:
        marks += f" The {NUM_HIGHLIGHTED} strongest changes stand out."
    st.caption(f"{marks} Ctrl and the wheel zoom. All numbers come from the full dimensions, never from the picture.")


def second_figure(run: Run, found: Told, lines: pd.DataFrame) -> None:
    """Draw each pair's cosine or rank before against after, once it is asked for."""
    box = st.expander(
        "Every pair, before against after",
        icon=":material/scatter_plot:",
        key=f"{keys.MAP_SCATTER}-box",
        on_change="rerun",
    )
    if not box.open or lines.empty:
        return
    with box:
        ranked = "base_rank" in lines and lines["base_rank"].notna().any()
        options = ["cosine", "rank"] if ranked else ["cosine"]
        title = str.capitalize
        measure = st.segmented_control("Measure", options, default="cosine", format_func=title, key=keys.MAP_SCATTER)
        dots(run, found, lines, measure or "cosine")


def dots(run: Run, found: Told, lines: pd.DataFrame, measure: str) -> None:
    """Draw the second figure: every extreme and a fair sample of the rest; what is clicked or lassoed is chosen."""
    marked = tuple(selection.selected_pairs(run.id))
    some = lines[lines["base_rank"].notna()] if measure == "rank" else lines
    choice = sample_map(some, 0, marked=marked, most=2 * MAX_DRAWN_POINTS)
    some = some.iloc[choice.lines]
    key, pairs = f"{keys.MAP_SCATTER}-figure-{selection.selection_version()}", some["pair"].to_numpy()

    def picked() -> None:
        selection.select_pairs(
            [int(pairs[point]) for curve, point in selection.selected_points(key) if curve == 0], run.id
        )

    drawn_dots = before_after(
        some, found.texts, measure=measure, marked=selection.highlighted_pairs(run.id), dark=is_dark()
    )
    alt = "Each pair as one dot, base across, tuned up, with the diagonal."
    st.plotly_chart(drawn_dots, key=key, alt=alt, on_select=picked, selection_mode=("points", "box", "lasso"))
    if len(some) < choice.all_lines:
        st.caption(f"{len(some):,} of {choice.all_lines:,} pairs are drawn: every extreme, the rest a fair sample.")
