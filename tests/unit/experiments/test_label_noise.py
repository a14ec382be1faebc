"""Rows that a model doubts are found, the widest gap first, and can be left out as a new dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.data.drop_rows import drop_rows
from lib.data.model_inputs import ModelInputs
from lib.errors import InputError
from lib.experiments.label_noise import find_possible_label_errors
from lib.store.workspace import open_workspace
from tests.builders import add_dataset


def frame() -> pd.DataFrame:
    rows = [(f"question {n}", f"answer {n}") for n in range(9)]
    table = pd.DataFrame(rows, columns=["anchor", "positive"])
    table["line"] = np.arange(2, 11)
    table["part"] = ["train"] * 5 + ["validation"] * 2 + ["held_out"] * 2
    table["component"] = np.arange(9)
    return table


def embed(texts: list[str]) -> np.ndarray:
    """Put question n on answer n, but questions 3 and 6 near the answers of their neighbours."""
    rows = np.zeros((len(texts), 12), dtype=np.float32)
    for row, text in enumerate(texts):
        number = int(text.split()[1])
        rows[row, number] = 1.0
        if text == "question 3":
            rows[row, [3, 4]] = 0.2, 1.0
        if text == "question 6":
            rows[row, [6, 5]] = 0.6, 0.7
    return rows


def test_doubted_rows_come_widest_gap_first() -> None:
    found = find_possible_label_errors(ModelInputs.of(frame(), "pairs"), embed)
    assert found["anchor"].tolist() == ["question 3", "question 6"]
    assert found["other"].tolist() == ["answer 4", "answer 5"]
    assert found["line"].tolist() == [5, 8]
    assert (found["gap"] > 0).all()
    assert (found["other_cosine"] - found["cosine"]).tolist() == pytest.approx(found["gap"].tolist())


def test_another_right_target_is_no_reason_to_doubt() -> None:
    table = pd.concat([frame(), frame().iloc[[3]].assign(positive="answer 4", line=20)], ignore_index=True)
    assert "question 3" not in find_possible_label_errors(ModelInputs.of(table, "pairs"), embed)["anchor"].tolist()


def test_shapes_without_targets_are_refused() -> None:
    with pytest.raises(InputError):
        find_possible_label_errors(ModelInputs.of(frame(), "scored"), embed)


def test_left_out_rows_make_a_new_dataset(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    dropped_rows = dataset.frame().index[dataset.frame()["part"] == "train"][:3].tolist()
    cleaner = drop_rows(workspace, dataset, dropped_rows, name="Cleaner")
    assert cleaner.id != dataset.id
    assert cleaner.rows == dataset.rows - 3
    assert cleaner.frame().index.tolist() == list(range(cleaner.rows))
    assert len(cleaner.left_out()) == len(dataset.left_out()) + 3
    assert workspace.datasets.get(dataset.id).rows == dataset.rows


def test_a_part_is_never_emptied(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    dropped_rows = dataset.frame().index[dataset.frame()["part"] == "validation"].tolist()
    with pytest.raises(InputError, match="validation"):
        drop_rows(workspace, dataset, dropped_rows, name="x")
