"""Files and folders by path or URL: one behaviour for both, and no secret in a name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.errors import InputError, StoreError
from lib.store.locations import Location
from tests.object_store import CREDENTIALS, object_store


@pytest.fixture(scope="module")
def bucket() -> Iterator[Location]:
    """Run an object store for the tests of this file."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        with object_store() as store:
            yield store


@pytest.fixture(params=["path", "file", "fsspec", "s3"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """Make an empty folder's location of each kind."""
    if request.param == "s3":
        store: Location = request.getfixturevalue("bucket")
        return store.child(tmp_path.name)
    return {
        "path": Location(str(tmp_path)),
        "file": Location(tmp_path.as_uri() + "/"),
        "fsspec": Location(f"memory://{tmp_path.name}"),
    }[request.param]


def test_files_are_written_listed_and_read_in_the_same_way(folder: Location) -> None:
    assert folder.stamps() == {}
    for name in ("b.txt", "a.txt", "below/c.txt", "d.json"):
        folder.child(name).write_text(f"this is {name}")
    assert [file.name for file in folder.files(".txt")] == ["a.txt", "b.txt"]
    assert {name: size for name, (size, _) in folder.stamps().items()} == {
        "a.txt": 13,
        "b.txt": 13,
        "below/c.txt": 19,
        "d.json": 14,
    }
    assert folder.child("below/c.txt").read_text() == "this is below/c.txt"
    assert folder.child("a.txt").files(".json") == [folder.child("a.txt")]
    with folder.child("b.txt").open_input() as file:
        file.seek(8)
        assert file.read() == b"b.txt"


def test_what_was_begun_and_not_ended_leaves_the_older_file(folder: Location) -> None:
    folder.child("a.txt").write_text("older")
    with pytest.raises(RuntimeError), folder.child("a.txt").replace() as part:
        part.write_text("newer")
        raise RuntimeError
    assert folder.child("a.txt").read_text() == "older"
    assert list(folder.stamps()) == ["a.txt"]


def test_files_of_a_folder_are_copied_to_this_machine(folder: Location, tmp_path: Path) -> None:
    for name in ("a.txt", "below/c.txt", "left"):
        folder.child(name).write_text(name)
    target = tmp_path / "copy"
    folder.download(["a.txt", "below/c.txt"], target)
    assert sorted(path.relative_to(target).as_posix() for path in target.rglob("*.txt")) == ["a.txt", "below/c.txt"]
    assert not (target / "left").exists()


def test_what_is_not_there_is_named(folder: Location) -> None:
    with pytest.raises(InputError, match=r"no.*none\.txt"):
        folder.child("none.txt").read_text()
    assert folder.child("none").files(".txt") == []


@pytest.mark.parametrize(
    "url",
    [
        "s3://key:secret@bucket/folder",
        "s3://bucket/folder?secret_key=abc",
        "gs://bucket/folder?access_token=abc",
    ],
)
def test_a_url_with_a_secret_in_it_is_refused_before_it_is_used(url: str) -> None:
    with pytest.raises(InputError) as refused:
        Location(url).files(".parquet")
    assert "secret" not in str(refused.value)
    assert "abc" not in str(refused.value)


@pytest.mark.parametrize("url", ["zz://bucket/folder", "s3://bucket/folder?colour=red"])
def test_a_url_of_no_known_kind_is_refused(url: str) -> None:
    with pytest.raises(InputError):
        Location(url).files(".parquet")


def test_a_server_that_is_not_there_is_named() -> None:
    url = "s3://bucket/folder?region=us-east-1&scheme=http&endpoint_override=127.0.0.1:9"
    with pytest.raises(StoreError, match="bucket/folder"):
        Location(url).child("a.txt").read_text()


def test_parameters_of_a_url_hold_for_what_lies_below() -> None:
    below = Location("s3://bucket/folder/?region=us-east-1").child("a.parquet")
    assert below.text == "s3://bucket/folder/a.parquet?region=us-east-1"
    assert (below.name, below.suffix, below.is_url, below.is_local) == ("a.parquet", ".parquet", True, False)
    drive = Location("C:/texts")
    assert (drive.is_url, drive.is_local, drive.child("x").text) == (False, True, "C:/texts/x")
