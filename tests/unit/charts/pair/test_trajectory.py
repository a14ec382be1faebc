"""The trajectory passes all snapshots."""

from __future__ import annotations

import numpy as np

from lib.charts.pair.trajectory import trajectory_figure
from tests.unit.charts.planted import planted_map


def test_the_trajectory_passes_all_snapshots() -> None:
    map_data, _, texts = planted_map()
    found = trajectory_figure(map_data, texts, 3, 53, {"base": [1, 2], "tuned": [4]})
    way = next(trace for trace in found.data if trace.name == "Source")
    assert np.array_equal(way.x, np.stack([f[3, 0] for f in map_data.coordinates.values()]))
