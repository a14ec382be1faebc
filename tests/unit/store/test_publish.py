"""A published folder is whole or not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lib.errors import StoreError
from lib.store import publish as room
from lib.store.publish import MANIFEST, leftovers, publish, recover, replace_file, verify


def write(folder: Path, text: str = "one") -> None:
    with publish(folder) as part:
        (part / "a.txt").write_text(text)
        (part / "deep").mkdir()
        (part / "deep" / "b.bin").write_bytes(b"\0\1")


def test_a_published_folder_verifies(tmp_path: Path) -> None:
    write(tmp_path / "x")
    assert verify(tmp_path / "x") == []
    assert (tmp_path / "x" / MANIFEST).exists()
    assert leftovers(tmp_path) == []


def test_publishing_again_replaces(tmp_path: Path) -> None:
    write(tmp_path / "x", "one")
    write(tmp_path / "x", "two")
    assert (tmp_path / "x" / "a.txt").read_text() == "two"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_an_error_inside_leaves_the_old_folder(tmp_path: Path) -> None:
    write(tmp_path / "x", "one")
    with pytest.raises(RuntimeError), publish(tmp_path / "x") as part:
        (part / "a.txt").write_text("half")
        raise RuntimeError
    assert (tmp_path / "x" / "a.txt").read_text() == "one"
    assert leftovers(tmp_path) == []


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    final = tmp_path / "rows.npy"
    with replace_file(final) as part:
        np.save(part, np.arange(3))
    with pytest.raises(RuntimeError), replace_file(final) as part:
        part.write_bytes(b"half")
        raise RuntimeError
    assert np.load(final).tolist() == [0, 1, 2]
    assert [path.name for path in tmp_path.iterdir()] == ["rows.npy"]


@pytest.mark.parametrize("damage", ["missing", "truncated", "flipped", "extra", "no manifest", "rubbish manifest"])
def test_every_damage_is_found(tmp_path: Path, damage: str) -> None:
    write(tmp_path / "x")
    victim = tmp_path / "x" / "deep" / "b.bin"
    if damage == "missing":
        victim.unlink()
    elif damage == "truncated":
        victim.write_bytes(b"\0")
    elif damage == "flipped":
        victim.write_bytes(b"\0\3")
    elif damage == "extra":
        (tmp_path / "x" / "new").write_text("")
    elif damage == "no manifest":
        (tmp_path / "x" / MANIFEST).unlink()
    else:
        (tmp_path / "x" / MANIFEST).write_text("{")
    assert verify(tmp_path / "x") != []


def test_a_kill_between_the_renames_is_recovered(tmp_path: Path) -> None:
    write(tmp_path / "x")
    (tmp_path / "x").rename(tmp_path / f"{room.REPLACED}x-12345678")
    assert leftovers(tmp_path) != []
    recover(tmp_path / "x")
    assert verify(tmp_path / "x") == []
    assert leftovers(tmp_path) == []


def test_a_refused_write_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(room, "seal", full)
    with pytest.raises(StoreError, match="No space left on device"):
        write(tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_half_a_removal_leaves_no_half_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(folder: Path, **_: object) -> None:
        (folder / "a.txt").unlink()
        raise KeyboardInterrupt

    write(tmp_path / "x")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(room.shutil, "rmtree", stop)
        room.remove_published(tmp_path / "x")
    (part,) = leftovers(tmp_path)
    assert not (tmp_path / "x").exists()
    recover(tmp_path / "x")
    assert not (tmp_path / "x").exists()
    room.remove(part)
    assert list(tmp_path.iterdir()) == []


def test_a_removed_folder_does_not_come_back_as_an_older_one(tmp_path: Path) -> None:
    write(tmp_path / "x", "one")
    (tmp_path / "x").rename(tmp_path / f"{room.REPLACED}x-12345678")
    write(tmp_path / "x", "two")
    assert leftovers(tmp_path) == []
    (tmp_path / "other").mkdir()
    write(tmp_path / f"{room.REPLACED}x-12345678", "one")
    room.remove_published(tmp_path / "x")
    recover(tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
    room.remove_published(tmp_path / "x")


def test_a_folder_that_cannot_be_renamed_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_elsewhere(self: Path, target: Path) -> Path:
        raise PermissionError

    write(tmp_path / "x")
    monkeypatch.setattr(Path, "rename", open_elsewhere)
    room.remove_published(tmp_path / "x")
    assert verify(tmp_path / "x") == []


def test_recover_takes_the_folder_that_was_replaced_last(tmp_path: Path) -> None:
    write(tmp_path / "x", "one")
    (tmp_path / "x").rename(tmp_path / f"{room.REPLACED}x-00000000")  # a kill before its removal left it
    write(tmp_path / "y", "two")
    (tmp_path / "y").rename(tmp_path / "x")
    with pytest.raises(StoreError), publish(tmp_path / "x") as part:
        (part / "a.txt").write_text("three")
        part.rename(tmp_path / "gone")  # the second of the two renames fails
    recover(tmp_path / "x")
    assert (tmp_path / "x" / "a.txt").read_text() == "two"
