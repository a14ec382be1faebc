"""The map's figure: built once for each view, drawn on the page, and read for what is clicked on it."""

from __future__ import annotations

from base64 import b64encode
from functools import partial

import pandas as pd
import streamlit as st

from lib.charts.map.figure import MAP_HEIGHT, MapFigure, map_figure
from lib.charts.map.side_by_side import side_by_side_figure
from lib.store.map_paths import MapKind
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore import keys, selection
from lib.ui.explore.map.colours import mark_groups
from lib.ui.explore.map.data import load_map_data
from lib.ui.explore.map.filters import (
    MapFilters,
    colour_measure,
    doubtful_masks,
    filter_classes,
    filter_lines,
    opening_filters,
)
from lib.ui.explore.map.group_choice import store_lasso
from lib.ui.explore.map.quality import describe_map
from lib.ui.explore.map.view import MapView
from lib.ui.shared.cache import file_stamp

_PRESENT_HEIGHT = 480
"""Pixels before the page's script lets the map fill the window."""


def build_figure(view: MapView, *, height: int = MAP_HEIGHT, dark: bool | None = None) -> MapFigure:
    """Build the figure of a view: the same view is the same object, and so the same bytes in the browser."""
    return _build(
        view.run.id,
        view.data.kind,
        file_stamp(view.run.paths.map_of(view.data.kind).summary),
        file_stamp(view.run.paths.evaluation.summary),
        view.filters,
        view.highlighted_pairs,
        view.dark if dark is None else dark,
        height,
    )


def build_opening_figure(run: Run) -> None:
    """Build the figure on which a run opens, in both themes, for the page to find it in the cache."""
    data = load_map_data(run)
    if data is not None:
        filters = opening_filters(data)
        for dark in (False, True):
            build_figure(MapView(run, data, filters, data.lines, (), dark))


@st.cache_resource(max_entries=8, show_spinner=False)
def _build(
    run_id: str,
    kind: MapKind,
    map_stamp: tuple[int, int],
    evaluation_stamp: tuple[int, int],
    filters: MapFilters,
    highlighted: tuple[int, ...],
    dark: bool,
    height: int,
) -> MapFigure:
    run = open_workspace().runs.get(run_id)
    data = load_map_data(run, kind=kind)
    assert data is not None, "a figure is only built where there is a map"
    lines = filter_lines(data, filters, run)
    if highlighted:  # pairs selected elsewhere are drawn whatever the filters say
        hidden = data.lines["pair"].isin(highlighted) & ~data.lines["pair"].isin(lines["pair"])
        lines = pd.concat([lines, data.lines[hidden]])
    draw = side_by_side_figure if filters.side_by_side else partial(map_figure, start=filters.snapshot)
    return draw(
        data.map,
        lines,
        data.texts,
        marked=highlighted,
        measure=colour_measure(data, filters),
        classes=filter_classes(data, filters, run),
        groups=mark_groups(data, filters.colour, filters.groups),
        doubtful=doubtful_masks(data, filters),
        dark=dark,
        height=height,
    )


def show_preview(view: MapView, map_figure: MapFigure) -> None:
    """Draw a picture of the map where plotly will draw it.

    Once in a visit of a run: later plotly is loaded. The page's style takes it away as soon as plotly has drawn.
    """
    place = st.empty()
    if st.session_state.get(keys.MAP_PREVIEWED) != view.run.id and not view.filters.side_by_side:
        st.session_state[keys.MAP_PREVIEWED] = view.run.id
        picture = b64encode(map_figure.preview.encode()).decode()
        place.html(f'<img class="map-preview" alt="" src="data:image/svg+xml;base64,{picture}">')


def show_figure(view: MapView, map_figure: MapFigure) -> None:
    """Draw the map; what is clicked or lassoed becomes the selection."""
    key = f"{keys.MAP_FIGURE}-{selection.selection_version()}"

    def select() -> None:
        points = selection.selected_points(key)
        pairs = [pair for curve, point in points if (pair := map_figure.pair_at(curve, point)) is not None]
        selection.select_on_map(pairs, view.run.id)
        store_lasso(view.run, [text for one in points if (text := map_figure.text_at(*one)) is not None])

    st.plotly_chart(
        map_figure.figure,
        key=key,
        on_select=select,
        selection_mode=("points", "box", "lasso"),
        alt=describe_map(view),
        config={
            "scrollZoom": True,
            "displaylogo": False,
            # a picture that cannot move shows both ends
            "modeBarButtonsToRemove": [] if view.filters.side_by_side else ["toImage"],
            "toImageButtonOptions": {"format": "png", "scale": 2, "filename": f"closer-map-{view.run.id}"},
        },
    )


def show_large_figure(view: MapView) -> None:
    """Draw the map alone, as large as the window, for the present mode."""
    map_figure = build_figure(view, height=_PRESENT_HEIGHT)
    with st.container(key="map-stage", height=_PRESENT_HEIGHT, border=False):  # present.html lets it fill the window
        st.plotly_chart(
            map_figure.figure,
            key=keys.MAP_PRESENTED,
            height="stretch",
            alt=describe_map(view),
            config={"displaylogo": False, "scrollZoom": True},
        )
