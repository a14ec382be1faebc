"""Datasets and runs: the same content is one dataset, a key is one run, nothing is lost by delete."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from lib.errors import InputError, NotFoundError
from lib.store.check import check
from lib.store.names import folder_name
from lib.store.workspace import open_workspace
from tests.builders import add_dataset, add_run, pairs


def test_the_same_content_is_one_dataset(home: Path) -> None:
    workspace = open_workspace()
    first, second = add_dataset(workspace, name="one"), add_dataset(workspace, name="two")
    assert first.id == second.id
    assert [item.name for item in workspace.datasets.all()] == ["one"]
    other = add_dataset(workspace, table=pairs(60))
    assert other.id != first.id


def test_a_dataset_gives_back_its_rows_and_originals(home: Path, tmp_path: Path) -> None:
    from tests.builders import prepared

    source = tmp_path / "my pairs; drop table.csv.gz"
    source.write_bytes(b"bytes as they came")
    made = prepared()
    dataset = open_workspace().datasets.publish(made, name="x", originals=[source])
    pd.testing.assert_frame_equal(dataset.frame(), made.frame)
    assert [p.read_bytes() for p in dataset.originals] == [b"bytes as they came"]
    assert "drop" not in str(dataset.originals[0].relative_to(home))
    assert sum(dataset.counts.values()) == dataset.rows == len(made.frame)


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
    with pytest.raises(InputError):
        workspace.datasets.rename(dataset.id, "   ")


def test_a_key_is_one_run_with_one_job(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    made = [workspace.runs.create(dataset=dataset.id, model="a/b", recipe={}, key="press-1") for _ in range(3)]
    assert len({run.id for run in made}) == 1
    assert len(workspace.jobs.all()) == 1
    assert made[0].model_dir.name == "a_b"


def test_a_run_needs_a_dataset_that_is_there(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    workspace.datasets.delete(dataset.id)
    with pytest.raises(NotFoundError):
        workspace.runs.create(dataset=dataset.id, model="m", recipe={})
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
    add_dataset(workspace)
    assert workspace.leftovers() == []
    (home / "datasets" / ".part-abc-1").mkdir()
    (home / "runs" / "unknown").mkdir()
    assert {p.name for p in workspace.leftovers()} == {".part-abc-1", "unknown"}
    assert check(workspace) == []


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
