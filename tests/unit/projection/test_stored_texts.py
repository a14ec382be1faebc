"""Texts in one file: any is read alone, damage and links are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.errors import StoreError
from lib.projection.stored_texts import StoredTexts, write_stored_texts
from lib.store.map_paths import MapPaths

TEXTS = ["one", "", "zwei\nLines", "三 🙂", "lone \ud800 surrogate"]


def test_every_text_is_read_back(tmp_path: Path) -> None:
    write_stored_texts(MapPaths(tmp_path), TEXTS)
    stored = StoredTexts.open(MapPaths(tmp_path))
    assert list(stored) == [*TEXTS[:4], "lone ? surrogate"]
    assert stored[-2] == TEXTS[3]
    assert stored[1:3] == TEXTS[1:3]
    for number in (5, -6):
        with pytest.raises(IndexError):
            stored[number]


@pytest.mark.parametrize("texts", [[], ["", ""]])
def test_nothing_to_read_is_no_damage(tmp_path: Path, texts: list[str]) -> None:
    write_stored_texts(MapPaths(tmp_path), texts)
    assert list(StoredTexts.open(MapPaths(tmp_path))) == texts


@pytest.mark.parametrize("ends", [b"", b"\0" * 7, b"\xff" * 40, bytes(reversed(range(40)))])
def test_damage_is_said(tmp_path: Path, ends: bytes) -> None:
    paths = MapPaths(tmp_path)
    write_stored_texts(paths, TEXTS)
    paths.text_ends.write_bytes(ends)
    with pytest.raises(StoreError):
        StoredTexts.open(paths)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    paths = MapPaths(tmp_path / "map-all")
    paths.folder.mkdir()
    write_stored_texts(paths, TEXTS)
    paths.texts.rename(tmp_path / "outside")
    try:
        paths.texts.symlink_to(tmp_path / "outside")
    except OSError:
        pytest.skip("links cannot be made here")
    with pytest.raises(StoreError):
        StoredTexts.open(paths)
