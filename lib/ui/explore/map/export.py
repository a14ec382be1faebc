"""The picture as files: a vector drawing, and a page that opens anywhere with slider and play. All on light paper."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from lib.charts.map.figure import MapFigure
from lib.charts.map.page import map_page
from lib.charts.map.svg import map_svg
from lib.store.layout import MapPaths
from lib.store.runs import Run
from lib.ui.explore import keys
from lib.ui.explore.map.data import Told
from lib.ui.explore.map.quality import described, honesty


def downloads(run: Run, found: Told, lines: pd.DataFrame, light: Callable[[], MapFigure]) -> None:
    """Offer SVG and HTML; PNG is the camera above the figure. Each file is made when it is asked for."""
    labels = found.drawn.labels

    def svg() -> str:
        return map_svg(light().figure, moment, title=f"{run.name}: {labels[moment]}")

    def page() -> str:
        picture = light()
        told = [sentence for _, sentence in honesty(found.drawn, lines, picture.choice)]
        alt = described(found.drawn, lines)
        return map_page(picture.figure, title=f"{run.name}: the pairs on the map", sentences=told, alt=alt)

    with st.popover("Download", icon=":material/download:"):
        moment = st.selectbox(
            "Moment of the picture",
            list(labels),
            index=len(labels) - 1,
            format_func=labels.__getitem__,
            key=keys.MAP_SVG,
        )
        st.download_button(
            "Picture (SVG)", svg, f"closer-map-{run.id}-{moment}.svg", "image/svg+xml", on_click="ignore"
        )
        st.download_button("Moving map (HTML)", page, f"closer-map-{run.id}.html", "text/html", on_click="ignore")
        coordinates = MapPaths(found.drawn.folder).coordinates
        st.download_button(
            "Coordinates (Parquet)", coordinates.read_bytes, f"closer-map-{run.id}.parquet", on_click="ignore"
        )
        st.caption("For PNG, use the camera above the map. Names of pairs are inside these files.")
