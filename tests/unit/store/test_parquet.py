"""The first examples of a dataset are read without the rest of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from lib.errors import StoreError
from lib.store import parquet
from lib.store.parquet import read_dataset_table, read_first_rows


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """Write 20 examples, of which every second one is trained on, in row groups of 5."""
    parts = ["held_out", "train"] * 10
    path = tmp_path / "examples.parquet"
    frame = pd.DataFrame({"part": parts, "anchor": [f"text {row}" for row in range(20)]})
    frame.to_parquet(path, row_group_size=5, compression=None)
    return path


@pytest.mark.parametrize("count", [0, 1, 3, 10, 50])
def test_the_first_rows_are_those_of_the_whole_table(
    count: int, examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "_BATCH_ROWS", 4)
    whole = read_dataset_table(examples)
    expected = whole[whole["part"] == "train"].head(count)
    assert read_first_rows(examples, count, part="train").to_dict("list") == expected.to_dict("list")


def test_what_follows_the_first_rows_is_not_read(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_BATCH_ROWS", 4)
    data = examples.read_bytes()
    last = data.index(b"text 15")
    examples.write_bytes(data[: last - 40] + b"\xff" * 80 + data[last + 40 :])
    assert read_first_rows(examples, 2, part="train")["anchor"].tolist() == ["text 1", "text 3"]
    for read in (read_dataset_table, lambda path: read_first_rows(path, 10, part="train")):
        with pytest.raises(StoreError) as caught:
            read(examples)
        assert caught.value.where == str(examples)


def test_a_table_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "examples.parquet"
    pd.DataFrame({"part": pd.Series(dtype=str), "anchor": pd.Series(dtype=str)}).to_parquet(path)
    assert list(read_first_rows(path, 2, part="train").columns) == ["part", "anchor"]
