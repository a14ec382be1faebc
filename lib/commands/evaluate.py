"""python -m lib evaluate RUN: judge a run's tuned model against its base, on its held-out part or on another file."""

from __future__ import annotations

import argparse
import json
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lib.data.normalisation import same_keys
from lib.data.shapes import Shape, text_columns
from lib.errors import InputError
from lib.evaluation.side_effects.warnings import Warning
from lib.evaluation.store import Evaluation, finite
from lib.store.layout import EvaluationPaths

if TYPE_CHECKING:
    from lib.store.runs import Run
    from lib.store.workspace import Workspace

STORED = ("base", "tuned", "difference", "low", "high")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("run", help="a run's id, as `python -m lib runs` lists it")
    parser.add_argument("--on", type=Path, metavar="FILE", help="judge on this file of the same shape instead")
    parser.add_argument("--json", action="store_true", help="print verdict and numbers as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Judge, store, print; the per-pair table stays in the run's folder."""
    from lib.store.workspace import open_workspace

    workspace = open_workspace()
    chosen = workspace.runs.get(arguments.run)
    if arguments.on is None:
        found, folder = on_held_out(workspace, chosen), chosen.paths.evaluation.folder
    else:
        found, folder = on_file(workspace, chosen, arguments.on)
    table = EvaluationPaths(folder).pairs
    print(as_json(found, table) if arguments.json else said(found, table))
    return 0


def on_held_out(workspace: Workspace, chosen: Run) -> Evaluation:
    """Judge on the run's own held-out part, as the worker does."""
    from lib.evaluation.run import evaluate_run

    found = evaluate_run(chosen, workspace.datasets.get(chosen.dataset), home=workspace.home)
    workspace.runs.set_headline(chosen.id, found.headline)
    return found


def on_file(workspace: Workspace, chosen: Run, path: Path) -> tuple[Evaluation, Path]:
    """Judge on all rows of another file; return the evaluation and the folder beside the run's own that holds it."""
    from lib.evaluation.run import embedder, evaluate

    dataset = workspace.datasets.get(chosen.dataset)
    shape = Shape(dataset.shape)
    frame = read_frame(path, shape, dataset.facts.get("mapping"))
    embed, marks = embedder(chosen, home=workspace.home)
    folder = chosen.paths.evaluation_on(content_mark(path)).folder
    versions = {"file": path.name, "base model": marks["base"][:16], "tuned model": marks["tuned"][:16]}
    warnings = seen_before(frame, dataset.frame(), shape)
    found = evaluate(frame, shape, embed, folder=folder, versions=versions, called="given", warnings=warnings)
    return found, folder


def seen_before(frame: pd.DataFrame, known: pd.DataFrame, shape: Shape) -> list[Warning]:
    """Say how many rows of the file the model was trained on: judged on these, it looks better than it is."""
    names = [name for name in text_columns(shape, frame.columns) if name in known]
    trained = known[known["part"] == "train"]
    keys = set(zip(*(same_keys(trained[name]) for name in names), strict=True))
    count = sum(row in keys for row in zip(*(same_keys(frame[name]) for name in names), strict=True))
    if not count:
        return []
    text = f"{count:,} of the {len(frame):,} rows of this file were trained on: on those the tuned model looks better than it is."
    return [Warning("Seen in training", text)]


def read_frame(path: Path, shape: Shape, stored: dict[str, Any] | None = None) -> pd.DataFrame:
    """Read, map (as the run's dataset was, where the columns are the same) and audit a file; all of its rows judge.

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
    if stored:
        known = ColumnMapping.from_dict(stored)
        if all(name in table.frame for columns in known.roles.values() for name in columns):
            mapping = known
    if mapping.shape is not shape:
        raise InputError(
            f"{path.name} looks like {mapping.shape.value.replace('_', ' ')}, the run was trained on "
            f"{shape.value.replace('_', ' ')}.",
            todo="Give a file of the same shape, with the same column names.",
        )
    audited = audit_table(table, mapping)
    if audited.examples.frame.empty:
        raise InputError(f"No row of {path.name} can be used.", todo="See what the audit says: python -m lib audit.")
    together = find_components(audited.examples, near=audited.near)
    return audited.examples.frame.reset_index(drop=True).assign(part="held_out", component=together)


def content_mark(path: Path) -> str:
    """Return 12 hex digits of the file's content: the folder's name never comes from the file's name."""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def as_json(found: Evaluation, table: Path) -> str:
    """Return what --json prints."""
    metrics = {name: {key: values[key] for key in STORED} for name, values in found.metrics.items()}
    return json.dumps(
        {
            "verdict": found.verdict,
            "sentence": found.sentence,
            "metrics": finite(metrics),
            "pairs": str(table),
            "counts": found.counts,
            "verdicts": found.verdicts,
            "detectable": finite({name: values["detectable"] for name, values in found.metrics.items()}),
            "warnings": [warning["name"] for warning in found.warnings],
        }
    )


def said(found: Evaluation, table: Path) -> str:
    """Return verdict, every number with its interval and the least that could be seen, what it cost, where the table lies."""
    lines = [found.verdict.capitalize(), found.sentence, ""]
    lines += [numbers(name, values) for name, values in found.metrics.items()]
    probe = found.cost.get("general", {}).get("probe")
    if probe:
        lines.append(numbers("general probe", probe))
    lines += [f"{warning['name']}: {warning['text']}" for warning in found.warnings]
    lines.append(f"pairs: {table}")
    return "\n".join(lines)


def numbers(name: str, values: dict[str, float]) -> str:
    """Return one measure as a line: base -> tuned, difference with its 95% interval, the least that could be seen."""
    base, tuned, difference, low, high, least = (
        values[key] for key in ("base", "tuned", "difference", "low", "high", "detectable")
    )
    if not (isfinite(base) and isfinite(tuned)):
        return f"{name:<18} cannot be measured"
    known = isfinite(low) and isfinite(high)
    interval = f"95% interval {four(low)} to {four(high)}; could show {least:.4f}" if known else "no interval"
    return f"{name:<18} {base:.4f} -> {tuned:.4f}  {four(difference)}  ({interval})"


def four(value: float) -> str:
    """Return a difference with its sign and four digits; one that rounds to nothing has no minus."""
    return f"{value:+.4f}".replace("-0.0000", "+0.0000")
