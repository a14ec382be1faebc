"""A corpus in parts: every row once, in order, whatever the row groups, and never more than a block of it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from lib.data.corpus import open_corpus, read_part
from lib.errors import InputError
from lib.store.locations import Location


def write(path: Path, rows: range, *, group: int = 1_000) -> None:
    table = pa.table({"number": list(rows), "text": [f"text {row}" for row in rows]})
    parquet.write_table(table.replace_schema_metadata({"origin": str(rows)}), path, row_group_size=group)


@pytest.mark.parametrize("group", [7, 40, 1_000])
def test_parts_cover_every_row_once_in_order(tmp_path: Path, group: int) -> None:
    write(tmp_path / "b.parquet", range(100, 130), group=group)
    write(tmp_path / "a.parquet", range(100), group=group)
    corpus = open_corpus(Location(str(tmp_path)))
    parts = corpus.parts(most=32)
    assert [(part.number, part.begin, part.rows, part.first) for part in parts] == [
        (0, 0, 32, 0),
        (1, 32, 32, 32),
        (2, 64, 32, 64),
        (3, 96, 4, 96),
        (4, 0, 30, 100),
    ]
    blocks = [list(read_part(part, rows=8)) for part in parts]
    assert [[len(block) for block in some] for some in blocks] == [[8] * 4, [8] * 4, [8] * 4, [4], [8, 8, 8, 6]]
    numbers = [number for some in blocks for block in some for number in block["number"].to_pylist()]
    assert numbers == list(range(130))
    assert read_part(parts[0], columns=["text"]).__next__().column_names == ["text"]


def test_files_that_cannot_be_one_corpus_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no"):
        open_corpus(Location(str(tmp_path)))
    write(tmp_path / "a.parquet", range(3))
    parquet.write_table(pa.table({"number": ["three"], "text": ["x"]}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"b\.parquet: Its columns"):
        open_corpus(Location(str(tmp_path)))
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-9])
    with pytest.raises(InputError, match="damaged"):
        open_corpus(Location(str(tmp_path)))
    (tmp_path / "b.parquet").unlink()
    write(tmp_path / "a.parquet", range(0))
    with pytest.raises(InputError, match="no rows"):
        open_corpus(Location(str(tmp_path)))
