"""Datasets and runs: the same content is one dataset, a key is one run, nothing is lost by delete."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.errors import InputError, NotFoundError, StoreError
from lib.recipe.recipe import Recipe
from lib.store.check import check
from lib.store.names import folder_name
from lib.store.publish import publish, remove
from lib.store.workspace import open_workspace
from tests.builders import add_dataset, add_run, pairs, prepared


def test_the_same_content_is_one_dataset(home: Path) -> None:
    workspace = open_workspace()
    first, second = add_dataset(workspace, name="one"), add_dataset(workspace, name="two")
    assert first.id == second.id
    assert [item.name for item in workspace.datasets.all()] == ["one"]
    other = add_dataset(workspace, table=pairs(60))
    assert other.id != first.id


def test_a_dataset_gives_back_its_rows_and_originals(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "my pairs; drop table.csv.gz"
    source.write_bytes(b"bytes as they came")
    examples = prepared()
    dataset = open_workspace().datasets.publish(examples, name="x", originals=[source])
    pd.testing.assert_frame_equal(dataset.frame(), examples.frame)
    assert [p.read_bytes() for p in dataset.originals] == [b"bytes as they came"]
    assert "drop" not in str(dataset.originals[0].relative_to(home))
    assert sum(dataset.counts.values()) == dataset.rows == len(examples.frame)


def test_delete_hides_restore_brings_back_purge_frees(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    workspace.datasets.delete(dataset.id)
    assert workspace.datasets.all() == []
    workspace.datasets.restore(dataset.id)
    assert len(workspace.datasets.all()) == 1
    with pytest.raises(InputError):
        workspace.datasets.purge(dataset.id)
    workspace.datasets.delete(dataset.id)
    assert workspace.datasets.purge(dataset.id) > 1000
    with pytest.raises(NotFoundError):
        workspace.datasets.get(dataset.id)
    assert not dataset.folder.exists()


def test_names_and_notes_change_and_empty_names_do_not(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    workspace.datasets.rename(dataset.id, "  New   name ")
    workspace.datasets.annotate(dataset.id, "why")
    assert (workspace.datasets.get(dataset.id).name, workspace.datasets.get(dataset.id).notes) == ("New name", "why")
    for name in (
        "   ",
        "\u200b",
        "\ufeff",
        "\u2060\u00ad",
        "\u3164",
        "\u2800 \u115f",
        "\x00\x1b",
        "x" * 201,
        "a\udcff",
        "\udcff",
    ):
        with pytest.raises(InputError):
            workspace.datasets.rename(dataset.id, name)
        with pytest.raises(InputError):
            workspace.datasets.publish(prepared(pairs(60)), name=name)
    assert [item.name for item in workspace.datasets.all()] == ["New name"]
    assert len(list(workspace.paths.datasets.iterdir())) == 1  # nothing was written before the name was refused
    workspace.datasets.rename(dataset.id, "\u200b👩\u200d💻")
    assert workspace.datasets.get(dataset.id).name == "\u200b👩\u200d💻"


@pytest.mark.parametrize("length", [182, 183, 199, 200])
def test_a_dataset_of_any_name_can_be_trained(home: Path, length: int) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace, name="n" * length)
    for model in ("sentence-transformers/all-MiniLM-L6-v2", "m" * 250, "/models/a  b"):
        run = workspace.runs.create(dataset=dataset.id, model=model, recipe=Recipe())
        assert len(run.name) <= 200
        assert run.name.startswith("n" * 90)
        assert run.name.endswith(" ".join(model.rsplit("/", 1)[-1].split())[:100])


def test_a_key_is_one_run_with_one_job(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    runs = [workspace.runs.create(dataset=dataset.id, model="a/b", recipe=Recipe(), key="press-1") for _ in range(3)]
    assert len({run.id for run in runs}) == 1
    assert len(workspace.jobs.all()) == 1
    assert runs[0].model_dir.name == "a_b"


def test_a_run_needs_a_dataset_that_is_there(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    workspace.datasets.delete(dataset.id)
    with pytest.raises(NotFoundError):
        workspace.runs.create(dataset=dataset.id, model="m", recipe=Recipe())
    assert workspace.runs.all() == []


def test_a_deleted_run_leaves_the_queue_and_comes_back(home: Path) -> None:
    workspace = open_workspace()
    run = add_run(workspace, add_dataset(workspace), "a/b")
    workspace.runs.delete(run.id)
    assert workspace.jobs.all(states=("queued",)) == []
    workspace.runs.restore(run.id)
    assert workspace.runs.get(run.id).state == "cancelled"
    workspace.jobs.retry(run.job)
    assert workspace.runs.get(run.id).state == "queued"


def test_leftovers_are_found(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    assert workspace.leftovers() == []
    run = add_run(workspace, dataset, "a/b")
    folders = [
        home / "datasets" / ".part-abc-1",
        home / "runs" / ".old-x-1",
        run.folder / "snapshots" / ".part-best.npy",
    ]
    for folder in folders[:2]:
        folder.mkdir()
    folders[2].parent.mkdir()
    folders[2].write_bytes(b"half")
    assert workspace.leftovers() == []  # so young: another process may be writing them
    age(*folders)
    assert {p.name for p in workspace.leftovers()} == {
        ".part-abc-1",
        ".old-x-1",
    }  # the run waits: its parts are its own
    workspace.jobs.cancel(run.job)
    assert {p.name for p in workspace.leftovers()} == {p.name for p in folders}
    for path in workspace.leftovers():
        remove(path)
    assert workspace.leftovers() == []
    assert check(workspace) == []


def age(*paths: Path) -> None:
    """Let paths look as if they had been written an hour ago."""
    for path in paths:
        os.utime(path, (time.time() - 3600,) * 2)


def test_what_the_list_does_not_know_is_never_called_rubbish(home: Path) -> None:
    """An older list was restored: the runs and datasets since then are on the disk and stay there."""
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    run = add_run(workspace, dataset, "a/b")
    age(run.folder, dataset.folder)
    with workspace.database.changing() as connection:
        for table in ("jobs", "runs", "datasets"):
            connection.execute(f"DELETE FROM {table}")
    assert workspace.leftovers() == []
    assert set(workspace.unlisted_folders()) == {run.folder, dataset.folder}


def test_a_run_that_works_is_neither_deleted_nor_purged(home: Path) -> None:
    workspace = open_workspace()
    run = add_run(workspace, add_dataset(workspace), "a/b")
    for kind in ("train", "evaluate"):
        job = workspace.jobs.all(run=run.id, states=("queued",))[0]
        claimed = workspace.jobs.claim(job.id)
        assert claimed is not None
        with pytest.raises(InputError, match=kind):
            workspace.runs.delete(run.id)
        workspace.jobs.finish(claimed, "succeeded", follow_ups=("evaluate",) if kind == "train" else ())
    workspace.runs.delete(run.id)
    workspace.jobs.submit("placebo", run=run.id)
    workspace.jobs.claim(workspace.jobs.all(states=("queued",))[0].id)
    with pytest.raises(InputError, match="placebo"):
        workspace.runs.purge(run.id)
    assert run.folder.is_dir()


def test_a_run_knows_what_was_trained_from_it(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    parent = add_run(workspace, dataset, "a/b")
    child = add_run(workspace, dataset, f"run:{parent.id}")
    assert [run.id for run in workspace.runs.children(parent.id)] == [child.id]
    assert workspace.runs.children(child.id) == []


def test_the_time_of_a_run_is_that_of_all_its_attempts(home: Path) -> None:
    workspace = open_workspace()
    run = add_run(workspace, add_dataset(workspace), "a/b")
    for _ in range(2):
        claimed = workspace.jobs.claim(run.job)
        assert claimed is not None
        with workspace.database.changing() as connection:
            connection.execute("UPDATE jobs SET started = '2020-01-01T00:00:00+00:00' WHERE id = ?", (run.job,))
        workspace.jobs.record_interruption(claimed)
    years = (workspace.runs.get(run.id).seconds) / (365.25 * 86400)
    assert years > 10  # twice more than five years, and none for the waiting since


def test_check_names_what_ended_jobs_should_have_left(home: Path) -> None:
    workspace = open_workspace()
    run = add_run(workspace, add_dataset(workspace), "a/b")
    claimed = workspace.jobs.claim(run.job)
    assert claimed is not None
    workspace.jobs.finish(claimed, "succeeded")
    assert any("a_b is missing" in line for line in check(workspace))
    run.model_dir.mkdir()
    assert any("a_b has no manifest" in line for line in check(workspace))
    run.model_dir.rmdir()
    with publish(run.model_dir) as part:
        (part / "a").write_text("a")
    assert check(workspace) == []
    run.paths.snapshots.folder.mkdir()
    (run.paths.snapshots.index).write_text('{"moments": [{"name": "base", "file": "base.npy"}]}')
    assert any("base.npy: cannot be read" in line for line in check(workspace))
    np.save(run.paths.snapshots.folder / "base.npy", np.eye(2))
    assert check(workspace) == []
    with workspace.database.changing() as connection:
        connection.execute("DELETE FROM datasets")
    assert any("not in the list any more" in line for line in check(workspace))


def test_check_finds_a_changed_dataset(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    (dataset.folder / "facts.json").write_text("{}")
    assert any("facts.json" in line for line in check(workspace))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("sentence-transformers/all-MiniLM-L6-v2", "sentence-transformers_all-MiniLM-L6-v2"),
        ("/models/mine", "mine"),
        ("../../etc/passwd", "passwd"),
        ("..", "model"),
        ("a b<script>", "a_b_script_"),
        ("C:\\models\\x", "x"),
        ("", "model"),
    ],
)
def test_folder_names_are_safe(model: str, expected: str) -> None:
    assert folder_name(model) == expected


@pytest.mark.parametrize("identity", ["..", "../outside", "/etc", ".hidden", "a/b", "", "x" * 65])
@pytest.mark.parametrize("table", ["runs", "datasets"])
def test_an_id_of_a_foreign_database_never_becomes_a_path_elsewhere(home: Path, table: str, identity: str) -> None:
    """What is purged is removed from the disk."""
    workspace = open_workspace(home)
    dataset = add_dataset(workspace)
    workspace.runs.create(dataset=dataset.id, model="m", recipe=Recipe())
    outside = home.parent / "outside"
    outside.mkdir(exist_ok=True)
    with closing(sqlite3.connect(home / "closer.db")) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(f"UPDATE {table} SET id = ?, deleted = '2026-01-01T00:00:00+00:00'", (identity,))
        connection.execute("UPDATE jobs SET run = ?, state = 'succeeded'", (identity,))
    entries = getattr(open_workspace(home), table)
    for action in (entries.purge, entries.get):
        with pytest.raises(StoreError):
            action(identity)
    assert entries.all(deleted=True) == []
    assert len(entries.problems()) == 1
    assert outside.is_dir()
