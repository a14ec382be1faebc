"""Odd and hostile files are read, or refused by their cause."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from lib.data.read.options import ReadOptions
from lib.data.read.tables import read_table
from lib.data.table import NoteKind
from lib.errors import InputError
from tests.conftest import REAL_DATA
from tests.unit.data.read.odd_files import READS, REFUSED, TWO, arrow_bytes, jsonl, workbook, xlsx


def test_there_are_at_least_sixty_of_them() -> None:
    assert len(READS) + len(REFUSED) >= 60


@pytest.mark.parametrize("name", READS)
def test_odd_files_are_read(tmp_path: Path, name: str) -> None:
    data, columns, rows = READS[name]
    path = tmp_path / "file.csv"
    path.write_bytes(data)
    table = read_table(path)
    assert list(table.frame.columns) == columns
    assert len(table.frame) == rows == len(table.lines) == table.report.rows
    assert table.frame.map(lambda cell: isinstance(cell, str)).all(axis=None)


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_files_are_refused_with_their_reason(tmp_path: Path, name: str) -> None:
    data, message = REFUSED[name]
    path = tmp_path / "file.csv"
    path.write_bytes(data)
    with pytest.raises(InputError, match=f"(?s){message}"):
        read_table(path)


def test_lines_are_where_rows_begin(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b'question,answer\n"a\n\nb",c\n\nd,e\nf\n')
    table = read_table(path)
    assert table.lines.tolist() == [2, 6, 7]
    assert table.report.wrong_width == [7]


def test_long_rows_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(READS["long rows"][0])
    assert read_table(path).frame.iloc[1].tolist() == ["c", "d,e,f"]


def test_mixed_encodings_name_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    good = "".join(f"Grün {n},Äpfel {n}\n" for n in range(30)).encode()
    path.write_bytes(b"question,answer\n" + good + "weiß,blau\n".encode("cp1252") + good)
    table = read_table(path)
    assert table.report.odd_lines == [32]
    assert table.frame["question"][30] == "weiß"


def test_a_chosen_separator_reads_brackets_and_tags_as_text(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    for first in ("[cls]", "{a}", "<b>"):
        path.write_text(f"{first};one\nx;y\n", encoding="utf-8")
        assert read_table(path, options=ReadOptions(separator=";", header=False)).frame.shape == (2, 2)
    path.write_bytes(READS["parquet"][0])
    assert read_table(path, options=ReadOptions(separator=";")).report.kind == "parquet"


def test_options_win_over_detection(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("a;b,c\nd;e,ü\n".encode("latin-1"))
    table = read_table(path, options=ReadOptions(separator=",", header=False, encoding="latin-1"))
    assert table.frame.to_numpy().tolist() == [["a;b", "c"], ["d;e", "ü"]]
    with pytest.raises(InputError, match="line 2"):
        read_table(path, options=ReadOptions(encoding="utf-8"))
    with pytest.raises(InputError, match="Unknown encoding"):
        read_table(path, options=ReadOptions(encoding="klingon"))


def test_words_for_nothing_are_words_unless_said(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(READS["na words stay"][0])
    assert read_table(path).frame.to_numpy().tolist() == [["NA", "null"], ["nan", "None"]]
    emptied = read_table(path, options=ReadOptions(na=("NA", "null", "nan")))
    assert emptied.frame.to_numpy().tolist() == [["", ""], ["", "None"]]


def test_a_sheet_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(xlsx([["q", "a"], ["x", "y"]], sheets=("First", "Second")))
    assert read_table(path, options=ReadOptions(sheet="Second")).report.sheet == "Second"
    with pytest.raises(InputError, match="First, Second"):
        read_table(path, options=ReadOptions(sheet="Third"))


def test_several_files_are_one_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(TWO)
    (tmp_path / "b.jsonl").write_bytes(jsonl({"answer": "x", "question": "y"}))
    table = read_table([tmp_path / "a.csv", tmp_path / "b.jsonl"])
    assert table.frame["file"].tolist() == ["a.csv", "a.csv", "b.jsonl"]
    assert table.frame["question"].tolist() == ["where", "when", "y"]
    (tmp_path / "c.csv").write_bytes(b"other,names\na,b\n")
    with pytest.raises(InputError, match="c.csv"):
        read_table([tmp_path / "a.csv", tmp_path / "c.csv"])


def test_a_file_that_vanished_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gone.csv.*not there"):
        read_table(tmp_path / "gone.csv")


REAL_FILES = (
    sorted(p for p in REAL_DATA.glob("*/**/*") if p.is_file() and p.suffix not in (".md", ".xml"))
    if REAL_DATA.is_dir()
    else []
)


@pytest.mark.parametrize("path", REAL_FILES, ids=lambda p: "/".join(p.parts[-2:]))
def test_real_files_are_read(path: Path) -> None:
    table = read_table(path)
    assert len(table.frame) > 100
    assert not (table.frame == "").all(axis=None)
    assert table.report.wrong_width == []
    assert os.path.getsize(path) > 0


PAGE: list[list[object]] = [["Our questions"], ["Made in spring"], ["See the next sheet"]]
ROWS: list[list[object]] = [["question", "answer"], ["x", "y"], ["z", "w"]]


@pytest.mark.parametrize(
    ("sheets", "sheet", "others"),
    [
        ({"Readme": PAGE, "Data": ROWS}, "Data", ("Readme",)),
        ({"Empty": [], "Readme": PAGE, "Data": ROWS}, "Data", ("Empty", "Readme")),
        ({"train": ROWS, "test": ROWS}, "train", ("test",)),
        ({"Only": PAGE}, "Only", ()),
    ],
)
def test_the_first_sheet_with_a_table_is_read_and_the_others_are_named(
    tmp_path: Path, sheets: dict[str, list[list[object]]], sheet: str, others: tuple[str, ...]
) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook(sheets))
    if len(sheets) == 1:
        with pytest.raises(InputError):
            read_table(path)
        return
    report = read_table(path).report
    assert report.sheet == sheet
    assert [note.names for note in report.notes if note.kind is NoteKind.SHEET] == [others]


@pytest.mark.parametrize("damage", [b"<row", b"</sheetData>"])
def test_a_workbook_with_damaged_xml_is_refused_by_its_cause(tmp_path: Path, damage: bytes) -> None:
    whole, path = workbook({"Data": ROWS}), tmp_path / "book.xlsx"
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(path, "w") as target:
        for item in source.infolist():
            content = source.read(item)
            target.writestr(item, content.replace(damage, b"<<", 1) if "sheet1" in item.filename else content)
    with pytest.raises(InputError) as refused:
        read_table(path)
    assert "damaged" in str(refused.value)


def test_an_impossible_length_is_damage_and_no_want_of_memory(tmp_path: Path) -> None:
    """The length of an unpacked Arrow buffer stands before its packed bytes."""
    data = arrow_bytes(pa.table({"a": ["x" * 99] * 50, "b": ["y"] * 50}), compression="zstd")
    at = data.index(b"\x28\xb5\x2f\xfd") - 8
    path = tmp_path / "file.arrow"
    path.write_bytes(data[:at] + struct.pack("<q", 1 << 56) + data[at + 8 :])
    with pytest.raises(InputError, match="impossible"):
        read_table(path)
