"""One who may only look changes nothing: every function of the store that writes refuses, and nothing is written."""

from __future__ import annotations

import ast
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.errors import NotAllowedError
from lib.jobs.locks import kill_worker
from lib.recipe.recipe import Recipe
from lib.store import permission
from lib.store.check import restore_backup
from lib.store.datasets import Dataset
from lib.store.publish import publish, remove, replace_file
from lib.store.runs import Run
from lib.store.uploads import Upload, load_upload, remove_own_held_out, store_own_held_out, store_upload
from lib.store.workspace import Workspace, open_workspace
from tests.builders import add_dataset, add_run, prepared

STORE = Path(permission.__file__).parent


@dataclass(frozen=True)
class Place:
    """A workspace with one of each."""

    workspace: Workspace
    dataset: Dataset
    run: Run
    upload: Upload


@pytest.fixture
def place(home: Path) -> Iterator[Place]:
    """Give a workspace in which the one who acts may only look."""
    workspace = open_workspace(home)
    dataset = add_dataset(workspace)
    run = add_run(workspace, dataset, "a/b")
    upload = store_upload(home, [("pairs.csv", io.BytesIO(b"a,b\n1,2\n"))])
    permission.set_change_rule(lambda: False)
    yield Place(workspace, dataset, run, upload)
    permission.set_change_rule(lambda: True)


ACTIONS: dict[str, Callable[[Place], object]] = {
    "train": lambda p: p.workspace.runs.create(dataset=p.dataset.id, model="m", recipe=Recipe()),
    "extend or try again": lambda p: (
        p.workspace.runs.extend(p.run.id, 9) if p.run.state == "failed" else p.workspace.jobs.retry(p.run.job)
    ),
    "rename a run": lambda p: p.workspace.runs.rename(p.run.id, "x"),
    "annotate a run": lambda p: p.workspace.runs.annotate(p.run.id, "x"),
    "star a run": lambda p: p.workspace.runs.star(p.run.id, True),
    "delete a run": lambda p: p.workspace.runs.delete(p.run.id),
    "restore a run": lambda p: p.workspace.runs.restore(p.run.id),
    "free a run's checkpoints": lambda p: p.workspace.runs.free_checkpoints(p.run.id),
    "free the vectors": lambda p: p.workspace.free_vectors(),
    "set a headline": lambda p: p.workspace.runs.set_headline(p.run.id, None),
    "publish a dataset": lambda p: p.workspace.datasets.publish(prepared(), name="x"),
    "rename a dataset": lambda p: p.workspace.datasets.rename(p.dataset.id, "x"),
    "annotate a dataset": lambda p: p.workspace.datasets.annotate(p.dataset.id, "x"),
    "delete a dataset": lambda p: p.workspace.datasets.delete(p.dataset.id),
    "restore a dataset": lambda p: p.workspace.datasets.restore(p.dataset.id),
    "queue a job": lambda p: p.workspace.jobs.submit("project", run=p.run.id),
    "queue a job on a dataset": lambda p: p.workspace.jobs.submit_on_dataset(
        "label_noise", dataset=p.dataset.id, key="k"
    ),
    "cancel": lambda p: p.workspace.jobs.cancel(p.run.job),
    "retry": lambda p: p.workspace.jobs.retry(p.run.job),
    "claim": lambda p: p.workspace.jobs.claim(p.run.job),
    "move": lambda p: p.workspace.jobs.move(p.run.job, 1),
    "upload": lambda p: store_upload(p.workspace.home, [("x.csv", io.BytesIO(b"a,b\n"))]),
    "read an upload": lambda p: load_upload(p.workspace.home, p.upload.id),
    "change an upload": lambda p: p.upload.change(seed=9),
    "add a held-out file": lambda p: store_own_held_out(p.upload, "x.csv", io.BytesIO(b"a,b\n")),
    "remove a held-out file": lambda p: remove_own_held_out(p.upload),
    "remove a leftover": lambda p: remove(p.upload.folder),
    "kill the worker": lambda p: kill_worker(p.workspace.home),
    "restore a backup": lambda p: restore_backup(p.workspace.home),
    "publish": lambda p: publish(p.workspace.home / "x").__enter__(),
    "replace a file": lambda p: replace_file(p.workspace.home / "x").__enter__(),
}


def content(home: Path) -> dict[str, bytes]:
    """Read every file of a workspace but SQLite's own log."""
    return {
        str(path): path.read_bytes() for path in home.rglob("*") if path.is_file() and "closer.db-" not in path.name
    }


@pytest.mark.parametrize("action", list(ACTIONS))
def test_one_who_may_only_look_changes_nothing(place: Place, action: str) -> None:
    before, jobs, run = (
        content(place.workspace.home),
        place.workspace.jobs.all(),
        place.workspace.runs.get(place.run.id),
    )
    with pytest.raises(NotAllowedError):
        ACTIONS[action](place)
    assert content(place.workspace.home) == before
    assert (place.workspace.jobs.all(), place.workspace.runs.get(place.run.id)) == (jobs, run)


@pytest.mark.parametrize("action", ["rename a run", "upload", "cancel"])
def test_an_editor_may(place: Place, action: str) -> None:
    permission.set_change_rule(lambda: True)
    runs, jobs, files = place.workspace.runs, place.workspace.jobs, content(place.workspace.home)
    before = runs.get(place.run.id), jobs.all(), set(files)
    ACTIONS[action](place)
    assert (runs.get(place.run.id), jobs.all(), set(content(place.workspace.home))) != before


def test_an_editor_may_read_an_upload(place: Place) -> None:
    permission.set_change_rule(lambda: True)
    assert ACTIONS["read an upload"](place).id == place.upload.id


def test_nothing_of_the_store_writes_to_the_database_by_another_way() -> None:
    """Every statement that changes rows stands inside `with ... changing()`, which asks; migrations and backups change none."""
    for path in STORE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.With) and "reading()" in ast.unparse(node.items[0]):
                said = ast.unparse(node).upper()
                assert not [word for word in ("'UPDATE ", "'INSERT ", "'DELETE ") if word in said], path.name
