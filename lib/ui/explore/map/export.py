"""Downloads of the map, all in the light theme: vector image, animated page, coordinates."""

from __future__ import annotations

import streamlit as st

from lib.charts.map.page import map_page
from lib.charts.map.svg import map_svg
from lib.store.layout import MapPaths
from lib.ui.explore import keys
from lib.ui.explore.map.figure import build_figure
from lib.ui.explore.map.quality import describe_map, quality_sentences
from lib.ui.explore.map.view import MapView


def show_downloads(view: MapView) -> None:
    """Offer SVG, HTML and Parquet; PNG is the camera above the figure.

    Each file is made on request.
    """
    layout, run = view.data.map, view.run

    def make_svg() -> str:
        return map_svg(build_figure(view, dark=False).figure, snapshot, title=f"{run.name}: {layout.labels[snapshot]}")

    def make_page() -> str:
        figure = build_figure(view, dark=False)
        sentences = [sentence for _, sentence in quality_sentences(layout, view.lines, figure.choice)]
        return map_page(
            figure.figure, title=f"{run.name}: map of the pairs", sentences=sentences, alt=describe_map(view)
        )

    with st.popover("Download", icon=":material/download:"):
        snapshot = st.selectbox(
            "Snapshot",
            list(layout.labels),
            index=len(layout.labels) - 1,
            format_func=layout.labels.__getitem__,
            key=keys.MAP_SVG,
        )
        name = f"closer-map-{run.id}"
        st.download_button("Map (SVG)", make_svg, f"{name}-{snapshot}.svg", "image/svg+xml", on_click="ignore")
        st.download_button("Animated map (HTML)", make_page, f"{name}.html", "text/html", on_click="ignore")
        coordinates = MapPaths(layout.folder).coordinates
        st.download_button("Coordinates (Parquet)", coordinates.read_bytes, f"{name}.parquet", on_click="ignore")
        st.caption("For PNG, use the camera icon above the map. SVG and HTML contain texts of the dataset.")
