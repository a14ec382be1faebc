"""The rows of a file as they are: none recognised, unpacked or left out, every column with its type."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from lib.data.file_rows import FileRows, read_file_rows
from lib.data.model_inputs import Role
from lib.data.read.options import ReadOptions
from lib.errors import InputError


def write(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_columns_of_parquet_keep_their_types_and_nulls(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([7, None, 9], pa.int64()),
            "text": ["a", "b", None],
            "tags": pa.array([["x"], [], ["y", "z"]]),
            "facts": pa.array([{"a": 1.5}, {"a": None}, None]),
        }
    )
    path = tmp_path / "rows.parquet"
    parquet.write_table(table, path)
    rows = read_file_rows(path)
    assert rows.table.schema.types == table.schema.types
    assert rows.table.to_pylist() == table.to_pylist()
    assert rows.texts(["text"]) == ["a", "b", ""]
    assert rows.texts(["id", "text"]) == ["7\na", "b", "9"]


def test_json_lines_that_another_reader_would_unpack_stay_a_row_each(tmp_path: Path) -> None:
    lines = [
        {"query": "q1", "pos": ["a", "b"], "neg": ["c"], "n": 1},
        {"query": "q2", "pos": ["d"], "neg": [], "n": None, "more": {"x": "y"}},
    ]
    path = write(tmp_path, "flag.jsonl", "\n".join(json.dumps(line) for line in lines))
    rows = read_file_rows(path)
    assert rows.table.column_names == ["query", "pos", "neg", "n", "more"]
    assert rows.table.column("pos").to_pylist() == ['["a", "b"]', '["d"]']
    assert rows.table.column("n").to_pylist() == [1, None]
    assert rows.table.column("more").to_pylist() == [None, '{"x": "y"}']


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", "text\nfirst\nsecond\n"),
        ("rows.tsv", "id\ttext\n1\tfirst\n2\tsecond\n"),
        ("rows.json", '[{"text": "first"}, {"text": "second"}]'),
        ("wrapped.json", '{"version": 1, "data": [{"text": "first"}, {"text": "second"}]}'),
        ("frame.json", '{"text": {"0": "first", "1": "second"}}'),
        ("rows.csv.gz", gzip.compress(b"text\nfirst\nsecond\n", mtime=0)),
    ],
)
def test_every_format_gives_its_rows_also_with_one_column(tmp_path: Path, name: str, content: bytes | str) -> None:
    assert read_file_rows(write(tmp_path, name, content)).texts(["text"]) == ["first", "second"]


def test_reading_options_are_followed(tmp_path: Path) -> None:
    path = write(tmp_path, "rows.csv", "first;1\nsecond;2\n")
    rows = read_file_rows(path, options=ReadOptions(separator=";", header=False))
    assert rows.table.num_rows == 2
    assert rows.texts([rows.table.column_names[0]]) == ["first", "second"]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("[]", "no rows"),
        ('["a", "b"]', "rather than an object"),
        ('{"a": 1}\n{"a": ', "line 2"),
        ('{"text": "\\ud83d"}', "half a character"),
        (b"PAR1 and nothing more", "damaged"),
        (b"\x80\x04\x95 a pickle", "pickle"),
        ("[3]", "rather than an object"),
    ],
)
def test_what_holds_no_rows_is_refused_with_its_cause(tmp_path: Path, content: bytes | str, cause: str) -> None:
    with pytest.raises(InputError, match=cause):
        read_file_rows(write(tmp_path, "file", content))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_file_rows(tmp_path / "none.csv")


QUESTIONS = [f"where can I find the {n}th of these long questions?" for n in range(30)]


def table(**columns: list[object]) -> FileRows:
    return FileRows(pa.table({name: values * 30 if len(values) == 1 else values for name, values in columns.items()}))


def test_the_column_is_that_of_the_runs_own_file_else_the_only_text() -> None:
    rows = table(id=list(range(30)), Frage=list(QUESTIONS), Antwort=[text.upper() for text in QUESTIONS])
    roles = {"anchor": ("Frage",), "positive": ("Antwort",)}
    assert rows.guess_columns(Role.QUERY, roles) == ("Frage",)
    assert rows.guess_columns(Role.DOCUMENT, roles) == ("Antwort",)
    alone = table(id=list(range(30)), words=list(QUESTIONS))
    assert alone.guess_columns(Role.DOCUMENT, roles) == ("words",)


def test_the_column_is_guessed_by_its_name_for_the_role() -> None:
    rows = table(question=list(QUESTIONS), answer=[text.upper() for text in QUESTIONS])
    assert rows.guess_columns(Role.QUERY, {}) == ("question",)
    assert rows.guess_columns(Role.DOCUMENT, {}) == ("answer",)


def test_columns_that_nothing_tells_apart_are_asked_for() -> None:
    rows = table(alpha=list(QUESTIONS), beta=[text.upper() for text in QUESTIONS])
    with pytest.raises(InputError, match="Which column") as caught:
        rows.guess_columns(Role.DOCUMENT, {})
    assert "alpha, beta" in caught.value.what
    assert "--column" in caught.value.todo


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="“nope”"):
        table(text=list(QUESTIONS)).texts(["nope"])
