"""Two groups of texts compared on Explore's map, without a browser: by name, by a link, cleared, in colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lib.projection.group_distance import measure_distance, text_units
from lib.projection.store import end_vectors, load_map
from lib.projection.text_groups import encode_texts
from tests.app.test_explore_map import open_explore, traces, words
from tests.unit.projection.finished import finished_run, finished_texts, plant_regions


def test_groups_chosen_by_name_are_compared_and_stand_in_the_address(home: Path) -> None:
    run = finished_run(home)
    regions = plant_regions(run, texts=120)
    test = open_explore(run.id)
    assert "clear-groups" not in [one.key for one in test.button]
    test.selectbox(key=f"map-groups-A-{run.id}").select("wide:0").run()
    assert not test.exception
    assert "as group B" in words(test)
    test.selectbox(key=f"map-groups-B-{run.id}").select("wide:1").run()
    assert not test.exception
    assert {name: test.query_params[name] for name in "ab"} == {"a": "wide:0", "b": "wide:1"}
    groups = tuple(np.flatnonzero(regions["wide"].of_text == number) for number in range(2))
    distance = measure_distance(end_vectors(run), groups, text_units(load_map(run).lines, 120))
    table = test.table[-1].value
    assert table.loc["Between A and B", "tuned"] == f"{distance.between.tuned:.3f}"
    assert "A: Region: warm and B: Region: cold" in words(test).replace("\\", "")
    test.button(key="clear-groups").click().run()
    assert "Region: warm and" not in words(test)
    assert not {"a", "b"} & set(test.query_params)


def test_a_link_opens_its_groups_in_colour(home: Path) -> None:
    run = finished_run(home)
    test = open_explore(run.id, a=encode_texts(range(10)), b="column:group=team 1", part="All")
    assert not test.exception
    assert "Lasso: 10 texts and B: group: team 1" in words(test).replace("\\", "")
    assert "of both groups left out" in words(test)
    test.button(key="colour-groups").click().run()
    assert not test.exception
    assert test.selectbox(key="colour").value == "groups"
    assert {one["name"] for one in traces(test) if one.get("showlegend")} >= {"A", "B", "Other texts"}
    test.button(key="clear-groups").click().run()
    assert not test.exception
    assert test.selectbox(key="colour").value == "change"


@pytest.mark.parametrize("word", ["texts:AAAA", "wide:99", "<script>"])
def test_a_damaged_link_compares_nothing(home: Path, word: str) -> None:
    test = open_explore(finished_run(home).id, a=word, b="column:group=team 1", colour="groups")
    assert not test.exception
    assert len(test.info) == 1
    test.button(key="clear-groups").click().run()
    assert not test.exception


def test_classes_are_compared(home: Path) -> None:
    test = open_explore(finished_texts(home).id, a="class:class 0", b="class:class 1")
    assert not test.exception
    assert "Between A and B" in test.table[-1].value.index
    test.button(key="colour-groups").click().run()
    assert not test.exception
    assert {one["name"] for one in traces(test)} == {"Other texts", "A", "B"}
