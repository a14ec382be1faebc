"""The groups of texts that can be compared, by their word in the address."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path

import numpy as np
import pytest

from lib.charts.map.groups import NO_GROUP
from lib.projection.text_groups import (
    decode_texts,
    encode_texts,
    group_texts,
    group_title,
    group_titles,
)
from lib.ui.explore.map.colours import colour_groups
from lib.ui.explore.map.data import load_map_data
from tests.unit.projection.finished import finished_run, finished_texts, plant_regions


@pytest.mark.parametrize("ids", [[], [0], [5, 3, 3], [0, 7, 8, 119], [*range(0, 120, 3)]], ids=str)
def test_a_lasso_is_read_again_from_its_word(ids: list[int]) -> None:
    word = encode_texts(ids)
    assert decode_texts(word, texts=120).tolist() == sorted(set(ids))
    assert set(word.removeprefix("texts:")) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def test_a_group_of_a_large_map_fits_into_a_link() -> None:
    ids = np.random.default_rng(0).choice(8_000, 800, replace=False)
    assert len(encode_texts(ids)) < 1_000


def bomb() -> str:
    packed = zlib.compress(b"\xff" * 10_000_000, 9)
    return "texts:" + base64.urlsafe_b64encode(packed).decode().rstrip("=")


@pytest.mark.parametrize(
    "word",
    ["texts:", "texts:!!", "texts:AAAA", "texts:é", encode_texts([120]), bomb()],
    ids=["empty", "no base64", "no zlib", "no ascii", "other map", "bomb"],
)
def test_a_damaged_word_names_no_text(word: str) -> None:
    assert decode_texts(word, texts=120).tolist() == []


def test_regions_and_values_are_groups_with_their_texts(home: Path) -> None:
    run = finished_run(home)
    regions = plant_regions(run, texts=120)
    data = load_map_data(run)
    assert data is not None
    titles = group_titles(data)
    assert titles["wide:1"] == "Region: cold"
    assert titles["near:0"] == "Near region: red <i>"
    assert np.array_equal(group_texts(data, "wide:1"), np.flatnonzero(regions["wide"].of_text == 1))
    team = data.lines[data.lines["group"] == "team 2"]
    assert titles["column:group=team 2"] == "group: team 2"
    assert np.array_equal(group_texts(data, "column:group=team 2"), np.union1d(team["source"], team["target"]))
    assert group_title(data, encode_texts([1, 2])) == "Lasso: 2 texts"
    assert all(len(group_texts(data, word)) for word in titles)


@pytest.mark.parametrize(
    "word", ["", "wide", "wide:9", "wide:x", "near:-1", "class:0", "column:no=1", "column:group=", "?:1"]
)
def test_an_unknown_word_names_no_text(home: Path, word: str) -> None:
    run = finished_run(home)
    plant_regions(run, texts=120)
    data = load_map_data(run)
    assert data is not None
    assert group_texts(data, word).tolist() == []


def test_classes_of_labelled_texts_are_groups(home: Path) -> None:
    data = load_map_data(finished_texts(home))
    assert data is not None
    name = next(iter(data.classes))
    assert group_titles(data)[f"class:{name}"] == f"Class: {name}"
    assert np.array_equal(group_texts(data, f"class:{name}"), data.classes[name])


def test_a_text_of_both_groups_has_the_colour_of_neither(home: Path) -> None:
    data = load_map_data(finished_run(home))
    assert data is not None
    groups = colour_groups(data, (encode_texts([0, 1, 2]), encode_texts([2, 3])))
    assert groups.names == ("A", "B")
    assert groups.of_text[:5].tolist() == [0, 0, NO_GROUP, 1, NO_GROUP]
