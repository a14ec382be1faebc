"""`python -m lib evaluate RUN`: compare tuned and base model on held-out pairs or another file."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lib.commands.metric_lines import metric_line, metric_lines
from lib.data.model_inputs import ModelInputs
from lib.data.normalisation import same_keys
from lib.errors import InputError
from lib.evaluation.difference import finite_or_none
from lib.evaluation.result import Evaluation
from lib.evaluation.side_effects.result import EvaluationWarning
from lib.shapes import Shape, text_columns
from lib.store.layout import EvaluationPaths

if TYPE_CHECKING:
    from lib.store.runs import Run
    from lib.store.workspace import Workspace

STORED = ("base", "tuned", "difference", "low", "high")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("run", help="a run's id, as `python -m lib runs` lists it")
    parser.add_argument("--on", type=Path, metavar="FILE", help="evaluate on this file of the same shape instead")
    parser.add_argument("--json", action="store_true", help="print verdict and numbers as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Evaluate, store, print; the per-pair table stays in the run's folder."""
    from lib.store.workspace import open_workspace

    workspace = open_workspace()
    trained_run = workspace.runs.get(args.run)
    if args.on is None:
        evaluation, folder = evaluate_held_out(workspace, trained_run), trained_run.paths.evaluation.folder
    else:
        evaluation, folder = evaluate_file(workspace, trained_run, args.on)
    table = EvaluationPaths(folder).pairs
    print(evaluation_json(evaluation, table) if args.json else evaluation_text(evaluation, table))
    return 0


def evaluate_held_out(workspace: Workspace, trained_run: Run) -> Evaluation:
    """Evaluate on the run's own held-out part, as the worker does."""
    from lib.evaluation.run import evaluate_run

    evaluation = evaluate_run(trained_run, workspace.datasets.get(trained_run.dataset), home=workspace.home)
    workspace.runs.set_headline(trained_run.id, evaluation.headline)
    return evaluation


def evaluate_file(workspace: Workspace, trained_run: Run, path: Path) -> tuple[Evaluation, Path]:
    """Evaluate on all rows of another file; the evaluation and its folder beside the run's own."""
    from lib.evaluation.run import cached_embedder, evaluate_inputs

    dataset = workspace.datasets.get(trained_run.dataset)
    shape = Shape(dataset.shape)
    frame = read_frame(path, shape, dataset.facts.get("mapping"))
    embed, marks = cached_embedder(trained_run, home=workspace.home)
    folder = trained_run.paths.evaluation_on(content_hash(path)).folder
    versions = {"file": path.name, "base model": marks["base"][:16], "tuned model": marks["tuned"][:16]}
    warnings = warn_of_trained_rows(frame, dataset.frame(), shape)
    inputs = ModelInputs.of(frame, shape, trained_run.recipe)
    evaluation = evaluate_inputs(
        inputs, embed, folder=folder, versions=versions, sample_name="given", warnings=warnings
    )
    return evaluation, folder


def warn_of_trained_rows(frame: pd.DataFrame, dataset_rows: pd.DataFrame, shape: Shape) -> list[EvaluationWarning]:
    """Warn where the model was trained on rows of the file: its metrics on those are too good."""
    names = [name for name in text_columns(shape, frame.columns) if name in dataset_rows]
    training_rows = dataset_rows[dataset_rows["part"] == "train"]
    keys = set(zip(*(same_keys(training_rows[name]) for name in names), strict=True))
    count = sum(row in keys for row in zip(*(same_keys(frame[name]) for name in names), strict=True))
    if not count:
        return []
    rows = f"{count:,} of the {len(frame):,} rows of this file were trained on"
    text = f"{rows}; on those the metrics of the tuned model are too optimistic."
    return [EvaluationWarning("Seen in training", text)]


def read_frame(path: Path, shape: Shape, mapping_json: dict[str, Any] | None = None) -> pd.DataFrame:
    """Read, map (as the run's dataset, where columns are the same) and audit a file.

    All its rows are held out.

    Raises InputError where it cannot be read or has another shape.
    """
    from lib.data.columns.guess import guess_mapping
    from lib.data.columns.mapping import ColumnMapping
    from lib.data.prepare import audit_table
    from lib.data.read.tables import read_table
    from lib.data.split.components import find_components

    if not path.is_file():
        raise InputError(f"There is no file {path}.", todo="Check the path.")
    table = read_table(path)
    mapping = guess_mapping(table)
    if mapping_json:
        stored_mapping = ColumnMapping.from_json(mapping_json)
        if all(name in table.frame for columns in stored_mapping.roles.values() for name in columns):
            mapping = stored_mapping
    if mapping.shape is not shape:
        raise InputError(
            f"{path.name} looks like {mapping.shape.value.replace('_', ' ')}, the run was trained on "
            f"{shape.value.replace('_', ' ')}.",
            todo="Use a file of the same shape, with the same column names.",
        )
    audited = audit_table(table, mapping)
    if audited.examples.frame.empty:
        raise InputError(f"No row of {path.name} can be used.", todo="Run python -m lib audit FILE to see why.")
    groups = find_components(audited.examples, near_codes=audited.near_codes)
    return audited.examples.frame.reset_index(drop=True).assign(part="held_out", component=groups)


def content_hash(path: Path) -> str:
    """Hash the file's content to 12 hex digits: the folder's name never comes from the file's name."""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def evaluation_json(evaluation: Evaluation, table: Path) -> str:
    """Write what --json prints; numbers that are not finite are null."""
    changes = {name: change.to_json() for name, change in evaluation.metrics.items()}
    return json.dumps(
        {
            "verdict": evaluation.verdict,
            "sentence": evaluation.sentence,
            "metrics": {name: {key: numbers[key] for key in STORED} for name, numbers in changes.items()},
            "pairs": str(table),
            "counts": asdict(evaluation.counts),
            "verdicts": {name: change.verdict for name, change in evaluation.metrics.items()},
            "detectable": {name: finite_or_none(change.detectable) for name, change in evaluation.metrics.items()},
            "warnings": [warning.name for warning in evaluation.warnings],
        }
    )


def evaluation_text(evaluation: Evaluation, table: Path) -> str:
    """Write verdict, metrics with their intervals, side effects, and where the per-pair table lies."""
    lines = [evaluation.verdict.capitalize(), evaluation.sentence, "", *metric_lines(evaluation.metrics)]
    probe = evaluation.side_effects.probe
    if probe:
        lines.append(metric_line("General probe (Spearman)", "spearman", probe.spearman))
    lines += [f"{warning.name}: {warning.text}" for warning in evaluation.warnings]
    return "\n".join([*lines, f"pairs: {table}"])
