"""A workspace that somebody else made to run code, read elsewhere and break pages, opened by the real server and worker."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from lib.jobs.locks import kill_worker
from lib.settings import compiled_code_folder
from lib.store.layout import DATABASE
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from tests.browser.conftest import Server
from tests.page_client import open_page
from tests.unit.models.folder_check.hostile import HOSTILE
from tests.unit.models.folder_check.spoil import Payload
from tests.unit.projection.finished import add_finished_run, evaluate_planted, finished_run

SECRET = "a-file-outside-the-workspace"
PATIENCE = 240
ENDED = ("succeeded", "failed", "cancelled")
HOSTILE_JSON = ("[" * 100_000, '{"moments": NaN}', "{}", "null", '"\\ud800"', '{"__class__": "os.system"}', "1" * 5000)


@dataclass(frozen=True)
class Foreign:
    """The server over that workspace. canary: the file that code of the workspace would make."""

    server: Server
    drawn: Run
    broken: tuple[Run, ...]
    canary: Path

    def assert_untouched(self) -> None:
        """Assert that nothing of the workspace ran."""
        assert not self.canary.exists()


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Foreign]:
    """Make the workspace, and start the server over it."""
    home = tmp_path_factory.mktemp("foreign") / "workspace"
    drawn = finished_run(home, pairs=40)
    evaluate_planted(drawn)
    canary = drawn.folder / "canary"  # where the payload of a hostile model folder in this run leaves it
    drawn = plant_model(drawn, tiny_model)
    broken = plant_broken_runs(drawn, canary)
    plant_compiled_code(home, canary)
    plant_rows(home, drawn)
    server = Server(home)
    try:
        server.start()
        yield Foreign(server, drawn, broken, canary)
    finally:
        server.stop()
        kill_worker(home)


def plant_model(run: Run, tiny_model: Path) -> Run:
    """Put a model that runs code where the run's tuned model is; its base model is a good one."""
    workspace = open_workspace(run.folder.parent.parent)
    shutil.rmtree(run.model_dir)
    with closing(sqlite3.connect(workspace.home / DATABASE)) as connection, connection:
        connection.execute("UPDATE runs SET model = ? WHERE id = ?", (str(tiny_model), run.id))
    run = workspace.runs.get(run.id)
    shutil.copytree(tiny_model, run.model_dir)
    HOSTILE["weights_only off and a pickle"][1](run.model_dir)
    return run


def plant_broken_runs(like: Run, canary: Path) -> tuple[Run, ...]:
    """Make a run of links to the outside, one whose snapshots are pickles, and one for each hostile JSON."""
    workspace = open_workspace(like.folder.parent.parent)
    frame = workspace.datasets.get(like.dataset).frame()
    outside = workspace.home.parent / "outside.txt"
    outside.write_text(f"{SECRET}\n" * 3)
    runs = []
    for number in range(len(HOSTILE_JSON) + 2):
        _, run = add_finished_run(workspace, frame, workspace.datasets.get(like.dataset).shape)
        shutil.rmtree(run.folder)
        shutil.copytree(like.folder, run.folder, ignore=shutil.ignore_patterns(like.model_dir.name))
        runs.append(run)
        files = [one for one in sorted(run.folder.rglob("*")) if one.is_file()]
        if number == 0:
            for file in [run.paths.log, *files]:
                file.unlink(missing_ok=True)
                file.symlink_to(outside)
        elif number == 1:
            for file in (one for one in files if one.suffix == ".npy"):
                np.save(file, np.array([Payload(canary)], dtype=object), allow_pickle=True)
        else:
            for file in (one for one in files if one.suffix in (".json", ".jsonl")):
                file.write_text(HOSTILE_JSON[number - 2])
    return tuple(runs)


def plant_compiled_code(home: Path, canary: Path) -> None:
    """Put pickles that run code where numba's compiled functions of this workspace lay in older versions."""
    compiled = Path(os.environ.get("NUMBA_CACHE_DIR") or compiled_code_folder())
    indices = list(compiled.rglob("*.nbi"))
    assert indices, "the map above was drawn without compiled functions"
    for index in indices:
        target = home / "cache" / "numba" / index.relative_to(compiled)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(pickle.dumps(Payload(canary)))


def plant_rows(home: Path, like: Run) -> None:
    """Write rows that no version of Closer writes, and the work that the server then does: draw a map, evaluate, and worse."""
    with closing(sqlite3.connect(home / DATABASE)) as connection, connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
        run = dict(
            zip(columns, connection.execute("SELECT * FROM runs WHERE id = ?", (like.id,)).fetchone(), strict=True)
        )
        odd = {
            "id": ["../../outside", "/etc", "x" * 300, "a\x00b", "é\u202e"],
            "name": ["", "\x1b[2J", "x" * 10_000],
            "model": ["../../../etc", "/dev/zero", "\x00"],
            "recipe": ["null", "{", "[]", json.dumps({"loss": {"$": 1}})],
            "dataset": ["../..", "none"],
            "created": ["yesterday", ""],
            "headline": ["[]", "{", '{"metric": 1}'],
        }
        for column, values in odd.items():
            for number, value in enumerate(values):
                row = run | {"id": f"odd-{column}-{number}", "key": f"{column}-{number}"} | {column: value}
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO runs ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
        jobs = [
            ("project", like.id, "{}"),
            ("evaluate", like.id, "{}"),
            ("os.system", like.id, "{}"),
            ("project", "../../outside", "{}"),
            ("blend", like.id, "[[["),
        ]
        for position, (kind, name, payload) in enumerate(jobs):
            connection.execute(
                "INSERT INTO jobs (key, kind, run, payload, state, position, created) VALUES (?, ?, ?, ?, 'queued', ?, ?)",
                (f"odd-{position}", kind, name, payload, position, "2026-01-01T00:00:00+00:00"),
            )


def states(foreign: Foreign) -> dict[str, tuple[str, str]]:
    """Read the state and the reason of each planted job by its key."""
    with closing(sqlite3.connect(foreign.server.home / DATABASE)) as connection:
        rows = connection.execute("SELECT key, state, reason FROM jobs WHERE key LIKE 'odd-%'").fetchall()
    return {key: (state, reason) for key, state, reason in rows}


def test_its_work_is_done_without_running_its_code(foreign: Foreign) -> None:
    deadline = time.monotonic() + PATIENCE
    while any(state not in ENDED for state, _ in states(foreign).values()):
        assert time.monotonic() < deadline, states(foreign)
        time.sleep(0.5)
    assert states(foreign)["odd-0"] == ("succeeded", "")  # the map was drawn
    assert [states(foreign)[f"odd-{number}"][0] for number in range(1, 5)] == ["failed"] * 4
    assert "pytorch_model.bin" in states(foreign)["odd-1"][1]  # of the tuned model, which was not loaded
    foreign.assert_untouched()


@pytest.mark.parametrize("page", ["", "upload", "train", "explore"])
def test_each_page_opens(foreign: Foreign, page: str) -> None:
    runs = ["", foreign.drawn.id, *(run.id for run in foreign.broken), "odd-model-0", "odd-recipe-1", "odd-dataset-0"]
    for run in runs if page in ("train", "explore") else [""]:
        answer = open_page(foreign.server.url, page, {"run": run} if run else {})
        assert not [text for text in answer.alerts if "Something went wrong" in text], (page, run)
        assert not answer.holds(SECRET), (page, run)
        foreign.assert_untouched()


def test_no_download_leads_out(foreign: Foreign) -> None:
    for run in (foreign.drawn, *foreign.broken):
        for file in ("log.txt", "model.zip"):
            try:
                body = foreign.server.get(f"/download/{run.id}/{file}")
            except OSError:  # 404
                continue
            assert SECRET.encode() not in body
    log = foreign.server.home / "logs" / "server.log"
    assert not log.exists() or "Traceback" not in log.read_text(encoding="utf-8")
