"""Checkpoints of ended runs are removed, all or all but what a run can go on from."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from lib.errors import InputError
from lib.store.free_space import checkpoint_bytes, has_checkpoint, remove_checkpoints, remove_vectors
from lib.store.layout import VECTOR_LOCK, RunPaths, WorkspacePaths
from lib.store.publish import publish
from lib.store.workspace import open_workspace
from tests.builders import add_dataset, add_run

BYTES = 1_000


def write_checkpoints(paths: RunPaths) -> None:
    for name in ("step-00000004", "step-00000012", "best"):
        with publish(paths.checkpoints / name) as part:
            (part / "model.safetensors").write_bytes(b"x" * BYTES)


def names(paths: RunPaths) -> list[str]:
    return sorted(path.name for path in paths.checkpoints.glob("*"))


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({}, []),
        ({"keep_newest": True}, ["step-00000012"]),
        ({"keep_newest": True, "keep_best": True}, ["best", "step-00000012"]),
    ],
    ids=["all", "but the newest", "but the newest and the best"],
)
def test_what_is_removed(options: dict[str, bool], left: list[str], tmp_path: Path) -> None:
    paths = RunPaths(tmp_path)
    write_checkpoints(paths)
    before = checkpoint_bytes(paths)
    freed = remove_checkpoints(paths, **options)
    assert names(paths) == left
    assert freed == before - checkpoint_bytes(paths)
    assert freed >= (3 - len(left)) * BYTES
    assert has_checkpoint(paths) == bool(left)


def test_a_run_without_checkpoints_has_nothing_to_free(tmp_path: Path) -> None:
    assert remove_checkpoints(RunPaths(tmp_path)) == 0
    assert not has_checkpoint(RunPaths(tmp_path))


def test_only_an_ended_run_can_be_freed(home: Path) -> None:
    workspace = open_workspace(home)
    run = add_run(workspace, add_dataset(workspace), "a/b")
    write_checkpoints(run.paths)
    with pytest.raises(InputError, match="not ended"):
        workspace.runs.free_checkpoints(run.id)
    workspace.jobs.cancel(run.job)
    assert workspace.runs.free_checkpoints(run.id) >= 3 * BYTES
    assert not run.paths.checkpoints.exists()


def test_vectors_are_removed_but_for_a_model_that_is_encoding(tmp_path: Path) -> None:
    paths = WorkspacePaths(tmp_path)
    for model in ("idle", "busy"):
        (paths.vectors / model).mkdir(parents=True)
        with publish(paths.vectors / model / "segment") as part:
            (part / "rows.npy").write_bytes(b"x" * BYTES)
    with FileLock(paths.vectors / "busy" / VECTOR_LOCK):
        assert BYTES <= remove_vectors(paths) < 2 * BYTES
    assert [path.parent.name for path in paths.vectors.glob("*/segment")] == ["busy"]
    assert remove_vectors(paths) >= BYTES
    assert remove_vectors(paths) == 0
