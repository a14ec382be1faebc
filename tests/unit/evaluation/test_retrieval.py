"""Exact retrieval: blocks change nothing, ties count, duplicates are one document.

Several right answers all count.
"""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from lib.data.model_inputs import ModelInputs
from lib.evaluation import retrieval
from lib.evaluation.retrieval import retrieve
from lib.evaluation.task import EvalTask
from lib.vectors import normalize_rows


def some(count: int, *, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)


def test_small_blocks_find_the_same_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, targets = some(37, seed=1), some(101, seed=2)
    right = [np.array([n, 2 * n]) if n else np.array([0]) for n in range(37)]
    one_block = retrieve(queries, targets, right)
    monkeypatch.setattr(retrieval, "BLOCK_CELLS", 500)
    parts = retrieve(queries, targets, right)
    for name in ("top", "rank", "hits", "relevant", "target_rank"):
        np.testing.assert_array_equal(getattr(one_block, name), getattr(parts, name))


@pytest.mark.parametrize("tile", [3, 10, 40])
def test_tiles_of_targets_find_the_same_as_all_at_once(monkeypatch: pytest.MonkeyPatch, tile: int) -> None:
    queries, targets = some(37, seed=1), some(101, seed=2)
    targets[60:80], queries[:5] = targets[:20], targets[:5]  # equal scores
    right = [np.array([n, 2 * n]) if n else np.array([0]) for n in range(37)]
    own, places = np.where(np.arange(37) % 3, -1, 90), np.random.default_rng(0).permutation(101)
    whole = retrieve(queries, targets[places], right, own=own)
    monkeypatch.setattr(retrieval, "TILE_TARGETS", tile)
    tiles = retrieve(queries, targets, right, own=own, places=places)
    for name in ("top", "rank", "hits", "relevant", "target_rank"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(tiles, name))
    for name in ("top_cosine", "right", "wrong"):
        np.testing.assert_allclose(getattr(whole, name), getattr(tiles, name), atol=1e-6)
    same = retrieve(np.ones((20, 4)), np.ones((50, 4)), [np.array([n]) for n in range(20)])
    assert same.rank.tolist() == list(range(1, 21))
    assert (same.top == np.arange(10)).all()


def test_ranks_are_those_of_a_full_sort() -> None:
    queries, targets = some(30, seed=3), some(50, seed=4)
    right = [np.array([n, n + 20]) for n in range(30)]
    found, scores = retrieve(queries, targets, right), normalize_rows(queries) @ normalize_rows(targets).T
    order = np.argsort(-scores, axis=1, kind="stable")
    first = [min(list(order[n]).index(n), list(order[n]).index(n + 20)) + 1 for n in range(30)]
    assert found.rank.tolist() == first
    np.testing.assert_array_equal(found.top, order[:, :10])


def test_each_right_target_has_a_rank_of_its_own_among_the_wrong_ones() -> None:
    queries, targets = some(30, seed=3), some(50, seed=4)
    right = [np.array([n, n + 20]) for n in range(30)]
    found, scores = retrieve(queries, targets, right), normalize_rows(queries) @ normalize_rows(targets).T
    expected = []
    for row, ids in enumerate(right):
        wrong = np.delete(scores[row], ids)
        expected += [1 + int((wrong > scores[row, one]).sum()) for one in ids]
    assert found.target_rank.tolist() == expected
    assert found.rank.tolist() == np.array(expected).reshape(-1, 2).min(axis=1).tolist()


def test_a_querys_own_text_is_passed_over() -> None:
    """Questions that are also targets of others: each would find itself first."""
    questions = [f"question {n}" for n in range(20)]
    frame = pd.DataFrame({"anchor": questions, "positive": questions[1:] + questions[:1], "part": "held_out"})
    task = EvalTask.of(ModelInputs.of(frame, "pairs"), part="held_out")
    rows = np.eye(20, dtype=np.float32) + 0.5 * np.roll(np.eye(20, dtype=np.float32), 1, axis=1)
    index = [questions.index(text) for text in task.texts]
    found = task.retrieval(rows[index])
    assert (task.own_document >= 0).all()
    unskipped = retrieve(rows[index][task.queries], rows[index][task.documents], task.relevant)
    assert (found.rank == unskipped.rank - 1).all()
    assert (unskipped.top[:, 0] == task.own_document).all()
    assert not (task.documents[found.top[:, :9]] == task.queries[:, None]).any()
    same = EvalTask.of(ModelInputs.of(frame.assign(positive=questions), "pairs"), part="held_out")
    assert (same.own_document == -1).all()  # a text that is its own right answer stays


def test_where_nothing_is_wrong_there_is_no_best_wrong_one() -> None:
    found = retrieve(some(2, seed=1), some(2, seed=2), [np.array([0, 1]), np.array([0])])
    assert np.isnan(found.wrong).tolist() == [True, False]
    assert found.target_rank[:2].tolist() == [1, 1]


def test_the_nearest_others_are_found_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, ids = some(60, seed=8), np.arange(0, 60, 2)
    one_block = retrieval.nearest_others(rows, ids)
    monkeypatch.setattr(retrieval, "BLOCK_CELLS", 200)
    parts = retrieval.nearest_others(rows, ids)
    np.testing.assert_array_equal(one_block[0], parts[0])
    scores = normalize_rows(rows)[ids] @ normalize_rows(rows).T
    scores[np.arange(30), ids] = -np.inf
    np.testing.assert_array_equal(one_block[0], np.argsort(-scores, axis=1, kind="stable")[:, :10])
    assert retrieval.nearest_others(rows[:1], np.array([0]))[0].shape == (1, 0)


def test_a_model_that_gives_every_text_the_same_vector_is_not_right() -> None:
    found = retrieve(np.ones((100, 4)), np.ones((100, 4)), [np.array([n]) for n in range(100)])
    assert found.rank.tolist() == list(range(1, 101))
    assert found.accuracy(1).mean() == 0.01


def test_memory_is_bounded_by_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """2,000 x 20,000 scores are 160 MB; in blocks of 1 million cells nothing near that is ever held."""
    monkeypatch.setattr(retrieval, "BLOCK_CELLS", 1_000_000)
    queries, targets = some(2_000, seed=5), some(20_000, seed=6)
    right = [np.array([n]) for n in range(2_000)]
    tracemalloc.start()
    retrieve(queries, targets, right)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000


def test_duplicate_targets_are_one_document_and_every_right_target_counts() -> None:
    frame = pd.DataFrame(
        {
            "anchor": ["a", "a", "b", "c"],
            "positive": ["Reset it.", "Call us.", "  reset   IT.", "Wait."],
            "part": ["held_out", "held_out", "held_out", "train"],
        }
    )
    task = EvalTask.of(ModelInputs.of(frame, "pairs"), part="held_out")
    assert len(task.documents) == 3
    sizes = {task.texts[query]: len(right) for query, right in zip(task.queries, task.relevant, strict=True)}
    assert sizes == {"a": 2, "b": 1}
    vectors = np.eye(8, dtype=np.float32)
    index = {text: n for n, text in enumerate(task.texts)}
    rows = vectors[: len(task.texts)].copy()
    rows[index["a"]] = rows[index["Call us."]] + 0.5 * rows[index["Wait."]]
    found = task.retrieval(rows)
    a = [task.texts[query] for query in task.queries].index("a")
    assert found.recall(1)[a] == 0.5
    assert found.rank[a] == 1
