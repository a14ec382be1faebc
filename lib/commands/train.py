"""`python -m lib train FILE`: what the pages do, without a browser; the same functions in the same order."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lib import settings
from lib.commands.options import add_data_options, prepared_from
from lib.errors import CloserError, InputError, TrainingError
from lib.settings import BUNDLED_MODEL
from lib.store.layout import MODEL_CARD_DATA
from lib.store.publish import publish
from lib.training.recipe import FIELDS, PRESETS, Recipe, recommended_for


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options; every setting of the recipe is one."""
    add_data_options(parser)
    parser.add_argument(
        "--model", action="append", metavar="NAME", help=f"a base model; again for several (default {BUNDLED_MODEL})"
    )
    parser.add_argument("--out", type=Path, help="a folder to copy each tuned model to")
    parser.add_argument("--name", default="", help="a name for the dataset")
    parser.add_argument("--preset", choices=list(PRESETS), default="recommended")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    recipe = parser.add_argument_group("recipe (default: the preset's)")
    for spec in FIELDS.values():
        option, words = "--" + spec.name.replace("_", "-"), spec.help.replace("%", "%%")
        if spec.kind is bool:
            recipe.add_argument(option, action=argparse.BooleanOptionalAction, default=None, help=words)
        elif spec.kind is tuple:
            recipe.add_argument(option, type=int, nargs="*", default=None, help=words)
        else:
            recipe.add_argument(option, type=spec.kind, default=None, help=words, choices=spec.choices or None)


def run(given: argparse.Namespace) -> int:
    """Read, split, store, train, evaluate and draw; return 0, or 1 when a run failed: what came of the others is told and copied."""
    from lib.models.catalog import resolve
    from lib.store.workspace import open_workspace

    found = prepared_from(given)
    recipe = recipe_from(given, found.prepared.counts["train"])
    recipe = recipe.for_shape(found.prepared.shape, classes=classes_of(found.prepared))
    workspace = open_workspace()
    models = given.model or [BUNDLED_MODEL]
    for model in models:  # a wrong name is said before anything is stored
        resolve(model, home=workspace.home)
    name = given.name or given.file[0].name.split(".")[0]
    dataset = workspace.datasets.publish(found.prepared, name=name, originals=given.file)
    batch = f"{name}: {len(models)} models, {datetime.now():%d %b %Y, %H:%M:%S}" if len(models) > 1 else ""
    runs = [
        workspace.runs.create(dataset=dataset.id, model=model, recipe=recipe.to_dict(), batch=batch) for model in models
    ]
    work_through(workspace, [run.id for run in runs])
    results, failed = outcome_of(workspace, [run.id for run in runs], given.out)
    for failure in failed:
        print(f"error: {failure['error']}", file=sys.stderr)
    if given.json:
        told = {"dataset": {"id": dataset.id, **dataset.counts}, "runs": results}
        print(json.dumps(told | ({"failed": failed} if failed else {}), ensure_ascii=False))
    else:
        tell(results)
    return 1 if failed else 0


def outcome_of(workspace: Any, runs: list[str], out: Path | None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what came of the runs that went well, each model copied to the out folder, and why the others did not."""
    names = Counter(workspace.runs.get(run).model_dir.name for run in runs)
    results: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for run in runs:
        try:
            results.append(result_of(workspace, run, out, alone=names))
        except CloserError as error:
            failed.append({"run": run, "model": workspace.runs.get(run).model, "error": str(error)})
    return results, failed


def classes_of(prepared: Any) -> int:
    """Return how many labels the data has; 2 where it has none."""
    return int(prepared.frame["label"].nunique()) if "label" in prepared.frame else 2


def recipe_from(given: argparse.Namespace, rows: int) -> Recipe:
    """Return the preset with every setting that was given. Raises InputError."""
    preset = recommended_for(rows) if given.preset == "recommended" else PRESETS[given.preset]
    changes = {name: getattr(given, name) for name in FIELDS if getattr(given, name) is not None}
    return replace(preset, **changes)


def work_through(workspace: Any, runs: list[str]) -> None:
    """Do the jobs of these runs in this process, as soon as no other worker of the workspace works."""
    from lib.jobs.locks import note_worker, worker_lock
    from lib.jobs.worker import release_dead
    from lib.store.jobs import WAITING

    settings.share_compiled_code()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with worker_lock(workspace.home):
        release_dead(workspace)
        note_worker(workspace.home)
        while mine := [job for job in workspace.jobs.all(states=WAITING) if job.run in runs]:
            claimed = workspace.jobs.claim(mine[0].id)
            if claimed is not None:
                do(workspace, claimed)


def do(workspace: Any, job: Any) -> None:
    """Do one job as a worker does, with a progress bar on standard error."""
    from lib.jobs import worker

    worker.do(workspace, job, echo=Bar(workspace.runs.get(job.run).name))
    sys.stderr.write("\n")


class Bar:
    """One line on standard error: run, stage, progress; warnings stay above it."""

    def __init__(self, name: str) -> None:
        self.name, self.stage, self.shown = name, "", 0.0

    def __call__(self, event: dict[str, Any]) -> None:
        """Take an event; write at most ten times a second."""
        if event["kind"] == "log" and event["level"] == "warning":
            sys.stderr.write(f"\r\033[K{self.name}: {event['text']}\n")
            return
        if event["kind"] == "stage":
            self.stage = f"{event['stage']} {event['detail']}".strip()
        elif event["kind"] != "advance" or time.monotonic() - self.shown < 0.1:
            return
        self.shown = time.monotonic()
        share = (
            f" {100 * event['done'] / event['total']:3.0f}%" if event["kind"] == "advance" and event["total"] else ""
        )
        sys.stderr.write(f"\r\033[K{self.name}: {self.stage[:70]}{share}")
        sys.stderr.flush()


def result_of(workspace: Any, identity: str, out: Path | None, *, alone: Mapping[str, int]) -> dict[str, Any]:
    """Return what came of a run, and copy its model to the out folder. Raises TrainingError when it failed.

    alone: how many runs of this command have a model folder of that name; where there are several, the run's id makes it another.
    """
    from lib.evaluation.store import load_evaluation

    run = workspace.runs.get(identity)
    if run.state != "succeeded":
        raise TrainingError(f"{run.name} has {run.state}: {run.reason}")
    evaluation = load_evaluation(run)
    if evaluation is None:
        failed = [job.reason for job in workspace.jobs.all(run=identity, kind="evaluate")]
        raise CloserError(
            f"{run.name} was trained, but could not be evaluated: {' '.join(failed)}", where=str(run.model_dir)
        )
    history = json.loads((run.model_dir / MODEL_CARD_DATA).read_text(encoding="utf-8"))["history"]
    numbers = {side: {name: values[side] for name, values in evaluation.metrics.items()} for side in ("base", "tuned")}
    return {
        "run": run.id,
        "model": run.model,
        "model_dir": str(copied(run.model_dir, out, mark="" if alone[run.model_dir.name] == 1 else f"-{run.id}")),
        "verdict": evaluation.sentence,
        **numbers,
        "epochs": [{"epoch": e["epoch"], "train_seconds": e["train_seconds"], **e["metrics"]} for e in history],
    }


def copied(model_dir: Path, out: Path | None, *, mark: str = "") -> Path:
    """Copy a tuned model into the out folder, whole or not at all, and return where it lies.

    An earlier tuned model of that name is replaced; raises InputError rather than replace anything else.
    """
    if out is None:
        return model_dir
    target = out.expanduser().resolve() / f"{model_dir.name}{mark}"
    if target.exists() and not (target / MODEL_CARD_DATA).is_file():
        raise InputError(
            f"{target} is there already and is no model of Closer's: it was not replaced.",
            todo=f"The tuned model lies in {model_dir}. Copy it from there, or give another --out.",
        )
    with publish(target) as part:
        for path in model_dir.rglob("*"):
            if path.is_file() and path.name != "MANIFEST.json":
                place = part / path.relative_to(model_dir)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
    return target


def tell(results: list[dict[str, Any]]) -> None:
    """Print the results for a person."""
    for result in results:
        print(f"{result['model']}: {result['verdict']}")
        for name in result["base"]:
            print(f"  {name:<18} {result['base'][name]:8.4f} -> {result['tuned'][name]:8.4f}")
        print(f"  {result['model_dir']}")
