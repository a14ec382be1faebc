"""A workspace of somebody else that leads elsewhere by links, pipes and devices: nothing outside is read, written or removed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lib.errors import StoreError
from lib.jobs.events import EventWriter
from lib.jobs.worker import run_job, write_output_to
from lib.process import open_to_append
from lib.store.check import check
from lib.store.database import RESERVE
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace
from tests.builders import add_dataset, add_run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need rights there, and pipes are no files")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Make a file of the person's own, outside the workspace."""
    path = tmp_path / "profile"
    path.write_text("mine\n")
    return path


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return open_workspace()


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return add_run(workspace, add_dataset(workspace), "a/b")


def put_link(path: Path, target: Path) -> None:
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


PLACES = ("closer.db", "closer.db-wal", "closer.db-shm", "closer.backup.db", "logs/server.log", "locks/worker.json")


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("kind", ["link", "link to nothing", "pipe"])
def test_a_workspace_whose_files_lead_elsewhere_is_not_opened(
    home: Path, workspace: Workspace, outside: Path, name: str, kind: str
) -> None:
    path = home / name
    if kind == "pipe":
        path.unlink(missing_ok=True)
        path.parent.mkdir(exist_ok=True)
        os.mkfifo(path)
    else:
        put_link(path, outside if kind == "link" else outside.with_name("nothing"))
    with pytest.raises(StoreError, match="is a link, a pipe or a device"):
        open_workspace()
    assert outside.read_text() == "mine\n"
    assert not outside.with_name("nothing").exists()


@pytest.mark.parametrize("name", ["runs", "datasets", "cache", "uploads", "models", "embeddings", "logs", "locks"])
def test_a_folder_of_the_workspace_is_no_link(home: Path, tmp_path: Path, name: str) -> None:
    """What is purged below it would be somebody's own folder of that name."""
    (tmp_path / "own").mkdir()
    (home / name).symlink_to(tmp_path / "own")
    with pytest.raises(StoreError, match="CLOSER_HOME"):
        open_workspace()
    assert list((tmp_path / "own").iterdir()) == []


def test_the_workspace_itself_may_be_a_link(tmp_path: Path, workspace: Workspace, run: Run) -> None:
    (tmp_path / "other").symlink_to(workspace.home)
    assert [one.id for one in open_workspace(tmp_path / "other").runs.all()] == [run.id]


def test_a_run_whose_folder_is_a_link_is_left_out_and_named(workspace: Workspace, run: Run, tmp_path: Path) -> None:
    run.folder.rmdir()
    run.folder.symlink_to(tmp_path)
    assert workspace.runs.all() == []
    assert any("is a link" in line for line in check(workspace))


def in_events(run: Run, outside: Path) -> None:
    put_link(run.paths.events, outside)


def in_checkpoints(run: Run, outside: Path) -> None:
    put_link(run.paths.checkpoints, outside.parent)


def deep_in_the_model(run: Run, outside: Path) -> None:
    put_link(run.model_dir / "1_Pooling" / "config.json", outside)


@pytest.mark.parametrize("spoil", [in_events, in_checkpoints, deep_in_the_model])
def test_no_work_is_done_in_a_run_with_links(
    workspace: Workspace, run: Run, outside: Path, spoil: Callable[[Run, Path], None]
) -> None:
    """Its events are lines of JSON with texts of the workspace, and a profile of a shell runs what stands in quotes."""
    spoil(run, outside)
    before = sorted(outside.parent.iterdir())
    job = workspace.jobs.claim(run.job)
    assert job is not None
    assert run_job(workspace, job) == "failed"
    assert "is a link" in workspace.jobs.get(job.id).reason
    assert outside.read_text() == "mine\n"
    assert sorted(outside.parent.iterdir()) == before


def test_what_is_appended_never_lands_elsewhere(run: Run, outside: Path) -> None:
    in_events(run, outside)
    put_link(run.paths.log, outside)
    writer = EventWriter(run.paths.events)
    writer.log("$(touch canary)")
    write_output_to(run.paths.log)
    assert outside.read_text() == "mine\n"
    os.mkfifo(run.folder / "pipe")
    for path in (run.paths.events, run.paths.log, run.folder / "pipe", Path("/dev/null")):
        with pytest.raises(OSError, match="."):
            open_to_append(path)


def test_the_reserve_is_written_over_no_other_file(workspace: Workspace, home: Path, outside: Path) -> None:
    put_link(home / RESERVE, outside)
    workspace.database.keep_reserve()
    assert outside.read_text() == "mine\n"
    assert not (home / RESERVE).is_symlink()
