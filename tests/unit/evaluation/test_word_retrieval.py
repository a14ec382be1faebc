"""BM25: held to bm25s itself and to a score computed by hand, and to plain texts rather than what a model reads."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from bm25s import BM25

from lib.data.model_inputs import ModelInputs, Reading
from lib.evaluation.task import EvalTask
from lib.evaluation.word_retrieval import retrieve_by_words
from lib.models.word_index import WordIndex, split_words
from lib.shapes import Shape
from tests.unit.evaluation.fakes import pairs_frame

TEXTS = ["the cat sat", "the dog", "a cat and a cat", "???"]


def test_a_score_is_the_one_computed_by_hand() -> None:
    # "cat" is in 2 of 4 texts of 3, 2, 5 and 0 words: mean length 2.5
    idf = log(1 + (4 - 2 + 0.5) / (2 + 0.5))
    by_hand = [idf * f / (f + 1.5 * (1 - 0.75 + 0.75 * length / 2.5)) for f, length in ((1, 3), (0, 2), (2, 5), (0, 0))]
    assert WordIndex(TEXTS).scores("Cat!") == pytest.approx(by_hand, rel=1e-5)


def test_scores_are_those_of_bm25s() -> None:
    index = BM25()
    index.index(split_words(TEXTS), show_progress=False)
    for query in ("the cat", "dog and cat", "the the dog"):
        assert np.array_equal(WordIndex(TEXTS).scores(query), index.get_scores(query.split()))


@pytest.mark.parametrize("query", ["", "zebra", "?"])
def test_without_a_common_word_every_score_is_zero(query: str) -> None:
    assert WordIndex(TEXTS).scores(query).tolist() == [0, 0, 0, 0]
    assert WordIndex(["?", "!"]).scores("cat").tolist() == [0, 0]


def test_words_rank_the_document_that_shares_the_number() -> None:
    frame = pairs_frame(40, held_out=10)
    found = retrieve_by_words(EvalTask.of(ModelInputs(frame, Shape.PAIRS), part="validation"))
    assert found.rank.tolist() == [1] * 10


def test_a_prompt_changes_nothing() -> None:
    frame = pairs_frame(40, held_out=10)
    prompts = Reading("answer 3: ", "answer 4: ", default_prompt=False)
    plain, prompted = (
        retrieve_by_words(EvalTask.of(ModelInputs(frame, Shape.PAIRS, reading), part="validation"))
        for reading in (Reading(), prompts)
    )
    assert np.array_equal(plain.rank, prompted.rank)
    assert np.array_equal(plain.top_cosine, prompted.top_cosine)
