"""Downloads of the map, all in the light theme: vector image, animated page, coordinates."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from lib.charts.map.figure import MapFigure
from lib.charts.map.page import map_page
from lib.charts.map.quality import quality_sentences
from lib.charts.map.svg import map_svg
from lib.projection.store import Map
from lib.store.map_paths import MapPaths
from lib.ui.explore import keys
from lib.ui.explore.map.figure import build_figure
from lib.ui.explore.map.quality import describe_map
from lib.ui.explore.map.view import MapView


def show_downloads(view: MapView) -> None:
    """Offer SVG, HTML and Parquet; PNG is the camera above the figure.

    Each file is made on request.
    """
    layout, run = view.data.map, view.run

    def make_svg() -> str:
        shown = [chosen] if chosen else _ends(layout)
        return map_svg(_animated(view).figure, {name: layout.labels[name] for name in shown}, title=run.name)

    def make_page() -> str:
        figure = _animated(view)
        sentences = [sentence for _, sentence in quality_sentences(layout, view.lines, figure.choice)]
        return map_page(
            figure.figure, title=f"{run.name}: map of the pairs", sentences=sentences, alt=describe_map(view)
        )

    with st.popover("Download", icon=":material/download:"):
        both = " and ".join(layout.labels[snapshot] for snapshot in _ends(layout))
        chosen = st.selectbox(
            "Snapshot",
            ["", *layout.labels],
            format_func=lambda snapshot: layout.labels[snapshot] if snapshot else f"{both}, side by side",
            key=keys.MAP_SVG,
        )
        name = f"closer-map-{run.id}"
        st.download_button(
            "Map (SVG)", make_svg, f"{name}{'-' if chosen else ''}{chosen}.svg", "image/svg+xml", on_click="ignore"
        )
        st.download_button("Animated map (HTML)", make_page, f"{name}.html", "text/html", on_click="ignore")
        coordinates = MapPaths(layout.folder).coordinates
        st.download_button("Coordinates (Parquet)", coordinates.read_bytes, f"{name}.parquet", on_click="ignore")
        st.caption(
            "For PNG, choose the side-by-side view and use the camera icon above the map. SVG and HTML contain texts of the dataset."
        )


def _animated(view: MapView) -> MapFigure:
    """Build the figure with all snapshots, in the light theme, whichever view is on the page."""
    return build_figure(replace(view, filters=replace(view.filters, side_by_side=False)), dark=False)


def _ends(layout: Map) -> list[str]:
    """List the first and the last snapshot: what a picture that cannot move shows."""
    names = list(layout.labels)
    return list(dict.fromkeys((names[0], names[-1])))
