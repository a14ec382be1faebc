"""What may colour the marks of a map in place of the change, as groups with names."""

from __future__ import annotations

from math import ceil

import numpy as np

from lib.charts.map.groups import NO_GROUP, MarkGroups, RegionNames
from lib.charts.map.lines import COLOURED_CLASSES
from lib.projection.regions import NEAR, WIDE
from lib.projection.text_groups import column_values, group_texts
from lib.projection.turnover import TextNeighbours
from lib.ui.explore import keys
from lib.ui.explore.map.data import MapData
from lib.ui.shared.components import escape_markdown

CHANGE = "change"
"""Colour by the change in margin, cosine or label; labelled texts by class."""

_NEIGHBOURS, _REGION, _COLUMN = "neighbours", "region", "column:"

_OTHER_VALUE = "Other values"

_CHANGE_TITLES = {"margin": "Change in margin", "cosine": "Change in cosine", "label": "Change toward label"}

_TURNOVER_STEPS = (0.3, 0.6, 0.9)
"""Shares of new neighbours from which on a text is in the next group."""

_MOSTLY = 0.5


def colour_titles(data: MapData, groups: tuple[str, str] = ("", "")) -> dict[str, str]:
    """List what may colour the map, by its word in the address.

    groups: the words of A and B, where they are compared.
    """
    titles = {CHANGE: "Class" if data.classes else _CHANGE_TITLES[data.measure]}
    titles |= {_NEIGHBOURS: "New neighbours"} if data.neighbours is not None else {}
    titles |= {_REGION: "Region"} if has_regions(data) else {}
    titles |= {keys.COLOUR_GROUPS: "Groups A and B"} if all(groups) else {}
    return titles | {f"{_COLUMN}{name}": f"Column: {name}" for name in data.columns}


def mark_groups(data: MapData, colour: str, groups: tuple[str, str] = ("", "")) -> MarkGroups | None:
    """Build the groups that colour the map; None where the change does. groups: the words of A and B."""
    if colour == keys.COLOUR_GROUPS and all(groups):
        return colour_groups(data, groups)
    if colour == _NEIGHBOURS and data.neighbours is not None:
        return turnover_groups(data.neighbours)
    if colour == _REGION and has_regions(data):
        wide = data.regions[WIDE]
        names = tuple(RegionNames(some.of_text, some.names, level == NEAR) for level, some in data.regions.items())
        return MarkGroups(wide.names, wide.of_text, other="Between regions", regions=names)
    name = column_of(data, colour)
    return column_groups(data, name) if name else None


def colour_groups(data: MapData, words: tuple[str, str]) -> MarkGroups:
    """Build the groups that colour the map where A and B are compared; a text of both has neither colour."""
    first, second = (group_texts(data, word) for word in words)
    of_text = np.full(len(data.texts), NO_GROUP)
    of_text[first], of_text[second] = 0, 1
    of_text[np.intersect1d(first, second)] = NO_GROUP
    return MarkGroups(("A", "B"), of_text, other="Other texts")


def has_regions(data: MapData) -> bool:
    """Check whether the map has regions with names, which maps of earlier versions have not."""
    return WIDE in data.regions and len(data.regions[WIDE].names) > 1


def column_of(data: MapData, colour: str) -> str:
    """Look up the column of the data that colours the map; empty where none does."""
    name = colour.removeprefix(_COLUMN)
    return name if colour.startswith(_COLUMN) and name in data.columns else ""


def column_groups(data: MapData, name: str) -> MarkGroups:
    """Group the pairs, or labelled texts, by the most frequent values of a column."""
    cells = data.columns[name]
    names = tuple(column_values(cells)[:COLOURED_CLASSES])
    number = cells.map({value: at for at, value in enumerate(names)}).fillna(NO_GROUP).astype(int)
    if data.classes:
        of_text = number.reindex(data.rows).fillna(NO_GROUP).to_numpy(np.int64)
        return MarkGroups(names, of_text, other=_OTHER_VALUE)
    of_text = np.full(len(data.texts), NO_GROUP)
    return MarkGroups(names, of_text, of_pair=number[number != NO_GROUP].to_dict(), other=_OTHER_VALUE)


def describe_colour(data: MapData, colour: str) -> str:
    """Write what colours the map in place of change or class; empty where one of these does."""
    if colour == _NEIGHBOURS and data.neighbours is not None:
        return f"how many of a text's {data.neighbours.num} nearest texts are new"
    if colour == _REGION and has_regions(data):
        return "region: density clusters, the same in every snapshot, named by their words (c-TF-IDF); zoom in for finer ones"
    if colour == keys.COLOUR_GROUPS:
        return "the groups A and B"
    name = column_of(data, colour)
    return f"the column “{escape_markdown(name)}”" if name else ""


def turnover_groups(neighbours: TextNeighbours) -> MarkGroups:
    """Group the texts by how many of their nearest texts are new."""
    least = [0, *(ceil(share * neighbours.num - 1e-9) for share in _TURNOVER_STEPS), neighbours.num + 1]
    names = tuple(
        _describe_step(low, following - 1, neighbours.num) for low, following in zip(least, least[1:], strict=False)
    )
    return MarkGroups(names, np.digitize(neighbours.new, least[1:-1]), ordered=True)


def neighbour_mask(neighbours: TextNeighbours | None, choice: str) -> np.ndarray | None:
    """Mask the texts (texts,) whose nearest texts are mostly the same or mostly new; None for any."""
    if neighbours is None or choice not in ("same", "new"):
        return None
    is_new = neighbours.new > _MOSTLY * neighbours.num
    return is_new if choice == "new" else ~is_new


def describe_doubtful(neighbours: TextNeighbours) -> str:
    """Write what a doubtful position is, and how many there are in the first and the last snapshot."""
    ends = list(dict.fromkeys((next(iter(neighbours.true)), list(neighbours.true)[-1])))
    shares = " → ".join(f"{neighbours.is_doubtful(name).mean():.0%}" for name in ends)
    return (
        f"Rings the texts of which fewer than half of the {neighbours.num} nearest marks are among their {neighbours.among} nearest texts: "
        f"what stands around them on the map says little. Of all texts: {shares}."
    )


def _describe_step(low: int, high: int, num: int) -> str:
    return f"{low if low >= high else f'{low}–{high}'} of {num} neighbours new"
