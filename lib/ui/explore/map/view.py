"""The view model of the map section, built once in each run of the page."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from lib.store.map_paths import MapKind
from lib.store.runs import Run
from lib.ui.explore.map.data import MapData
from lib.ui.explore.map.filters import MapFilters, colour_measure, filter_lines
from lib.ui.explore.selection import highlighted_pairs
from lib.ui.shared.theme import is_dark


@dataclass(frozen=True)
class MapView:
    """A run's map data with filters, the lines that pass them, pairs to ring, and theme."""

    run: Run
    data: MapData
    filters: MapFilters
    lines: pd.DataFrame
    highlighted_pairs: tuple[int, ...]
    dark: bool

    @property
    def measure(self) -> str:
        """What colours the lines: margin, cosine or label."""
        return colour_measure(self.data, self.filters)


def build_view(run: Run, data: MapData, filters: MapFilters) -> MapView:
    """Put together what the parts of the section draw."""
    return MapView(run, data, filters, filter_lines(data, filters, run), highlighted_pairs(run.id), is_dark())


def draws_all_texts(view: MapView) -> bool:
    """Check whether the view is the map of all texts, drawn by the graphics card.

    Side by side it is a sample, as any map.
    """
    return view.data.kind is MapKind.ALL and not view.filters.side_by_side
