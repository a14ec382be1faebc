"""The map of all texts, drawn by the browser's graphics card.

Positions and colours are fetched as files, texts one by one.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.runtime import get_instance

from lib.charts.map.marks import TextMarks, text_marks
from lib.projection.regions import NEAR, Regions
from lib.projection.store import Map
from lib.store.map_paths import MapPaths
from lib.store.runs import Run
from lib.ui.explore import keys, selection
from lib.ui.explore.map.colours import mark_groups
from lib.ui.explore.map.data import MapData
from lib.ui.explore.map.filters import filter_classes
from lib.ui.explore.map.quality import describe_map
from lib.ui.explore.map.view import MapView
from lib.ui.shared.cache import file_stamp
from lib.ui.shared.theme import theme_palette

_COLOURS = ("tuned", "text", "faint", "paper")
_HERE = Path(__file__).parent

_MAX_NAMED = 60
"""Names of regions on the map, the largest first."""

_mount = st.components.v2.component(
    "closer_all_texts",
    html=(_HERE / "all_texts.html").read_text(encoding="utf-8"),
    css=(_HERE / "all_texts.css").read_text(encoding="utf-8"),
    js=(_HERE / "all_texts.js").read_text(encoding="utf-8"),
)


def show_all_texts(view: MapView) -> None:
    """Draw the map of all texts; a click selects the pairs of a text."""
    key = f"{keys.MAP_ALL_TEXTS}-{view.run.id}"

    def select() -> None:
        text = st.session_state[key].get("picked")
        if isinstance(text, int) and not isinstance(text, bool):
            selection.select_pairs(pairs_of_text(view.data, text), view.run.id)

    _mount(key=key, data=_map_data(view), on_picked_change=select)


def pairs_of_text(data: MapData, text: int) -> list[int]:
    """List the pairs of a text, or the row of a labelled one; few enough for a link."""
    if data.classes:
        return [int(row) for row in data.rows[text : text + 1] if text >= 0 and row >= 0]
    lines = data.lines
    mask = (lines["source"].to_numpy() == text) | (lines["target"].to_numpy() == text)
    return [int(pair) for pair in lines["pair"].to_numpy()[mask][: keys.LINKED_PAIRS]]


def _map_data(view: MapView) -> dict[str, Any]:
    data, colours = view.data, theme_palette()
    marks = _marks(view)
    labels = list(data.map.labels.values())
    return {
        "positions": positions_address(view.run, data.map),
        "texts": f"download/{view.run.id}/map/texts",
        "marks": _publish(marks),
        "palette": list(marks.colours),
        "legend": list(marks.legend.items()),
        "labels": labels,
        "play": view.filters.snapshot == next(iter(data.map.labels)),
        "pairs": selected_lines(view, colours.tuned),
        "names": region_names(data) if view.filters.colour == "region" else [],
        "alt": describe_map(view),
        "colours": {name: value for name, value in asdict(colours).items() if name in _COLOURS},
    }


def positions_address(run: Run, layout: Map) -> str:
    """Write the address of the map's positions, another one for each map that is drawn."""
    version = "-".join(str(part) for part in file_stamp(MapPaths(layout.folder).summary))
    return f"download/{run.id}/map/positions?version={version}"


def _marks(view: MapView) -> TextMarks:
    return text_marks(
        view.data.map.texts,
        view.lines,
        theme_palette(),
        measure=view.measure,
        groups=mark_groups(view.data, view.filters.colour),
        classes=filter_classes(view.data, view.filters, view.run),
    )


def _publish(marks: TextMarks) -> str:
    """Put the numbers of the colours into the server's memory, as pictures are.

    The address is a keyed hash of them.
    """
    return get_instance().media_file_mgr.add(
        marks.number.tobytes(), "application/octet-stream", coordinates=keys.MAP_ALL_TEXTS
    )


def selected_lines(view: MapView, colour: str) -> list[list[object]]:
    """List the ends of the selected pairs, as text ids, with a colour."""
    pairs = selection.selected_pairs(view.run.id)[: keys.LINKED_PAIRS]
    if view.data.classes:
        texts = np.flatnonzero(np.isin(view.data.rows, pairs)).tolist() if pairs else []
        return [[text, text, colour] for text in texts]
    lines = view.data.lines
    some = lines[lines["pair"].isin(pairs)]
    return [[int(source), int(target), colour] for source, target in some[["source", "target"]].to_numpy()]


def region_names(data: MapData) -> list[dict[str, object]]:
    """List the names of regions with their places in the first and the last snapshot.

    A place is the median of the region's texts.
    """
    first, *_, last = [*data.map.coordinates.values()] * 2
    return [
        {"name": name, "base": base, "tuned": tuned, "near": level == NEAR}
        for level, regions in data.regions.items()
        for name, base, tuned in _places(regions, first, last)
    ]


def _places(regions: Regions, first: np.ndarray, last: np.ndarray) -> list[tuple[str, list[float], list[float]]]:
    members = [np.flatnonzero(regions.of_text == number) for number in range(len(regions.names))]
    order = sorted(range(len(members)), key=lambda number: -len(members[number]))[:_MAX_NAMED]
    return [
        (regions.names[number], *(np.median(frame[members[number]], axis=0).tolist() for frame in (first, last)))
        for number in order
        if len(members[number])
    ]
