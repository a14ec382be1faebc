"""Which lines and texts the filters let through, and what colours them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lib.store.runs import Run
from lib.ui.explore.map.data import MapData, load_map_data
from lib.ui.explore.map.filters import MapFilters, colour_measure, filter_lines, filter_texts
from tests.unit.projection.finished import finished_run, finished_texts


def load_data(run: Run) -> MapData:
    data = load_map_data(run)
    assert data is not None
    return data


def test_part_words_and_group_are_combined(home: Path) -> None:
    run = finished_run(home)
    data = load_data(run)
    assert set(filter_lines(data, MapFilters(part="train"), run)["part"]) == {"train"}
    assert len(filter_lines(data, MapFilters(part="all"), run)) == len(data.lines)
    group = filter_lines(data, MapFilters(part="all", group="team 1"), run)
    assert set(group["group"]) == {"team 1"}
    (line,) = filter_lines(data, MapFilters(part="all", words="QUESTION 7 about"), run).itertuples()
    assert line.pair == 7


@pytest.mark.parametrize(("part", "measure"), [("held_out", "margin"), ("train", "cosine"), ("all", "cosine")])
def test_margins_colour_held_out_pairs_alone(home: Path, part: str, measure: str) -> None:
    run = finished_run(home)
    data = load_data(run)
    margins = MapData(**(vars(data) | {"measure": "margin", "lines": data.lines.assign(value=9.0)}))
    assert colour_measure(margins, MapFilters(part=part)) == measure
    values = filter_lines(margins, MapFilters(part=part), run)["value"]
    assert (values == 9.0).all() == (measure == "margin")


def test_texts_are_masked_by_part_and_words(home: Path) -> None:
    run = finished_texts(home)
    data = load_data(run)
    assert filter_texts(data, MapFilters(part="all"), run).all()
    held_out = filter_texts(data, MapFilters(part="held_out"), run)
    assert np.array_equal(held_out, data.parts == "held_out")
    assert filter_texts(data, MapFilters(part="all", words="text 4 <"), run).sum() == 1
