"""The map section of Explore: filters, the map, its quality, and the details of a selected pair."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from lib.charts.map.figure import MapFigure
from lib.errors import StoreError
from lib.store.map_paths import MapKind
from lib.store.runs import Run
from lib.ui.explore.map.all_texts import show_all_texts
from lib.ui.explore.map.data import MapData, load_map_data
from lib.ui.explore.map.export import show_downloads
from lib.ui.explore.map.figure import build_figure, show_figure, show_large_figure, show_preview
from lib.ui.explore.map.filters import show_filters
from lib.ui.explore.map.group_choice import chosen_groups, show_group_choice
from lib.ui.explore.map.group_comparison import show_group_comparison
from lib.ui.explore.map.layout import show_layout_options, show_missing_map
from lib.ui.explore.map.maps import choose_map, chosen_map, offer_all_texts
from lib.ui.explore.map.quality import show_line_accuracy, show_quality
from lib.ui.explore.map.scatter import show_scatter
from lib.ui.explore.map.scripts import MAP_SCRIPTS
from lib.ui.explore.map.side_panel import show_side_panel
from lib.ui.explore.map.view import MapView, build_view, draws_all_texts
from lib.ui.shared import state
from lib.ui.shared.components import show_error

_COLUMN_SHARES = (0.63, 0.37)
"""Shares of the map and of the panel beside it."""

_PANELS_HEIGHT = 600
"""Pixels of two panels beside each other, which take the whole width of the page."""

_PRESENT_STYLE = Path(__file__).with_name("present.html").read_text(encoding="utf-8")
"""In the page only while it presents, so that it needs no condition on what the page holds."""


def show_map(run: Run) -> None:
    """Draw the map section of a run; the present mode shows the map and one sentence."""
    if run.is_unchanged:
        st.caption("No map: no text moved.")
        return
    data = _load(run)
    if data is None:
        show_missing_map(run)
        return
    presenting = state.is_presenting()
    with st.container(key="map-style"):
        if presenting:  # its header has the scripts
            st.html(_PRESENT_STYLE)
        else:
            st.html(MAP_SCRIPTS, unsafe_allow_javascript=True)
    view = build_view(run, data, show_filters(data, chosen_groups(run), hidden=presenting))
    if presenting:
        show_large_figure(view)
        show_line_accuracy(view)
    else:
        _show_parts(view)


def show_hidden_filters(run: Run) -> None:
    """Keep the map's filters in the address while the present mode shows another step."""
    data = _load(run)
    if data is not None:
        show_filters(data, chosen_groups(run), hidden=True)


def _load(run: Run) -> MapData | None:
    try:
        return load_map_data(run, kind=chosen_map(run))
    except StoreError as error:
        show_error(error)
        return None


def _show_parts(view: MapView) -> None:
    """Draw the map with its tools, the panel beside it, and what stands below."""
    if draws_all_texts(view):
        _show_all_texts(view)
        return
    if view.filters.side_by_side:
        figure = build_figure(view, height=_PANELS_HEIGHT)
        _show_figure_and_tools(view, figure)
        show_side_panel(view)
    else:
        figure = build_figure(view)
        with st.container(key="map-and-panel"):
            left, right = st.columns(_COLUMN_SHARES, gap="medium")
            with left:
                _show_figure_and_tools(view, figure)
            with right:
                show_side_panel(view)
    show_group_comparison(view)
    show_quality(view, figure.choice)
    show_scatter(view)


def _show_all_texts(view: MapView) -> None:
    """Draw the map of all texts, the panel beside it, and what stands below."""
    with st.container(key="map-and-panel"):
        left, right = st.columns(_COLUMN_SHARES, gap="medium")
        with left:
            show_all_texts(view)
            choose_map(view)
        with right:
            show_side_panel(view)
    show_quality(view, None)
    show_scatter(view)


def _show_figure_and_tools(view: MapView, figure: MapFigure) -> None:
    with st.container(key="map-frame"):
        show_preview(view, figure)
        show_figure(view, figure)
    with st.container(horizontal=True, vertical_alignment="center"):
        choose_map(view)
        if view.data.kind is not MapKind.ALL:
            show_group_choice(view)
        show_layout_options(view)
        show_downloads(view)
        offer_all_texts(view)
