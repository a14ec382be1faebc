"""Groups that colour the marks of a map in place of the change, by a quantity or by a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.charts.colours import Palette
from lib.charts.map.trace import MAP_LABEL_CHARACTERS, shorten

NO_GROUP = -1


@dataclass(frozen=True)
class RegionNames:
    """Names that stand in the middle of their texts: (texts,) the region of each, NO_GROUP for none.

    is_near: shown to who zooms in, in place of the others.
    """

    of_text: np.ndarray
    names: tuple[str, ...]
    is_near: bool = False


@dataclass(frozen=True)
class MarkGroups:
    """Groups by number, in the order of the legend.

    of_text: (texts,) number of each text's group, NO_GROUP where it has none; of_pair: of each pair by its id, where pairs rather than
    texts have groups; other: name of what has none; ordered: the groups are steps of one quantity, least first.
    regions: names on the map, in place of those of pairs.
    """

    names: tuple[str, ...]
    of_text: np.ndarray
    of_pair: Mapping[int, int] | None = None
    other: str = "Other"
    ordered: bool = False
    regions: tuple[RegionNames, ...] = ()

    def of_end(self, lines: pd.DataFrame, end: str) -> np.ndarray:
        """Look up the group of one end (source or target) of each line."""
        return self.of_text[lines[end].to_numpy(np.int64)] if self.of_pair is None else self._of_pair(lines)

    def of_line(self, lines: pd.DataFrame) -> np.ndarray:
        """Look up the group of each line: its pair's, or that of both texts where they have the same."""
        if self.of_pair is not None:
            return self._of_pair(lines)
        source, target = self.of_end(lines, "source"), self.of_end(lines, "target")
        return np.where(source == target, source, NO_GROUP)

    def _of_pair(self, lines: pd.DataFrame) -> np.ndarray:
        return lines["pair"].map(self.of_pair).fillna(NO_GROUP).to_numpy(np.int64)

    def colour(self, group: int, colours: Palette) -> str:
        """Choose the colour of a group."""
        if group == NO_GROUP:
            return colours.same
        return colours.steps(len(self.names))[group] if self.ordered else colours.series(group)

    def legend(self, group: int, *, show: bool) -> dict[str, object]:
        """Build the legend's part of a trace's style: a click hides and shows the whole group."""
        name = self.other if group == NO_GROUP else shorten(self.names[group], MAP_LABEL_CHARACTERS)
        rank = 1_000 + (len(self.names) if group == NO_GROUP else group)
        return {"name": name, "legendgroup": f"group-{group}", "showlegend": show, "legendrank": rank}
