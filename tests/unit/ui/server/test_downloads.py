"""The zip of a model: whole, of the length announced, in blocks, and nothing from outside the folder."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from lib.ui.server.downloads import zip_stream

FILES = {"1_Pooling/config.json": b"{}", "weights": bytes(range(256)) * 10_000}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a model folder with a file in a subfolder and a large one."""
    for name, data in FILES.items():
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "model"


def test_a_folder_is_streamed_as_a_zip_of_known_length(folder: Path) -> None:
    archive = zip_stream(folder)
    length = len(archive)
    blocks = list(archive)
    assert sum(map(len, blocks)) == length
    assert max(map(len, blocks)) < len(FILES["weights"])  # it never holds a whole file
    read = zipfile.ZipFile(io.BytesIO(b"".join(blocks)))
    assert read.testzip() is None
    assert {name: read.read(name) for name in read.namelist()} == {f"model/{name}": FILES[name] for name in FILES}


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("x")
    try:
        (folder / "file").symlink_to(tmp_path / "outside" / "secret")
        (folder / "sub").symlink_to(tmp_path / "outside", target_is_directory=True)
    except OSError:
        pytest.skip("links cannot be made here")
    names = zipfile.ZipFile(io.BytesIO(b"".join(zip_stream(folder)))).namelist()
    assert sorted(names) == sorted(f"model/{name}" for name in FILES)
