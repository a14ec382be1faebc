"""A format is one record: named, recognised, read by a test and told to people."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.data.read.file_bytes import read_bytes
from lib.data.read.formats import CONTAINERS, DELIMITED, EXTENSIONS, FORMATS, FileFormat, detect_format, format_names
from lib.settings import ROOT
from tests.unit.data.read.odd_files import READS, REFUSED


@pytest.mark.parametrize("file_format", FORMATS, ids=lambda one: one.kind)
def test_a_record_is_complete(file_format: FileFormat) -> None:
    assert file_format.kind
    assert all(file_format.titles)
    assert file_format.titles
    assert all(name.isalnum() and name in EXTENSIONS for name in file_format.extensions)
    assert file_format.extensions
    assert all(title in format_names() for title in file_format.titles)


def test_kinds_and_extensions_stand_once_and_text_comes_last() -> None:
    assert len({one.kind for one in FORMATS}) == len(FORMATS)
    assert len(set(EXTENSIONS)) == len(EXTENSIONS) == len(CONTAINERS) + sum(len(one.extensions) for one in FORMATS)
    assert FORMATS[-1] is DELIMITED


def test_every_format_has_files_that_are_read_and_files_that_are_refused(tmp_path: Path) -> None:
    """A new format needs entries in READS and REFUSED that carry its name."""
    path = tmp_path / "file"
    read = set()
    for data, _, _ in READS.values():
        path.write_bytes(data)
        read.add(detect_format(read_bytes(path)).kind)
    assert read == {one.kind for one in FORMATS}
    for one in FORMATS:
        assert one is DELIMITED or any(one.kind in name for name in REFUSED), one.kind


def test_the_readme_names_every_format() -> None:
    assert format_names() in (ROOT / "README.md").read_text(encoding="utf-8")
