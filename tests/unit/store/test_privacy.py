"""What the workspace holds is its owner's alone, from the first byte, whatever the process's mask."""

from __future__ import annotations

import io
import logging
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.process import call_module, is_open_to_others
from lib.store.publish import amend, publish
from lib.store.uploads import store_upload
from lib.store.workspace import make_workspace_private, open_workspace
from tests.builders import add_dataset, add_run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there rights come from the user's own folder")


@pytest.fixture(autouse=True)
def open_mask() -> Iterator[None]:
    """Start with the most careless mask."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(home: Path) -> dict[str, int]:
    """List the modes of everything in a folder, and of itself."""
    return {str(path.relative_to(home)): stat.S_IMODE(path.lstat().st_mode) for path in (home, *home.rglob("*"))}


def test_whatever_is_written_is_the_owners_alone(tmp_path: Path) -> None:
    home = tmp_path / "workspace"
    workspace = open_workspace(home)
    run = add_run(workspace, add_dataset(workspace), "a/b")
    store_upload(home, [("pairs.csv", io.BytesIO(b"a,b\n1,2\n"))]).change(seed=3)
    with publish(run.model_dir) as part:
        (part / "closer.json").write_text("{}")
    amend(run.model_dir, "closer.json", "{ }")
    workspace.database.backup(older_than=0)
    workspace.database.keep_reserve()
    found = modes(home)
    assert {found[name] for name in found if (home / name).is_dir()} == {0o700}
    assert {found[name] for name in found if (home / name).is_file()} == {0o600}
    assert len(found) > 15


def test_every_process_that_is_started_is_as_careful(tmp_path: Path) -> None:
    folder = tmp_path / "call"
    folder.mkdir(mode=0o700)
    call_module("tests.unit.answers", {"act": "echo", "value": 1}, folder=folder)
    assert stat.S_IMODE((folder / "answer.json").stat().st_mode) == 0o600


def test_an_older_workspace_is_mended_and_told_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    home, outside = tmp_path / "workspace", tmp_path / "outside"
    workspace = open_workspace(home)
    add_dataset(workspace)
    outside.write_text("not ours to change")
    outside.chmod(0o644)
    (home / "link").symlink_to(outside)
    for path in (home, *home.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    with caplog.at_level(logging.WARNING, logger="closer"):
        open_workspace(home)
        open_workspace(home)
    assert len(caplog.records) == 1
    assert [path for path in (home, *home.rglob("*")) if is_open_to_others(path)] == []
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644
    assert make_workspace_private(home) == 0
