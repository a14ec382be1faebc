"""A workspace with one of each file that Closer writes, for those who damage them one by one."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lib.data.columns.guess import guess_mapping
from lib.data.model_inputs import Role
from lib.data.table import Table
from lib.errors import StoreError
from lib.evaluation.difference import Difference
from lib.experiments.cost_estimate import PlannedTraining
from lib.experiments.exported_form import ExportedForm, ModelCost, save_exported_form
from lib.experiments.file_vectors import FileVectors
from lib.experiments.label_noise_check import label_noise_path
from lib.experiments.result import (
    ControlResult,
    Interpolation,
    InterpolationPoint,
    LearningCurve,
    LearningCurvePoint,
    save_experiment,
)
from lib.jobs.events import EventWriter
from lib.models.forms.form import Form
from lib.models.vector_files import VectorFormat
from lib.store.headline import Headline
from lib.store.layout import MODEL_CARD_DATA, WorkspacePaths
from lib.store.runs import Run
from lib.store.uploads import Upload, store_upload
from lib.store.workspace import Workspace, open_workspace
from lib.training.state import History
from tests.builders import pairs
from tests.unit.projection.finished import evaluate_planted, finished_run

GAIN = Difference(0.5, 0.75, 0.1, 0.4, 0.01, 0.1)


@dataclass(frozen=True)
class Planted:
    """A workspace with one of each file."""

    workspace: Workspace
    run: Run
    upload: Upload
    planned: PlannedTraining


def plant(home: Path) -> Planted:
    """Make that workspace in an empty folder."""
    run = finished_run(home, pairs=40)
    evaluate_planted(run)
    workspace = open_workspace(home)
    headline = Headline("mrr@10", "better", 12, base=0.5, tuned=0.75, difference=0.25, low=0.1, high=0.4)
    workspace.runs.set_headline(run.id, headline)
    add_rows(workspace, run)
    write_events(run)
    save_experiment(run, "placebo", ControlResult("mrr@10", GAIN, GAIN, GAIN, "abc"))
    points = (LearningCurvePoint(0.5, 20, GAIN), LearningCurvePoint(1.0, 40, GAIN))
    save_experiment(run, "learning_curve", LearningCurve("mrr@10", points, GAIN, "abc"))
    blends = (InterpolationPoint(0.0, 0.5, 0.9), InterpolationPoint(0.5, 0.75, 0.875, GAIN, GAIN))
    save_experiment(run, "blend", Interpolation("mrr@10", blends))
    planned = PlannedTraining(run.dataset, "planted/model", run.recipe)
    return Planted(workspace, run, write_others(workspace, run, planned), planned)


@contextmanager
def planted_workspace(home: Path) -> Iterator[Planted]:
    """Make it, and the one in use for the block."""
    before = os.environ.get("CLOSER_HOME")
    os.environ["CLOSER_HOME"] = str(home)
    try:
        yield plant(home)
    finally:
        if before is None:
            del os.environ["CLOSER_HOME"]
        else:
            os.environ["CLOSER_HOME"] = before


def add_rows(workspace: Workspace, run: Run) -> None:
    """Add a cancelled run, an evaluation that failed with an error, and work on the dataset that waits."""
    other = workspace.runs.create(dataset=run.dataset, model=f"run:{run.id}", recipe=run.recipe, name="Other")
    workspace.jobs.cancel(other.job)
    job = workspace.jobs.claim(workspace.jobs.submit("evaluate", run=run.id).id)
    assert job is not None
    workspace.jobs.finish(job, "failed", "It failed.", error=StoreError("It failed.", where="there", todo="Try again."))
    workspace.jobs.submit_on_dataset("label_noise", dataset=run.dataset, key="label-noise")


def write_events(run: Run) -> None:
    """Write an event of each kind."""
    writer = EventWriter(run.paths.events)
    writer.stage("training", "epoch 1 of 2")
    for step in range(1, 4):
        writer.loss(step=step, epoch=step / 2, loss=1 / step, learning_rate=1e-4)
        writer.snapshot_metrics(part="validation", snapshot="best", epoch=step, metrics={"mrr@10": 0.5}, seconds=1)
        writer.advance(step, 4, pairs_per_second=100, validations_left=2, validation_steps=3)
    writer.resume(step=2, epoch=1)
    writer.places(["node-1: cpu", "node-2: cpu"])
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
    write_json(planned.path(workspace.home), facts)
    row: dict[str, Any] = {"pair": 1, "line": 3, "part": "train", "anchor": "a", "positive": "b", "cosine": 0.1}
    row |= {"other": "c", "other_cosine": 0.4, "gap": 0.3}
    write_json(label_noise_path(workspace.home, run.dataset), {name: [value, value] for name, value in row.items()})
    process = {"pid": 2**22 + 1, "started": 1.0}
    run.paths.file_vectors.mkdir(exist_ok=True)
    made = FileVectors(7, "mine.csv", 9, 32, 1, ("text",), Role.QUERY, "ask: ", "tuned", VectorFormat.NPY, 7, 0.5)
    (run.paths.file_vectors / made.file_name).write_bytes(b"vectors")
    write_json(run.paths.file_vectors / "7.json", asdict(made))
    write_json(WorkspacePaths(workspace.home).worker_note, process | {"out_of_memory_kills": 0})
    write_json(WorkspacePaths(workspace.home).load_failure, process | {"reason": "It took more than 300 s."})
    write_json(checkpoint_of(run) / "history.json", History(history, best_epoch=1, best=0.5).to_json())
    cost = ModelCost(10**6, 16, 100.0)
    save_exported_form(run, ExportedForm(Form.STATIC, "mrr@10", {"mrr@10": GAIN}, 10, 0.1, cost, cost, "abc"))
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
    """Build the folder of its checkpoint, which holds the history alone."""
    return run.paths.checkpoints / "step-00000001"


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
