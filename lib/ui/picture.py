"""The picture of Explore: filters, the map, how far to believe it, and what a chosen pair did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.before_after import before_after
from lib.charts.map import HEIGHT, Picture, figure
from lib.errors import StoreError
from lib.settings import MAX_DRAWN_POINTS
from lib.store.runs import Run
from lib.ui import picture_filters, picture_search, picture_words, picture_work, state
from lib.ui.cache import stamp
from lib.ui.components import show_error
from lib.ui.picture_data import Told, told
from lib.ui.picture_files import downloads
from lib.ui.picture_filters import View, chosen_lines
from lib.ui.picture_pair import follow
from lib.ui.theme import is_dark

PRESENT_HEIGHT = 680
KEYS = Path(__file__).with_name("picture_keys.html")


def show(run: Run) -> None:
    """Draw the picture section of a run."""
    try:
        found = told(run)
    except StoreError as error:
        show_error(error)
        found = None
    if found is None:
        picture_work.no_map(run)
        return
    if state.is_presenting():
        present(run, found)
        return
    view = picture_filters.filters(found)
    marked = state.marked_pairs(run.id)
    lines, elsewhere = chosen_lines(found, view, run)
    picture = drawn(run, found, view, marked, is_dark(), HEIGHT)
    draw(run, found, picture, lines)
    st.html(KEYS, unsafe_allow_javascript=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        picture_work.layout_choice(run, found)
        downloads(run, found, picture, view)
        clear(run)
    picture_search.show(run, elsewhere)
    notes(found, lines, picture)
    follow(run, found, state.chosen_pairs(run.id))
    if found.lines.empty:
        return
    with st.expander("Every pair, before against after", icon=":material/scatter_plot:", expanded=False):
        second_figure(run, found, lines, marked)


def present(run: Run, found: Told) -> None:
    """Draw the map alone, large, with the one sentence of its honesty."""
    view = picture_filters.linked_view(found)
    lines, _ = chosen_lines(found, view, run)
    picture = drawn(run, found, view, state.marked_pairs(run.id), is_dark(), PRESENT_HEIGHT)
    st.plotly_chart(picture.figure, key=state.MAP_PRESENTED, alt=picture_words.described(found.drawn, lines))
    st.html(KEYS, unsafe_allow_javascript=True)
    share = picture_words.truthful(lines)
    if share is not None:
        st.caption(f"{picture_words.percent(share)} of the lines tell the truth: they change as their cosine does.")


def drawn(run: Run, found: Told, view: View, marked: tuple[int, ...], dark: bool, height: int) -> Picture:
    """Return the figure of a view: the same view is the same object, and so the same bytes in the browser."""
    return _drawn(
        run.id,
        stamp(run.map_dir / "map.json"),
        stamp(run.evaluation_dir / "evaluation.json"),
        view,
        marked,
        dark,
        height,
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _drawn(
    identity: str, map_stamp: Any, evaluation_stamp: Any, view: View, marked: tuple[int, ...], dark: bool, height: int
) -> Picture:
    from lib.store.workspace import open_workspace

    run = open_workspace().runs.get(identity)
    found = told(run)
    assert found is not None, "a figure is only asked for where there is a map"
    lines, _ = chosen_lines(found, view, run)
    if marked:  # what was chosen elsewhere is drawn whatever the filters say
        more = found.lines[found.lines["pair"].isin(marked) & ~found.lines["pair"].isin(lines["pair"])]
        lines = pd.concat([lines, more])
    classes = {name: found.classes[name] for name in view.classes if name in found.classes}
    return figure(
        found.drawn, lines, found.texts, start=view.moment, marked=marked, classes=classes, dark=dark, height=height
    )


def draw(run: Run, found: Told, picture: Picture, lines: pd.DataFrame) -> None:
    """Put the figure on the page; what is clicked or lassoed becomes the chosen pairs."""

    def picked() -> None:
        points = state.selected_points(state.MAP_FIGURE)
        pairs = [pair for curve, point in points if (pair := picture.pair_at(curve, point)) is not None]
        state.pick(pairs, run.id)

    st.plotly_chart(
        picture.figure,
        key=state.MAP_FIGURE,
        on_select=picked,
        selection_mode=("points", "box", "lasso"),
        alt=picture_words.described(found.drawn, lines),
        config={
            "scrollZoom": True,
            "displaylogo": False,
            "toImageButtonOptions": {"format": "png", "scale": 2, "filename": f"closer-map-{run.id}"},
        },
    )


def clear(run: Run) -> None:
    """Offer to let go of the chosen pairs."""
    chosen = state.chosen_pairs(run.id)
    if chosen and st.button(f"Let go of {len(chosen):,} chosen", icon=":material/close:", type="tertiary"):
        state.choose([], run.id)
        st.rerun()


def notes(found: Told, lines: pd.DataFrame, picture: Picture) -> None:
    """Say how far the picture can be believed, what its colours mean, and what is not on it."""
    if lines.empty and len(found.lines):
        st.warning("No pair fits these filters.", icon=":material/filter_alt_off:")
    with st.container(horizontal=True, gap="medium"):
        for icon, sentence in picture_words.honesty(found.drawn, lines, picture.choice):
            st.caption(f"{icon} {sentence}", width=290)
    if 0 < len(found.lines) < found.all_pairs:
        st.caption(
            f"{len(found.lines):,} of the dataset's {found.all_pairs:,} pairs have a place on the map: every held-out one that fits, those "
            "that changed most, and a fair sample of the rest. Search reaches all pairs."
        )
    measure = picture_words.MEASURES[found.measure]
    marks = f"Round: source, square: target; hollow: trained, full: held-out. {measure}"
    if found.classes:
        marks = "Each point is a text, its colour the class; the texts of a class should come together."
    st.caption(f"{marks} All numbers come from the full dimensions, never from the picture.")


def second_figure(run: Run, found: Told, lines: pd.DataFrame, marked: tuple[int, ...]) -> None:
    """Draw each pair's cosine or rank before against after."""
    if lines.empty:
        return
    ranked = "base_rank" in lines and lines["base_rank"].notna().any()
    options = ["cosine", "rank"] if ranked else ["cosine"]
    measure = st.segmented_control("Measure", options, default="cosine", format_func=str.capitalize, key=state.MAP_DOTS)
    some = lines[lines["base_rank"].notna()] if measure == "rank" else lines
    some = some.head(MAX_DRAWN_POINTS)
    dots = before_after(some, found.texts, measure=measure or "cosine", marked=marked, dark=is_dark())
    key, pairs = f"{state.MAP_DOTS}-figure", some["pair"].to_numpy()

    def picked() -> None:
        state.choose([int(pairs[point]) for curve, point in state.selected_points(key) if curve == 0], run.id)

    alt = "Each pair as one dot, base across, tuned up, with the diagonal."
    st.plotly_chart(dots, key=key, alt=alt, on_select=picked, selection_mode=("points", "box", "lasso"))
