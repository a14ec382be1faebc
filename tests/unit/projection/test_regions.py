"""Regions of planted clusters, with names of their own words, the same in every snapshot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lib.errors import StoreError
from lib.projection.keyphrases import keyphrases, terms_of
from lib.projection.regions import NEAR, WIDE, find_regions, load_regions, write_regions

TOPICS = ("printer toner", "parcel locker", "holiday request", "scanner battery")


def planted() -> tuple[np.ndarray, np.ndarray, list[str], np.ndarray]:
    """Draw four topics, two by two, in both frames, and texts that are in another topic in the last one."""
    draw = np.random.default_rng(0)
    topic = np.repeat(np.arange(4), 40)
    centres = np.array([[0, 0], [2, 0], [20, 0], [22, 0]])
    first = centres[topic] + draw.normal(0, 0.25, (160, 2))
    last = centres[topic] + draw.normal(0, 0.25, (160, 2))
    last[:5] += 30  # five texts went elsewhere
    texts = [f"how do I mend the {TOPICS[t]} number {i}" for i, t in enumerate(topic)]
    return first, last, texts, topic


def test_regions_are_the_planted_topics_and_are_named_by_their_words() -> None:
    first, last, texts, topic = planted()
    regions = find_regions(first, last, texts)
    near, wide = regions[NEAR], regions[WIDE]
    assert len(near.names) == 4
    for number, name in enumerate(near.names):
        (members,) = ({int(one) for one in topic[near.of_text == number]},)
        assert len(members) == 1
        assert set(name.replace(",", "").split()) <= set(TOPICS[members.pop()].split())
    assert (near.of_text >= 0).mean() > 0.9
    assert (near.of_text[:5] == -1).all(), "what left its topic belongs to none"
    assert len(wide.names) == 3
    assert ((wide.of_text >= 0) == (near.of_text >= 0)).all()
    joined = [set(wide.of_text[near.of_text == number]) for number in range(4)]
    assert all(len(one) == 1 for one in joined), "a near region lies in one wide region"


def test_a_small_map_has_no_regions() -> None:
    first, last, texts, _ = planted()
    assert find_regions(first[:40], last[:40], texts[:40]) == {}


def test_what_is_stored_is_read_again(tmp_path: Path) -> None:
    first, last, texts, _ = planted()
    regions = find_regions(first, last, texts)
    write_regions(tmp_path, regions)
    read = load_regions(tmp_path, texts=160)
    for level, some in regions.items():
        assert read[level].names == some.names
        assert np.array_equal(read[level].of_text, some.of_text)
    with pytest.raises(StoreError):
        load_regions(tmp_path, texts=10)
    assert load_regions(tmp_path / "none", texts=160) == {}


def test_frequent_words_and_numbers_name_nothing() -> None:
    groups = [[f"where is the blue kettle {i}" for i in range(30)], [f"where is the lost train {i}" for i in range(30)]]
    blue, lost = keyphrases(groups, most=3)
    assert set(" ".join(blue).split()) == {"blue", "kettle"}
    assert set(" ".join(lost).split()) == {"lost", "train"}
    assert keyphrases([["same words here"] * 30, ["same words here"] * 30]) == [(), ()]


def test_scripts_without_spaces_have_words_too() -> None:
    assert terms_of("\u753b\u50cf\u306e\u30ab\u30e1\u30e9") >= {"\u753b\u50cf", "\u30ab\u30e1\u30e9"}
    assert not any("\u306e" in term for term in terms_of("\u753b\u50cf\u306e\u30ab\u30e1\u30e9"))
    assert "\ud55c\uad6d\uc5b4" in terms_of("\ud55c\uad6d\uc5b4 text")


def test_of_many_texts_a_sample_is_clustered_and_the_others_join_their_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    first, last, texts, topic = planted()
    monkeypatch.setattr("lib.projection.regions.MAX_CLUSTERED", 120)
    near = find_regions(first, last, texts)[NEAR]
    assert len(near.of_text) == 160
    assert len(near.names) == 4
    assert all(len(set(topic[near.of_text == number])) == 1 for number in range(4))
    assert (near.of_text >= 0).mean() > 0.8
