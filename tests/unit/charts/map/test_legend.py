"""The legend names each colour."""

from __future__ import annotations

import numpy as np

from lib.charts.map.figure import map_figure
from tests.unit.charts.planted import planted_map


def test_the_legend_names_each_colour_and_moves_with_the_frames() -> None:
    map_data, lines, texts = planted_map()

    def legend(**options: object) -> list[str]:
        found = map_figure(map_data, lines, texts, **options).figure
        entries = [trace for trace in found.data if trace.mode == "lines" and trace.name]
        assert all(np.isnan(trace.x).all() for trace in entries)
        shown = {trace.legendgroup for trace in found.data if trace.mode == "lines"}
        assert shown == {trace.legendgroup for trace in entries}
        return [trace.name for trace in entries]

    assert legend() == ["Moved closer", "No change", "Moved apart", "Below the layout noise"]
    assert legend(measure="margin")[2] == "Margin dropped"
    assert legend(measure="label")[0] == "Moved toward label"
