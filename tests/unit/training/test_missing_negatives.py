"""Triplets with fewer negatives than others: no row is dropped, no empty text trained or embedded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.data.model_inputs import ModelInputs
from lib.data.prepare import prepare
from lib.data.table import Table
from lib.errors import InputError
from lib.evaluation.metrics import measure, triplet_wins
from lib.evaluation.run import evaluate_inputs
from lib.evaluation.side_effects.snapshot_metrics import snapshot_task
from lib.evaluation.task import EvalTask
from lib.experiments.control import shuffle_targets
from lib.shapes import Shape, text_columns
from lib.training.examples import draw_missing_negatives, fill_missing_negatives, training_columns
from lib.training.snapshots import shown_texts
from tests.unit.evaluation.fakes import of_text
from tests.unit.training.small import FAST, frame_of, train_small

NAMES = ["negative", "negative_2", "negative_3"]


def ragged(blank: str = "") -> pd.DataFrame:
    """Build triplets of which row n has 1 + n % 3 negatives; every fourth row lacks its first instead."""
    frame = frame_of(Shape.TRIPLETS)
    positive = frame["positive"]
    for at, name in enumerate(NAMES):
        frame[name] = np.where(np.arange(len(frame)) % 3 >= at, np.roll(positive, 37 + at), blank)
    moved = np.arange(len(frame)) % 4 == 0
    frame.loc[moved, "negative_3"] = frame.loc[moved, "negative"]
    return frame.assign(negative=frame["negative"].mask(moved, blank))


def is_blank(text: str) -> bool:
    return not text.strip()


@pytest.mark.parametrize("blank", ["", "  "])
def test_no_row_is_dropped_and_no_component_is_made_of_empty_cells(blank: str) -> None:
    table = ragged(blank)[["anchor", "positive", *NAMES]]
    found = prepare(Table.from_frame(table.astype("str")))
    assert found.shape is Shape.TRIPLETS
    assert len(found.frame) == len(table)
    assert len(found.left_out) == 0
    assert {"empty", "exact_duplicates", "scripts"}.isdisjoint(one.name for one in found.audit.nonempty_findings)
    assert found.frame["component"].nunique() > 8


def test_a_row_without_any_negative_is_a_finding_and_stays() -> None:
    table = ragged()[["anchor", "positive", *NAMES]]
    table.loc[[5, 9], NAMES] = ["", " ", ""]
    table.loc[7, "positive"] = ""
    found = prepare(Table.from_frame(table.astype("str")))
    assert found.left_out[["line", "reason"]].to_numpy().tolist() == [[9, "Empty cells"]]
    (finding,) = [one for one in found.audit.nonempty_findings if one.name == "no_negative"]
    assert finding.lines.tolist() == [7, 11]
    assert prepare(Table.from_frame(table.astype("str")), choices={"no_negative": "drop"}).left_out[
        "line"
    ].tolist() == [
        9,
        7,
        11,
    ]


def test_training_draws_a_wrong_target_of_another_row_where_a_row_has_no_negative() -> None:
    frame = ragged()
    frame.loc[frame.index % 5 == 0, NAMES] = ""
    rows = training_columns(ModelInputs.of(frame, Shape.TRIPLETS))
    train = frame[frame["part"] == "train"].reset_index(drop=True)
    right = train.groupby("anchor")["positive"].agg(set)
    none = np.flatnonzero((train[NAMES] == "").all(axis=1))
    assert len(none) > 10
    for at in none:
        (drawn,) = {rows.columns[name][at] for name in NAMES}
        assert drawn in set(train["positive"])
        assert drawn not in right[train["anchor"][at]]
    assert training_columns(ModelInputs.of(frame, Shape.TRIPLETS)).columns == rows.columns
    lonely = {"anchor": ["a", "a"], "positive": ["b", "b"], "negative": ["", "c"]}
    with pytest.raises(InputError, match="no negative"):
        draw_missing_negatives(lonely)


def test_triplet_accuracy_leaves_rows_without_a_negative_out(tmp_path: Path) -> None:
    frame = ragged()
    frame.loc[frame.index % 2 == 0, NAMES] = ""
    inputs = ModelInputs.of(frame, Shape.TRIPLETS)
    task = EvalTask.of(inputs, part="held_out")
    embeddings = np.stack([of_text(text) for text in task.texts])
    expected = [won for won, has in zip(accuracy_by_hand(task, frame, of_text), task.has_negative, strict=True) if has]
    assert measure(task, embeddings)["triplet_accuracy"] == pytest.approx(np.mean(expected))
    found = evaluate_inputs(inputs, lambda name, texts: np.stack([of_text(t) for t in texts]), folder=tmp_path / "e")
    assert found.metrics["triplet_accuracy"].tuned == pytest.approx(np.mean(expected))
    none = EvalTask.of(ModelInputs.of(frame.assign(**dict.fromkeys(NAMES, "")), Shape.TRIPLETS), part="held_out")
    assert "triplet_accuracy" not in measure(none, np.stack([of_text(text) for text in none.texts]))


@pytest.mark.parametrize(
    ("row", "filled"),
    [
        (("a", "", ""), ("a", "a", "a")),
        (("", "b", ""), ("b", "b", "b")),
        (("a", "b", ""), ("a", "b", "a")),
        (("a", " ", "c"), ("a", "a", "c")),
        (("a", "b", "c"), ("a", "b", "c")),
        (("", "", ""), ("", "", "")),
    ],
)
def test_missing_negatives_are_filled_with_the_rows_own(row: tuple[str, ...], filled: tuple[str, ...]) -> None:
    columns = {"anchor": ["x"], "positive": [""], **{name: [text] for name, text in zip(NAMES, row, strict=True)}}
    after = fill_missing_negatives(columns)
    assert tuple(after[name][0] for name in NAMES) == filled
    assert after["anchor"] == ["x"]
    assert after["positive"] == [""]


def test_training_rows_hold_no_empty_text_and_only_the_rows_own_negatives() -> None:
    frame = ragged()
    rows = training_columns(ModelInputs.of(frame, Shape.TRIPLETS))
    train = frame[frame["part"] == "train"].reset_index(drop=True)
    assert rows.count == len(train)
    assert not any(is_blank(text) for text in rows.texts)
    for at, row in train.iterrows():
        own = {row[name] for name in NAMES} - {""}
        assert {rows.columns[name][at] for name in NAMES} == own  # type: ignore[call-overload]


def accuracy_by_hand(task: EvalTask, frame: pd.DataFrame, vector: Callable[[str], np.ndarray]) -> list[bool]:
    wins = []
    for _, row in frame.loc[task.rows].iterrows():
        anchor, right = vector(row["anchor"]), vector(row["positive"])
        wins.append(all(anchor @ right > anchor @ vector(row[name]) for name in NAMES if row[name]))
    return wins


def test_evaluation_measures_every_row_by_the_negatives_it_has() -> None:
    frame = ragged()
    task = EvalTask.of(ModelInputs.of(frame, Shape.TRIPLETS), part="held_out")
    assert len(task.rows) == (frame["part"] == "held_out").sum()
    assert not any(is_blank(text) for text in [*task.texts, *task.plain])
    assert (task.negatives < 0).sum() == (frame.loc[task.rows, NAMES] == "").to_numpy().sum() > 0
    embeddings = np.stack([of_text(text) for text in task.texts])
    assert triplet_wins(task, embeddings).astype(bool).tolist() == accuracy_by_hand(task, frame, of_text)
    assert 0 < measure(task, embeddings)["triplet_accuracy"] < 1


def test_snapshots_hold_no_empty_text_and_all_rows_are_measured_on_them() -> None:
    inputs = ModelInputs.of(ragged(" "), Shape.TRIPLETS)
    texts = shown_texts(inputs)
    assert not any(is_blank(text) for text in texts)
    task = snapshot_task(inputs, {text: row for row, text in enumerate(texts)}, "held_out")
    assert task is not None
    assert len(task.rows) == (inputs.frame["part"] == "held_out").sum()


def test_shuffled_targets_take_their_negatives_along() -> None:
    frame = ragged()
    shuffled = shuffle_targets(frame, Shape.TRIPLETS, seed=1)
    names = [name for name in text_columns(Shape.TRIPLETS, frame.columns) if name != "anchor"]
    assert sorted(map(tuple, shuffled[names].to_numpy())) == sorted(map(tuple, frame[names].to_numpy()))
    assert (shuffled["positive"] != frame["positive"]).any()


@pytest.mark.parametrize("loss", ["MultipleNegativesRanking", "Triplet"])
def test_triplets_with_missing_negatives_train(tmp_path: Path, tiny_model: Path, loss: str) -> None:
    session = train_small(
        Shape.TRIPLETS, replace(FAST, loss=loss, epochs=1), model=tiny_model, folder=tmp_path, frame=ragged()
    )
    assert all(np.isfinite(value) for _, value in session.progress.losses)
    assert len(session.progress.losses) > 0
