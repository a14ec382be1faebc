"""Ranking texts by scores and by words: order, ties, the rank of the right answer, and what has no words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.errors import MemoryShortageError
from lib.models import memory_check
from lib.models.inference import search
from lib.models.inference.answers import Ranking
from lib.models.inference.search import best_by_words, load_search, nearest, rank, top_rows

TEXTS = ["a", "b", "c", "d", "e"]


def by_words(path: Path, query: str, **rest: object) -> Ranking:
    """Search the file's texts by their words."""
    return Ranking.from_json(best_by_words(query=query, parquet=str(path), column="positive", **rest))


def test_the_best_come_first_and_ties_by_their_place() -> None:
    scores = np.random.default_rng(0).integers(0, 50, size=1_000).astype(np.float32)
    assert top_rows(scores, 10).tolist() == np.argsort(-scores, kind="stable")[:10].tolist()
    assert top_rows(scores[:3], 10).tolist() == np.argsort(-scores[:3], kind="stable").tolist()
    assert top_rows(scores, 0).tolist() == []


def test_the_right_answer_has_its_rank_beyond_the_best_ones() -> None:
    scores = np.array([0.9, 0.2, 0.9, 0.5, 0.2])
    found = rank(TEXTS, scores, right=[4, 1], most=2)
    assert [(one.text, one.is_right) for one in found.best] == [("a", False), ("c", False)]
    assert (found.right.text, found.right_rank, found.texts) == ("b", 4, 5)  # e ties with b and comes later
    assert rank(TEXTS, scores, right=[2], most=2).right_rank == 2
    assert rank(TEXTS, scores, right=[], most=2).right is None


def test_a_search_by_words_lists_only_texts_with_a_word_of_the_query(tmp_path: Path) -> None:
    path = tmp_path / "targets.parquet"
    targets = ["Reset the scanner", "The printer is jammed", "Clean the scanner lens", "???", "Ask the desk"]
    pd.DataFrame({"positive": [*targets, targets[0]]}).to_parquet(path)
    found = by_words(path, "SCANNER lens?", right=["Clean the scanner lens"])
    assert [one.text for one in found.best] == ["Clean the scanner lens", "Reset the scanner"]
    assert (found.right_rank, found.texts) == (1, 5)
    nothing = by_words(path, "zebra", right=["Ask the desk"])
    assert (nothing.best, nothing.right_rank) == ((), 5)


@pytest.mark.parametrize("query", ["", "word"])
def test_targets_without_words_are_found_by_none(tmp_path: Path, query: str) -> None:
    path = tmp_path / "targets.parquet"
    pd.DataFrame({"positive": ["???", "!"]}).to_parquet(path)
    assert by_words(path, query).best == ()


def test_an_index_that_memory_cannot_hold_is_built_only_when_asked_for_again(
    home: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_allowed", set())
    path = tmp_path / "targets.parquet"
    pd.DataFrame({"positive": TEXTS}).to_parquet(path)
    where = {"models": [str(tiny_model)], "parquet": str(path), "column": "positive", "reading": {}}
    monkeypatch.setattr(memory_check, "available_memory", lambda: 1_000)
    for handler, query in ((load_search, {}), (nearest, {"query": "a"})):
        with pytest.raises(MemoryShortageError, match="1 kB"):
            handler(**where, **query)
    (answer,) = nearest(**where, query="a", ignore_memory=True)
    assert Ranking.from_json(answer).best[0].text == "a"
    assert load_search(**where) == len(TEXTS)
