"""Every JSON of a workspace, damaged at random, gives a named error, is skipped or counts as absent, and no page fails.

CLOSER_FUZZ_SECONDS lets each part run for so long instead of a few rounds: what they find gets a line in FINDINGS.
"""

from __future__ import annotations

import io
import json
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib.data.columns.guess import guess_mapping
from lib.data.table import Table
from lib.errors import CloserError
from lib.evaluation.difference import Difference
from lib.evaluation.store import load_evaluation
from lib.experiments.cost_estimate import PlannedTraining, load_estimate
from lib.experiments.label_noise_check import label_noise_path, load_label_noise
from lib.experiments.result import (
    ControlResult,
    Interpolation,
    InterpolationPoint,
    LearningCurve,
    LearningCurvePoint,
    load_control,
    load_interpolation,
    load_learning_curve,
    load_saved_blends,
    save_experiment,
)
from lib.jobs.events import EventWriter, read_events
from lib.jobs.locks import kill_worker, load_failure, memory_ran_out
from lib.jobs.status import fold
from lib.projection.store import load_map
from lib.store.check import check
from lib.store.headline import Headline
from lib.store.layout import MODEL_CARD_DATA, UploadPaths, WorkspacePaths
from lib.store.publish import MANIFEST, amend, verify
from lib.store.runs import Run
from lib.store.snapshots import read_snapshots
from lib.store.uploads import Upload, load_upload, store_upload
from lib.store.workspace import Workspace, open_workspace
from lib.training.card import read_model_facts
from lib.training.checkpoints import load_history
from lib.training.state import History
from lib.ui.train.log import format_line
from tests.app.conftest import ROUTER
from tests.builders import pairs
from tests.mutations import mutate
from tests.unit.projection.finished import evaluate_planted, finished_run

ROUNDS = 40
"""Of each reader; a few milliseconds each."""

PAGE_ROUNDS = 1
"""Of each file on its page; a second each."""

FUZZ_SECONDS = float(os.environ.get("CLOSER_FUZZ_SECONDS", 0))

GAIN = Difference(0.5, 0.75, 0.1, 0.4, 0.01, 0.1)


@dataclass(frozen=True)
class Planted:
    """A workspace with one of each file."""

    workspace: Workspace
    run: Run
    upload: Upload
    planned: PlannedTraining


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    """Give that workspace, the one in use for the module."""
    home = tmp_path_factory.mktemp("damage") / "workspace"
    before = os.environ.get("CLOSER_HOME")
    os.environ["CLOSER_HOME"] = str(home)
    run = finished_run(home, pairs=40)
    evaluate_planted(run)
    workspace = open_workspace(home)
    headline = Headline("mrr@10", "better", 12, base=0.5, tuned=0.75, difference=0.25, low=0.1, high=0.4)
    workspace.runs.set_headline(run.id, headline)
    write_events(run)
    save_experiment(run, "placebo", ControlResult("mrr@10", GAIN, GAIN, GAIN, "abc"))
    points = (LearningCurvePoint(0.5, 20, GAIN), LearningCurvePoint(1.0, 40, GAIN))
    save_experiment(run, "learning_curve", LearningCurve("mrr@10", points, GAIN, "abc"))
    blends = (InterpolationPoint(0.0, 0.5, 0.9), InterpolationPoint(0.5, 0.75, 0.875, GAIN, GAIN))
    save_experiment(run, "blend", Interpolation("mrr@10", blends))
    planned = PlannedTraining(run.dataset, "planted/model", run.recipe)
    yield Planted(workspace, run, write_others(workspace, run, planned), planned)
    if before is None:
        del os.environ["CLOSER_HOME"]
    else:
        os.environ["CLOSER_HOME"] = before


def write_events(run: Run) -> None:
    """Write an event of each kind."""
    writer = EventWriter(run.paths.events)
    writer.stage("training", "epoch 1 of 2")
    for step in range(1, 4):
        writer.loss(step=step, epoch=step / 2, loss=1 / step, learning_rate=1e-4)
        writer.snapshot_metrics(part="validation", snapshot="best", epoch=step, metrics={"mrr@10": 0.5}, seconds=1)
        writer.advance(step, 4, pairs_per_second=100, validations_left=2, validation_steps=3)
    writer.resume(step=2, epoch=1)
    writer.log("A line for the log.", level="warning")


def write_others(workspace: Workspace, run: Run, planned: PlannedTraining) -> Upload:
    """Write the files of the model, a saved blend, an estimate, the label noise, a worker's note and an upload."""
    history = [{"epoch": 0, "train_seconds": 1.0, "metrics": {"mrr@10": 0.5}}]
    (run.model_dir / MODEL_CARD_DATA).write_text(json.dumps({"history": history, "partial": False, "rate": 1e-4}))
    blend = run.paths.interpolations / "half"
    blend.mkdir(parents=True)
    (blend / MODEL_CARD_DATA).write_text(json.dumps({"share_of_tuned_weights": 0.5, "metric": "mrr@10"}))
    facts = {
        "step_seconds": 1.0,
        "validation_seconds": 1.0,
        "checkpoint_seconds": 1.0,
        "memory": 10**9,
        "device": "CPU",
    }
    write(planned.path(workspace.home), facts)
    row: dict[str, Any] = {"pair": 1, "line": 3, "part": "train", "anchor": "a", "positive": "b", "cosine": 0.1}
    row |= {"other": "c", "other_cosine": 0.4, "gap": 0.3}
    write(label_noise_path(workspace.home, run.dataset), {name: [value, value] for name, value in row.items()})
    process = {"pid": 2**22 + 1, "started": 1.0}
    write(WorkspacePaths(workspace.home).worker_note, process | {"out_of_memory_kills": 0})
    write(WorkspacePaths(workspace.home).load_failure, process | {"reason": "It took more than 300 s."})
    write(checkpoint_of(run) / "history.json", History(history, best_epoch=1, best=0.5).to_json())
    upload = store_upload(workspace.home, [("pairs.csv", io.BytesIO(pairs(40).to_csv(index=False).encode()))])
    mapping = guess_mapping(Table.from_frame(pairs(40)))
    correction = {"line": 2, "column": "anchor", "before": "a", "after": "b"}
    upload.change(
        options={"encoding": "utf-8", "na": ["-"]},
        mapping=mapping.to_json(),
        choices={"duplicates": "keep"},
        corrections=[correction],
        validation=0.1,
        held_out=0.2,
        seed=3,
    )
    return upload


def checkpoint_of(run: Run) -> Path:
    return run.paths.checkpoints / "step-00000001"


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


@dataclass(frozen=True)
class Reader:
    """A file of the workspace, what reads it, and the page that shows it."""

    path: Callable[[Planted], Path]
    read: Callable[[Planted], object]
    page: str = ""


def use_events(planted: Planted) -> None:
    """Fold the events and write what the page writes of them."""
    status = fold(read_events(planted.run.paths.events)[0])
    assert 0 <= status.fraction <= 1
    assert status.seconds_silent >= 0
    for line in status.log:
        format_line(line)


def use_manifest(planted: Planted) -> None:
    """Verify, and amend a file."""
    folder = planted.run.paths.evaluation.folder
    assert isinstance(verify(folder), list)
    check(planted.workspace)
    amend(folder, "evaluation.json", (folder / "evaluation.json").read_text())


def use_evaluation(planted: Planted) -> None:
    """Load the evaluation, write it again, and make its headline."""
    found = load_evaluation(planted.run)
    if found is not None:
        found.to_json()
        assert found.headline is None or isinstance(found.headline.verdict, str)


EXPLORE, TRAIN, UPLOAD, FORM = "explore", "train", "upload", "train form"
READERS = {
    "manifest": Reader(lambda p: p.run.paths.evaluation.folder / MANIFEST, use_manifest),
    "events": Reader(lambda p: p.run.paths.events, use_events, TRAIN),
    "evaluation": Reader(lambda p: p.run.paths.evaluation.summary, use_evaluation, EXPLORE),
    "map": Reader(lambda p: p.run.paths.map.summary, lambda p: load_map(p.run), EXPLORE),
    "snapshots": Reader(
        lambda p: p.run.paths.snapshots.index, lambda p: read_snapshots(p.run.paths.snapshots.folder), EXPLORE
    ),
    "control": Reader(lambda p: p.run.paths.experiment("placebo"), lambda p: load_control(p.run), EXPLORE),
    "curve": Reader(lambda p: p.run.paths.experiment("learning_curve"), lambda p: load_learning_curve(p.run), EXPLORE),
    "interpolation": Reader(lambda p: p.run.paths.experiment("blend"), lambda p: load_interpolation(p.run), EXPLORE),
    "blend": Reader(
        lambda p: p.run.paths.interpolations / "half" / MODEL_CARD_DATA, lambda p: load_saved_blends(p.run), EXPLORE
    ),
    "model facts": Reader(
        lambda p: p.run.model_dir / MODEL_CARD_DATA,
        lambda p: (read_model_facts(p.run.model_dir), p.run.is_partial),
        TRAIN,
    ),
    "estimate": Reader(
        lambda p: p.planned.path(p.workspace.home), lambda p: load_estimate(p.workspace.home, p.planned), FORM
    ),
    "label noise": Reader(
        lambda p: label_noise_path(p.workspace.home, p.run.dataset),
        lambda p: load_label_noise(label_noise_path(p.workspace.home, p.run.dataset)),
        UPLOAD,
    ),
    "worker": Reader(
        lambda p: WorkspacePaths(p.workspace.home).worker_note,
        lambda p: (memory_ran_out(p.workspace.home), kill_worker(p.workspace.home)),
    ),
    "load failure": Reader(
        lambda p: WorkspacePaths(p.workspace.home).load_failure, lambda p: load_failure(p.workspace.home)
    ),
    "history": Reader(lambda p: checkpoint_of(p.run) / "history.json", lambda p: load_history(checkpoint_of(p.run))),
    "upload": Reader(
        lambda p: UploadPaths(p.upload.folder).names, lambda p: load_upload(p.workspace.home, p.upload.id).title, UPLOAD
    ),
    "draft": Reader(lambda p: UploadPaths(p.upload.folder).draft, lambda p: p.upload.draft(), UPLOAD),
    "dataset facts": Reader(
        lambda p: p.workspace.datasets.get(p.run.dataset).paths.facts,
        lambda p: p.workspace.datasets.get(p.run.dataset).facts,
        EXPLORE,
    ),
}
"""Every JSON file that a workspace's pages and commands read, by what it holds."""


@contextmanager
def damaged(path: Path, seed: int) -> Iterator[None]:
    """Damage the file for the block: as a whole, or some of its lines where it has JSON lines."""
    whole, draw = path.read_bytes(), random.Random(seed)
    if path.suffix == ".jsonl":
        lines = [mutate(line, draw) if draw.random() < 0.5 else line.encode() for line in whole.decode().splitlines()]
        path.write_bytes(b"\n".join(lines) + b"\n")
    else:
        path.write_bytes(mutate(whole.decode(), draw))
    try:
        yield
    finally:
        path.write_bytes(whole)


FINDINGS = [("evaluation", 116944765), ("evaluation", 219750762), ("evaluation", 750289783)]
"""Seeds of the longer mode that once raised something else."""


@pytest.mark.parametrize(("name", "seed"), FINDINGS)
def test_what_the_longer_mode_found_stays_mended(planted: Planted, name: str, seed: int) -> None:
    with damaged(READERS[name].path(planted), seed), pytest.raises(CloserError):
        READERS[name].read(planted)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", list(READERS))
def test_a_pipe_in_the_place_of_a_file_is_not_opened(planted: Planted, name: str) -> None:
    """Who opens one waits for ever."""
    path = READERS[name].path(planted)
    whole = path.read_bytes()
    path.unlink()
    os.mkfifo(path)
    try:
        with suppress(CloserError):
            READERS[name].read(planted)
        assert path.is_fifo()
    finally:
        path.unlink()
        path.write_bytes(whole)


def seeds(rounds: int) -> Iterator[int]:
    """Count up the rounds, or random seeds until the time of the longer mode is over."""
    yield from range(rounds)
    until = time.monotonic() + FUZZ_SECONDS
    while time.monotonic() < until:
        yield random.randrange(10**9)


@pytest.mark.timeout(600 + 2 * FUZZ_SECONDS)
@pytest.mark.parametrize("name", list(READERS))
def test_a_damaged_file_is_a_named_error_or_absent(planted: Planted, name: str) -> None:
    reader = READERS[name]
    reader.read(planted)
    unnamed = {}
    for seed in seeds(ROUNDS):
        with damaged(reader.path(planted), seed):
            try:
                reader.read(planted)
            except CloserError:
                continue
            except Exception as error:  # noqa: BLE001 - each kind is a finding
                unnamed[seed] = error
    assert unnamed == {}


@pytest.mark.timeout(600 + 2 * FUZZ_SECONDS)
@pytest.mark.parametrize("name", [name for name, reader in READERS.items() if reader.page])
def test_no_page_fails_over_a_damaged_file(planted: Planted, name: str) -> None:
    reader = READERS[name]
    for seed in seeds(PAGE_ROUNDS):
        with damaged(reader.path(planted), seed):
            assert_page_stands(planted, reader.page, f"{name}, seed {seed}")


def assert_page_stands(planted: Planted, page: str, what: str) -> None:
    """Draw a page and check that nothing but named errors is on it."""
    app = AppTest.from_file(str(ROUTER), default_timeout=60)
    if page == "overview":
        app.run()
    else:
        app.switch_page(f"{page.split()[0]}.py")
        app.query_params["run" if page in (EXPLORE, TRAIN) else "upload"] = (
            planted.run.id if page in (EXPLORE, TRAIN) else planted.upload.id
        )
        if page == FORM:
            app.query_params["model"], app.query_params["dataset"] = "planted/model", planted.run.dataset
        app.run()
    assert not app.exception, f"{what}: {app.exception}"


STORED = [
    ("runs", "headline"),
    ("runs", "recipe"),
    ("datasets", "counts"),
    ("jobs", "payload"),
    ("jobs", "error"),
]
"""Columns of the database that hold JSON."""


@contextmanager
def damaged_column(planted: Planted, table: str, column: str, seed: int) -> Iterator[None]:
    """Damage the JSON in one column of all rows for the block."""
    path = WorkspacePaths(planted.workspace.home).database
    error = json.dumps({"class": "InputError", "what": "w", "where": "h", "todo": "t"})
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        rows = connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
        for rowid, value in rows:
            found = mutate(value or (error if column == "error" else "{}"), random.Random(seed))
            text = found.decode("utf-8", "replace")
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (text, rowid))
        connection.commit()
        try:
            yield
        finally:
            for rowid, value in rows:
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, rowid))
            connection.commit()


@pytest.mark.timeout(600 + 2 * FUZZ_SECONDS)
@pytest.mark.parametrize(("table", "column"), STORED)
def test_damaged_json_in_the_database_hides_no_other_row(planted: Planted, table: str, column: str) -> None:
    workspace = planted.workspace
    for seed in seeds(ROUNDS):
        with damaged_column(planted, table, column, seed):
            try:
                assert [run.id for run in workspace.runs.all()] == [planted.run.id]
                assert [one.id for one in workspace.datasets.all()] == [planted.run.dataset]
                assert [str(job.failure) for job in workspace.jobs.all()]
                assert workspace.runs.get(planted.run.id).recipe is not None
            except CloserError:
                continue
            except Exception as error:
                raise AssertionError(f"{table}.{column}, seed {seed}") from error


@pytest.mark.timeout(600 + 2 * FUZZ_SECONDS)
@pytest.mark.parametrize(("table", "column"), STORED)
@pytest.mark.parametrize("page", ["overview", TRAIN])
def test_no_page_fails_over_a_damaged_column(planted: Planted, table: str, column: str, page: str) -> None:
    for seed in seeds(PAGE_ROUNDS):
        with damaged_column(planted, table, column, seed):
            assert_page_stands(planted, page, f"{table}.{column} on {page}, seed {seed}")
