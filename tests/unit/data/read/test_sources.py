"""Folders and zips: what is read of them, what is named, and what is refused."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import datasets
import pandas as pd
import pytest

from lib.data.columns.guess import find_split_column, guess_mapping, guess_roles
from lib.data.prepare import prepare
from lib.data.read import sources
from lib.data.read.child_process import read_in_child_process
from lib.data.read.concatenate import split_of_file
from lib.data.read.sources import clean_member_name, original_files
from lib.data.read.tables import read_table
from lib.errors import InputError
from lib.shapes import Shape
from tests.unit.data.read.dataset_cases import answer, question, zipped
from tests.unit.data.read.odd_files import TWO, xlsx

OTHER = b"title,body\na,b\nc,d\n"


def pairs(rows: int = 12) -> dict[str, list[str]]:
    return {"question": [question(n) for n in range(rows)], "answer": [answer(n) for n in range(rows)]}


def pack(folder: Path, target: Path) -> Path:
    """Zip a folder as a person would: with its own name above the files."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))
    return target


@pytest.mark.parametrize("as_zip", [False, True])
@pytest.mark.parametrize("shards", [1, 3])
def test_a_saved_dataset_is_read_from_its_folder_or_zip(tmp_path: Path, *, as_zip: bool, shards: int) -> None:
    folder = tmp_path / "saved"
    datasets.Dataset.from_dict(pairs()).save_to_disk(str(folder), num_shards=shards)
    found = read_table(pack(folder, tmp_path / "saved.zip") if as_zip else folder)
    assert found.report.format == "datasets folder"
    assert found.report.kind == "arrow"
    assert found.frame.to_dict("list") == pairs()


@pytest.mark.parametrize("as_zip", [False, True])
def test_the_splits_of_a_saved_dataset_are_a_column_and_named(tmp_path: Path, *, as_zip: bool) -> None:
    folder = tmp_path / "saved"
    parts = {"train": datasets.Dataset.from_dict(pairs(8)), "test": datasets.Dataset.from_dict(pairs(3))}
    datasets.DatasetDict(parts).save_to_disk(str(folder))
    found = read_table(pack(folder, tmp_path / "saved.zip") if as_zip else folder)
    assert found.report.format == "datasets folder"
    assert found.frame["split"].value_counts().to_dict() == {"train": 8, "held_out": 3}
    assert find_split_column(found.frame) == found.report.split_column == guess_mapping(found).part == "split"
    assert any("train" in note.text and "held_out" in note.text for note in found.report.notes)


def test_a_dataset_of_a_format_keeps_both_names(tmp_path: Path) -> None:
    rows = [{"query": question(n), "pos": [answer(n)], "neg": [answer(n + 1)]} for n in range(6)]
    datasets.Dataset.from_list(rows).save_to_disk(str(tmp_path / "saved"))
    found = read_table(tmp_path / "saved")
    assert found.report.format == "FlagEmbedding"
    assert any("datasets folder" in note.text for note in found.report.notes)


def test_a_folder_as_on_the_hub_is_read_by_its_splits(tmp_path: Path) -> None:
    (tmp_path / "set" / "data").mkdir(parents=True)
    for name, rows in (("train-00000-of-00002", 4), ("train-00001-of-00002", 5), ("validation-00000-of-00001", 2)):
        pd.DataFrame(pairs(rows)).to_parquet(tmp_path / "set" / "data" / f"{name}.parquet")
    (tmp_path / "set" / "README.md").write_text("# About")
    found = read_table(tmp_path / "set")
    assert found.frame["split"].value_counts().to_dict() == {"train": 9, "validation": 2}
    assert any("README.md" in note.text for note in found.report.notes)


ZIPS: dict[str, tuple[dict[str, bytes], int, tuple[str, ...]]] = {
    "one file": ({"a.csv": TWO}, 2, ()),
    "one file beside notices": ({"a.csv": TWO, "LICENSE": b"x", "readme.txt": b"hello"}, 2, ("LICENSE", "readme.txt")),
    "files of the same columns": ({"a.csv": TWO, "b.csv": TWO}, 4, ()),
    "train and test": ({"train.csv": TWO, "test.csv": TWO}, 4, ("train", "held_out")),
    "another table": ({"train.csv": TWO, "people.csv": OTHER}, 2, ("people.csv",)),
    "a picture": ({"a.csv": TWO, "a.png": b"\x89PNG"}, 2, ("a.png",)),
    "a zip": ({"a.csv": TWO, "b.zip": zipped({"c.csv": TWO})}, 2, ("b.zip",)),
    "an Excel file": ({"a.xlsx": xlsx([["question", "answer"], ["where", "here"]])}, 1, ()),
    "files of a Mac": ({"a.csv": TWO, "__MACOSX/._a.csv": b"\0", ".DS_Store": b"\0"}, 2, ()),
    "a path that leads out": ({"../../a.csv": TWO, "/etc/b.csv": TWO}, 4, ()),
    "a drive": ({"C:\\data\\a.csv": TWO}, 2, ()),
    "a gzipped file": ({"a.csv.gz": gzip.compress(TWO)}, 2, ()),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_is_read_and_what_is_not_read_is_named(tmp_path: Path, name: str) -> None:
    files, rows, named = ZIPS[name]
    path = tmp_path / "in" / "data.zip"
    path.parent.mkdir()
    path.write_bytes(zipped(files))
    before = sorted(tmp_path.rglob("*"))
    found = read_table(path)
    assert len(found.frame) == rows
    notes = " ".join(note.text for note in found.report.notes)
    assert [word for word in named if word not in notes] == []
    assert sorted(tmp_path.rglob("*")) == before


def locked(data: bytes) -> bytes:
    """Set the flag of a password on the only file of a zip."""
    changed = bytearray(data)
    for at in (6, changed.index(b"PK\x01\x02") + 8):
        changed[at] |= 1
    return bytes(changed)


def claims(data: bytes, size: int) -> bytes:
    """Let a zip state another size of its only file."""
    changed = bytearray(data)
    for at in (22, changed.index(b"PK\x01\x02") + 24):
        changed[at : at + 4] = struct.pack("<I", size)
    return bytes(changed)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def big() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * 300_000_000)
    return out.getvalue()


def link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        item = zipfile.ZipInfo("a.csv")
        item.external_attr = 0o120777 << 16
        archive.writestr(item, "/etc/passwd")
    return out.getvalue()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "no table": (lambda: zipped({"a.png": b"\x89PNG", "b.md": b"#"}), "no table"),
    "nothing": (lambda: zipped({}), "no table"),
    "a link": (link, "no table"),
    "a password": (lambda: locked(zipped({"a.csv": TWO})), "password"),
    "a bomb": (big, "would unpack"),
    "a size beyond all limits": (lambda: claims(zipped({"a.csv": TWO}), 4_000_000_000), "would unpack"),
    "a size that is too small": (lambda: claims(zipped({"a.csv": TWO}), 5), "damaged"),
    "a flipped bit": (lambda: flipped(zipped({"a.csv": TWO}), 40), "damaged"),
    "a cut end": (lambda: zipped({"a.csv": TWO})[:-30], "cut off or damaged"),
    "too many files": (lambda: zipped({f"{n}.csv": TWO for n in range(1_001)}), "more than 1,000"),
    "a table that is damaged": (lambda: zipped({"a.csv": TWO, "b.parquet": b"PAR1xxxx"}), "b.parquet"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_zip_that_cannot_be_read_is_refused_with_the_cause(tmp_path: Path, name: str) -> None:
    data, words = REFUSED[name]
    path = tmp_path / "data.zip"
    path.write_bytes(data())
    with pytest.raises(InputError, match=words):
        read_table(path)


def test_a_folder_that_holds_too_much_or_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no table"):
        read_table(tmp_path)
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_bytes(TWO)
    monkeypatch.setattr(sources, "MAX_ARCHIVE_FILES", 2)
    with pytest.raises(InputError, match="more than 2"):
        read_table(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "b.csv").write_bytes(TWO)
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "a.csv").write_bytes(TWO)
    (folder / "more").symlink_to(tmp_path / "outside")
    (folder / "loop").symlink_to(folder)
    assert len(read_table(folder).frame) == 2


def test_the_child_process_reads_a_zip_under_the_names_that_people_gave(tmp_path: Path) -> None:
    files = {"0.csv": TWO, "1.csv": TWO}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    paths = [tmp_path / name for name in files]
    found = read_in_child_process(paths, names=("my train.csv", "my test.csv"))
    assert found.frame["split"].tolist() == ["train", "train", "held_out", "held_out"]
    (tmp_path / "2.zip").write_bytes(zipped({"train.csv": TWO, "test.csv": TWO}))
    found = read_in_child_process(tmp_path / "2.zip", names=("data.zip",))
    assert found.frame["split"].value_counts().to_dict() == {"train": 2, "held_out": 2}


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train.csv", "train"),
        ("qrels/dev.tsv", "validation"),
        ("test/data-00000-of-00001.arrow", "held_out"),
        ("queries.train.tsv", "train"),
        ("data/validation-00000-of-00001.parquet", "validation"),
        ("trainers.csv", ""),
        ("train_test.csv", ""),
        ("a.csv", ""),
    ],
)
def test_the_part_of_a_split_is_in_the_name(name: str, part: str) -> None:
    assert split_of_file(name) == part


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../a.csv", "a.csv"),
        ("/etc/b.csv", "etc/b.csv"),
        ("C:\\x\\a.csv", "x/a.csv"),
        ("..", "file"),
        ("a/b", "a/b"),
    ],
)
def test_names_in_a_zip_lead_nowhere(name: str, clean: str) -> None:
    assert clean_member_name(name) == clean


def test_the_files_of_a_folder_that_are_kept_are_those_that_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for name in ("a.csv", "b.csv", "c.png", ".hidden.csv"):
        (folder / name).write_bytes(TWO)
    assert original_files([folder, tmp_path / "x.csv"]) == [folder / "a.csv", folder / "b.csv", tmp_path / "x.csv"]


def test_files_that_are_parts_of_a_split_are_split_so(tmp_path: Path) -> None:
    parts = {"train.csv": pairs(30), "test.csv": {name: texts[30:] for name, texts in pairs(36).items()}}
    (tmp_path / "set.zip").write_bytes(
        zipped({name: pd.DataFrame(one).to_csv(index=False).encode() for name, one in parts.items()})
    )
    found = prepare(tmp_path / "set.zip")
    held_out = found.frame[found.frame["part"] == "held_out"]
    assert sorted(held_out["anchor"]) == sorted(parts["test.csv"]["question"])
    assert (found.frame["part"] == "train").sum() + (found.frame["part"] == "validation").sum() == 30
    table = read_table(tmp_path / "set.zip")
    assert guess_roles(table, Shape.PAIRS).part == "split"
    assert prepare(table, mapping=replace(guess_mapping(table), part="")).split.given is False


@pytest.mark.parametrize("damage", [b"\xff\xfe.csv", b"\x86" * 9])
def test_a_zip_whose_names_are_damaged_is_refused(tmp_path: Path, damage: bytes) -> None:
    """The name stands twice: in the list of the archive and before the file, where its flag may promise UTF-8."""
    data = bytearray(zipped({"größe.csv": TWO}))
    name = "größe.csv".encode()
    at = data.index(name)
    data[at : at + len(name)] = damage.ljust(len(name), b"x")[: len(name)]
    (tmp_path / "set.zip").write_bytes(bytes(data))
    with pytest.raises(InputError, match="damaged"):
        read_table(tmp_path / "set.zip")


def test_a_zip_with_a_nameless_file_is_read_without_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(""), b"?")
        archive.writestr("a.csv", TWO)
    assert len(read_table(tmp_path / "set.zip").frame) == 2
