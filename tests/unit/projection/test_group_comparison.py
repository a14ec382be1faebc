"""Two groups compared as the page shows them: words, examples, table, sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.projection.group_comparison import compare_text_groups, describe_distance, distance_table
from lib.projection.keyphrases import contrast_phrases
from tests.unit.projection.test_group_distance import A, B, two_topics

TEXTS = [f"printer jams on page {row}" for row in range(30)] + [f"invoice lacks tax line {row}" for row in range(30)]
NO_LINES = pd.DataFrame({"source": [], "target": []}, dtype=np.int64)
PAIR = two_topics(apart=0.3), two_topics(apart=0.9)


def test_groups_have_the_words_that_tell_them_apart_and_their_own_examples() -> None:
    found = compare_text_groups(PAIR, (A, B), texts=TEXTS, lines=NO_LINES)
    assert found is not None
    first, second = (" ".join(phrases) for phrases in found.phrases)
    assert "printer" in first
    assert "invoice" in second
    assert "invoice" not in first
    assert all(text.startswith("printer") for text in found.examples[0])
    assert [len(texts) for texts in found.examples] == [3, 3]
    assert found.shared == 0


def test_texts_of_both_groups_belong_to_neither() -> None:
    found = compare_text_groups(PAIR, (np.arange(35), np.arange(25, 60)), texts=TEXTS, lines=NO_LINES)
    assert found is not None
    assert (found.shared, found.distance.sizes) == (10, (25, 25))
    assert compare_text_groups(PAIR, (A, A), texts=TEXTS, lines=NO_LINES) is None
    assert compare_text_groups(PAIR, (A, A[:0]), texts=TEXTS, lines=NO_LINES) is None


def test_table_and_sentences_have_the_numbers() -> None:
    found = compare_text_groups(PAIR, (A, B), texts=TEXTS, lines=NO_LINES)
    assert found is not None
    table = distance_table(found.distance).set_index("mean cosine")
    assert table.loc["Between A and B", "base"] == f"{found.distance.between.base:.3f}"
    assert table.loc["Within less between", "change"] == f"{found.distance.separation.difference:+.3f}"
    assert table.loc["Any two texts of the map", "95% CI"] == ""
    between, separation = describe_distance(found.distance)
    assert between.startswith("Between A and B the mean cosine clearly fell")
    assert f"{found.distance.between.base:.3f} → {found.distance.between.tuned:.3f}" in between
    assert f"{found.distance.separation.base:.3f} → {found.distance.separation.tuned:.3f}" in separation


def test_a_single_text_has_a_dash_and_no_interval_is_said() -> None:
    found = compare_text_groups(PAIR, (A[:1], B), texts=TEXTS, lines=NO_LINES)
    assert found is not None
    assert distance_table(found.distance).set_index("mean cosine").loc["Within A", "base"] == "–"
    sentences = describe_distance(found.distance)
    assert len(sentences) == 2
    assert "95%" not in sentences[0]


def test_words_that_both_groups_use_tell_nothing_whatever_their_sizes() -> None:
    large = [f"how do I mend the {thing} in my house" for thing in ("roof", "door") for _ in range(40)]
    small = ["how do I pay the bill in my house"] * 20
    assert contrast_phrases(large, small, most=6) == ("mend", "door", "roof")
    assert contrast_phrases(small, large, most=6) == ("bill", "pay")
    assert contrast_phrases(small, small, most=6) == ()
