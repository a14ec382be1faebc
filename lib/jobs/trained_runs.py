"""What came of the runs of a command or notebook: metrics, the model's folder, or why there is none."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib.errors import CloserError, InputError, StoreError, TrainingError
from lib.evaluation.difference import Difference
from lib.evaluation.result import Evaluation
from lib.evaluation.store import load_evaluation
from lib.store.layout import MODEL_CARD_DATA
from lib.store.publish import publish
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.typed_json import JsonError, build, read_stored


@dataclass(frozen=True)
class RunResult:
    """What came of a run that succeeded. changes: each metric, base against tuned."""

    run: str
    model: str
    model_dir: Path
    verdict: str
    changes: Mapping[str, Difference]
    epochs: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """List what --json prints of the run."""
        stored = {key: change.to_json() for key, change in self.changes.items()}
        sides = {side: {key: numbers[side] for key, numbers in stored.items()} for side in ("base", "tuned")}
        return {
            "run": self.run,
            "model": self.model,
            "model_dir": str(self.model_dir),
            "verdict": self.verdict,
            **sides,
            "epochs": self.epochs,
        }


@dataclass(frozen=True)
class FailedRun:
    """A run that has no evaluated model, and why."""

    run: str
    model: str
    error: str


def collect_results(
    workspace: Workspace, runs: Sequence[str], out: Path | None
) -> tuple[list[RunResult], list[FailedRun]]:
    """Collect the results of the runs that succeeded, and why the others failed.

    Each model is copied to the output folder.
    """
    folders = Counter(workspace.runs.get(run).model_dir.name for run in runs)
    results: list[RunResult] = []
    failed: list[FailedRun] = []
    for identity in runs:
        run = workspace.runs.get(identity)
        try:
            evaluation = evaluation_of_run(workspace, run)
            suffix = "" if folders[run.model_dir.name] == 1 else f"-{run.id}"
            results.append(run_result(run, evaluation, export_model(run.model_dir, out, suffix=suffix)))
        except CloserError as error:
            failed.append(FailedRun(run.id, run.model, str(error)))
    return results, failed


def evaluation_of_run(workspace: Workspace, run: Run) -> Evaluation:
    """Load the evaluation of a run that succeeded.

    Raises TrainingError or CloserError with the reason else.
    """
    if run.state != "succeeded":
        raise TrainingError(f"{run.name} has {run.state}: {run.reason}")
    evaluation = load_evaluation(run)
    if evaluation is None:
        reasons = [job.reason for job in workspace.jobs.all(run=run.id, kind="evaluate")]
        raise CloserError(
            f"{run.name} was trained, but could not be evaluated: {' '.join(reasons)}", where=str(run.model_dir)
        )
    return evaluation


def run_result(run: Run, evaluation: Evaluation, model_dir: Path) -> RunResult:
    """Build the result of a run: its numbers on held-out, and those of each epoch on validation."""
    try:
        epochs = build(_epochs, read_stored(run.model_dir / MODEL_CARD_DATA))
    except (OSError, JsonError) as error:
        raise StoreError("The history of this training cannot be read.", where=str(run.model_dir)) from error
    return RunResult(run.id, run.model, model_dir, evaluation.sentence, evaluation.metrics, epochs)


def _epochs(facts: dict[str, Any]) -> list[dict[str, Any]]:
    history = facts["history"]
    return [{"epoch": e["epoch"], "train_seconds": e["train_seconds"], **e["metrics"]} for e in history]


def export_model(model_dir: Path, out: Path | None, *, suffix: str = "") -> Path:
    """Copy a tuned model into the out folder, whole or not at all, and return where it lies.

    An earlier tuned model of that name is replaced; raises InputError rather than replace anything else.
    """
    if out is None:
        return model_dir
    target = out.expanduser().resolve() / f"{model_dir.name}{suffix}"
    if target.exists() and not (target / MODEL_CARD_DATA).is_file():
        raise InputError(
            f"{target} exists and is not a model of Closer: it was not replaced.",
            todo=f"The tuned model is in {model_dir}. Copy it from there, or choose another --out.",
        )
    with publish(target) as staging:
        for path in model_dir.rglob("*"):
            if path.is_file() and path.name != "MANIFEST.json":
                copy = staging / path.relative_to(model_dir)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
    return target
