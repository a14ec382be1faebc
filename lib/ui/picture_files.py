"""The picture as files: a vector drawing, and a page that opens anywhere with slider and play."""

from __future__ import annotations

import streamlit as st

from lib.charts.map import Picture
from lib.charts.map_svg import map_svg
from lib.store.runs import Run
from lib.ui.picture_data import Told
from lib.ui.picture_filters import View
from lib.ui.picture_words import honesty


def downloads(run: Run, found: Told, picture: Picture, view: View) -> None:
    """Offer SVG and HTML; PNG is the camera above the figure. Each file is made when it is asked for."""
    moment = view.moment or next(iter(found.drawn.labels))

    def svg() -> str:
        return map_svg(picture.figure, moment, title=f"Closer map, {found.drawn.labels[moment]}")

    def page() -> str:
        return picture.figure.to_html(
            include_plotlyjs=True, full_html=True, config={"displaylogo": False, "scrollZoom": True}
        )

    with st.popover("Download", icon=":material/download:"):
        st.download_button(
            "Picture (SVG)", svg, f"closer-map-{run.id}-{moment}.svg", "image/svg+xml", on_click="ignore"
        )
        st.download_button("Moving map (HTML)", page, f"closer-map-{run.id}.html", "text/html", on_click="ignore")
        coordinates = found.drawn.folder / "coordinates.parquet"
        st.download_button(
            "Coordinates (Parquet)", coordinates.read_bytes, f"closer-map-{run.id}.parquet", on_click="ignore"
        )
        st.caption("For PNG, use the camera above the map. Names of pairs are inside these files.")
        for _, sentence in honesty(found.drawn, found.lines, picture.choice)[:2]:
            st.caption(sentence)
