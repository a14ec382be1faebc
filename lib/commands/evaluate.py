"""`python -m lib evaluate RUN`: compare tuned and base model on held-out pairs or another file."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lib import settings
from lib.commands.memory import add_memory_option, refuse_encoding_without_memory
from lib.commands.metric_lines import metric_line, metric_lines
from lib.commands.options import add_download_option
from lib.commands.progress_bar import CommandProgress
from lib.commands.report import write_report
from lib.commands.vector_files import add_vector_options, evaluate_vectors, write_texts_to_embed
from lib.data.model_inputs import ModelInputs
from lib.data.normalisation import same_keys
from lib.errors import InputError
from lib.escapes import escape_controls
from lib.evaluation.competition import Competition, find_competition
from lib.evaluation.difference import finite_or_none
from lib.evaluation.export.write import ExportedRun, check_export_folder, write_export
from lib.evaluation.result import Evaluation
from lib.evaluation.seed_spread import SeedGroup, find_seed_group
from lib.evaluation.side_effects.result import EvaluationWarning
from lib.evaluation.store import load_evaluation, read_pairs
from lib.evaluation.stored_vectors import load_model_pair
from lib.experiments.file_vectors import SIDES, model_of_side
from lib.shapes import EXTRA_NEGATIVE, Shape, text_columns
from lib.store.layout import EvaluationPaths

if TYPE_CHECKING:
    from lib.data.columns.mapping import ColumnMapping
    from lib.data.table import Table
    from lib.evaluation.model_pair import ModelPair
    from lib.store.runs import Run
    from lib.store.workspace import Workspace

STORED = ("base", "tuned", "difference", "low", "high")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("run", help="a run's id, as `python -m lib runs` lists it")
    parser.add_argument(
        "--on", type=Path, metavar="FILE", help="evaluate on this file, folder or zip of the same shape instead"
    )
    parser.add_argument(
        "--export",
        type=Path,
        metavar="FOLDER",
        help="also write it for other tools: a BEIR folder, TREC runs, CSV of the pairs, data of the figures, verdict.json",
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="also write the HTML page of `python -m lib report`; not with --on"
    )
    add_vector_options(parser)
    add_download_option(parser)
    add_memory_option(parser)
    parser.add_argument("--json", action="store_true", help="print verdict and numbers as one JSON object")


@dataclass(frozen=True)
class EvaluatedRun:
    """An evaluation, what was read for it, and the folder it is stored in.

    run: the run whose paths hold it and its map; None for another file's. models: vectors that are in no cache.
    """

    evaluation: Evaluation
    inputs: ModelInputs
    folder: Path
    run: Run | None = None
    models: ModelPair | None = None


def run(given: argparse.Namespace) -> int:
    """Evaluate, store, print; the per-pair table stays in the run's folder."""
    from lib.store.workspace import open_workspace

    if given.download:
        settings.allow_downloads()
    if given.export is not None:
        check_export_folder(given.export)
    workspace = open_workspace()
    trained = workspace.runs.get(given.run)
    if given.write_texts is not None:
        return write_texts_to_embed(run_inputs(workspace, trained), given.write_texts)
    found = evaluate_as_asked(workspace, trained, given)
    others = workspace.runs.all() if given.on is None and found.models is None else []
    competition = find_competition(trained, others, load_evaluation) if others else None
    if given.export is not None:
        export_evaluation(found, trained, given.export, home=workspace.home, competition=competition)
    if given.report is not None and found.run is not None:
        write_report(workspace, [found.run], given.report)
    repeats = find_seed_group(workspace.runs.get(trained.id), others)
    write = evaluation_json if given.json else evaluation_text
    print(write(found.evaluation, EvaluationPaths(found.folder).pairs, competition, repeats))
    for name in ("export", "report"):
        if getattr(given, name) is not None and not given.json:
            print(f"{name}: {getattr(given, name)}")
    return 0


def evaluate_as_asked(workspace: Workspace, trained: Run, given: argparse.Namespace) -> EvaluatedRun:
    """Evaluate the run's models, or vectors from files, on held-out; or the models on another file.

    Raises InputError for options that exclude each other.
    """
    own_vectors = given.base_vectors is not None or given.tuned_vectors is not None
    if given.on is not None and (own_vectors or given.report is not None):
        raise InputError("--on goes neither with --report nor with files of vectors.", todo="Leave one of them out.")
    if own_vectors:
        run, evaluation, models = evaluate_vectors(workspace, trained, given)
        return EvaluatedRun(evaluation, run_inputs(workspace, trained), run.paths.evaluation.folder, run, models)
    names = [model_of_side(trained, side) for side in SIDES]  # both are loaded at once
    refuse_encoding_without_memory(*names, home=workspace.home, ignore=given.ignore_memory)
    return evaluate_held_out(workspace, trained) if given.on is None else evaluate_file(workspace, trained, given.on)


def run_inputs(workspace: Workspace, trained: Run) -> ModelInputs:
    """Read what the run's models read of its dataset."""
    dataset = workspace.datasets.get(trained.dataset)
    return ModelInputs.of(dataset.frame(), dataset.shape, trained.recipe)


def evaluate_held_out(workspace: Workspace, trained: Run) -> EvaluatedRun:
    """Evaluate on the run's own held-out part, as the worker does."""
    from lib.evaluation.run import evaluate_run

    dataset = workspace.datasets.get(trained.dataset)
    with CommandProgress(trained.name) as progress:
        evaluation = evaluate_run(trained, dataset, home=workspace.home, progress=progress)
    workspace.runs.set_headline(trained.id, evaluation.headline)
    return EvaluatedRun(evaluation, run_inputs(workspace, trained), trained.paths.evaluation.folder, trained)


def export_evaluation(
    found: EvaluatedRun, trained: Run, folder: Path, *, home: Path, competition: Competition | None
) -> None:
    """Write an evaluation for other tools, with the data of the map that shows its pairs."""
    models = found.models or load_model_pair(found.inputs, found.evaluation, home=home)
    base = found.evaluation.versions.get("base vectors", trained.model)
    drawn = found.run.paths.map if found.run else None
    exported = ExportedRun(trained.id, trained.dataset, base, drawn, competition)
    write_export(folder, found.evaluation, models, read_pairs(found.folder), run=exported)


def evaluate_file(workspace: Workspace, trained: Run, path: Path) -> EvaluatedRun:
    """Evaluate on all rows of another file; the evaluation and its folder lie beside the run's own."""
    from lib.evaluation.run import cached_embedder, evaluate_inputs, missing_prompts

    dataset = workspace.datasets.get(trained.dataset)
    shape = Shape(dataset.shape)
    frame = read_frame(path, shape, dataset.facts.get("mapping"))
    inputs = ModelInputs.of(frame, shape, trained.recipe)
    embed, marks = cached_embedder(trained, inputs.reading, home=workspace.home)
    folder = trained.paths.evaluation_on(content_hash(path)).folder
    versions = {"file": path.name, "base model": marks["base"][:16], "tuned model": marks["tuned"][:16]}
    warnings = warn_of_trained_rows(frame, dataset.frame(), shape)
    warnings += missing_prompts(trained.model, inputs, home=workspace.home)
    evaluation = evaluate_inputs(inputs, embed, folder=folder, versions=versions, called="given", warnings=warnings)
    return EvaluatedRun(evaluation, inputs, folder)


def warn_of_trained_rows(frame: pd.DataFrame, known: pd.DataFrame, shape: Shape) -> list[EvaluationWarning]:
    """Warn where the model was trained on rows or texts of the file, whichever side they stand on."""
    trained, names = known[known["part"] == "train"], text_columns(shape, known.columns)
    sides = {name: same_keys(frame[name]) for name in text_columns(shape, frame.columns)}
    pair = names[:2]
    rows = {frozenset(row) for row in zip(*(same_keys(trained[name]) for name in pair), strict=True)}
    count = sum(frozenset(row) in rows for row in zip(*(sides[name] for name in pair), strict=True))
    seen = {key for name in names for key in same_keys(trained[name])} - {""}
    texts = {key for keys in sides.values() for key in keys} - {""}
    common = len(texts & seen)
    if not common:
        return []
    text = (
        f"{count:,} of the {len(frame):,} rows of this file were trained on, and {common:,} of its {len(texts):,} texts were "
        "read in training, on either side; on those the metrics of the tuned model are too optimistic."
    )
    return [EvaluationWarning("Seen in training", text)]


def read_frame(path: Path, shape: Shape, stored: dict[str, Any] | None = None) -> pd.DataFrame:
    """Read, map by the run's roles, and audit a file; print the columns that were taken.

    All its rows are held out.

    Raises InputError where it cannot be read or has another shape.
    """
    from lib.data.prepare import audit_table
    from lib.data.read.tables import read_table
    from lib.data.split.components import find_components

    if not path.exists():
        raise InputError(f"There is no file {path}.", todo="Check the path.")
    table = read_table(path)
    mapping = map_as_run(table, shape, stored)
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


def map_as_run(table: Table, shape: Shape, stored: dict[str, Any] | None) -> ColumnMapping:
    """Map a table by the roles of the run's own columns, and print which were taken.

    Columns are the same with another spelling (case, blanks). Where one is missing the mapping is guessed, and said so.
    """
    from lib.data.columns.guess import guess_mapping
    from lib.data.columns.mapping import ColumnMapping
    from lib.data.columns.names import column_key

    known = ColumnMapping.from_json(stored) if stored else ColumnMapping(shape)
    names = {column_key(name): str(name) for name in reversed(list(table.frame.columns))}
    names |= {str(name): str(name) for name in table.frame.columns}
    roles = {
        role: columns
        for role, columns in known.roles.items()
        if not EXTRA_NEGATIVE.fullmatch(role) or all(name in table.frame for name in columns)
    }  # a file may have fewer negatives than the run's
    known = replace(known, roles=roles)
    wanted = [name for columns in known.roles.values() for name in columns]
    missing = [name for name in wanted if names.get(name, names.get(column_key(name))) is None]
    if wanted and not missing:
        renamed = {name: names.get(name) or names[column_key(name)] for name in wanted}
        mapping = replace(known.rename_columns(renamed), part="", group="")
        print(f"columns: {_describe_mapping(mapping)} (as the run's)", file=sys.stderr)
        return mapping
    mapping = guess_mapping(table)
    why = f", because the run's {', '.join(f'“{name}”' for name in missing)} is missing" if missing else ""
    print(f"columns: {_describe_mapping(mapping)} (guessed{why}; check the direction)", file=sys.stderr)
    return mapping


def _describe_mapping(mapping: ColumnMapping) -> str:
    """Write which columns play which role, and what their score or class means."""
    from lib.data.columns.unused import describe_scale

    words = [f"{role} = {' + '.join(columns)}" for role, columns in mapping.roles.items()]
    if mapping.shape is Shape.SCORED:
        words.append(f"scale {describe_scale(mapping.scale)}")
    if mapping.same:
        words.append(f"same = {' or '.join(mapping.same)}")
    return escape_controls(", ".join(words))


def content_hash(path: Path) -> str:
    """Hash what the file, or the files of the folder, hold to 12 hex digits.

    So the name of the evaluation's folder never comes from that of a file.
    """
    import hashlib

    from lib.data.read.sources import original_files

    digests = []
    for part in original_files([path]):
        with part.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256"))
    whole = digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(one.digest() for one in digests))
    return whole.hexdigest()[:12]


def evaluation_json(
    evaluation: Evaluation,
    table: Path,
    competition: Competition | None = None,
    repeats: SeedGroup | None = None,
) -> str:
    """Write what --json prints; numbers that are not finite are null.

    competition: the run among those of its dataset, where there are others. repeats: with other seeds, where there are some.
    """
    changes = {name: change.to_json() for name, change in evaluation.metrics.items()}
    return json.dumps(
        {
            "verdict": evaluation.verdict,
            "metric": evaluation.metric,
            "sentence": evaluation.sentence,
            "metrics": {name: {key: numbers[key] for key in STORED} for name, numbers in changes.items()},
            "pairs": str(table),
            "counts": asdict(evaluation.counts),
            "verdicts": {name: change.verdict for name, change in evaluation.metrics.items()},
            "detectable": {name: finite_or_none(change.detectable) for name, change in evaluation.metrics.items()},
            "warnings": [warning.name for warning in evaluation.warnings],
            "competition": competition.to_json() if competition else None,
            "seeds": repeats.to_json() if repeats else None,
        }
    )


def evaluation_text(
    evaluation: Evaluation,
    table: Path,
    competition: Competition | None = None,
    repeats: SeedGroup | None = None,
) -> str:
    """Write verdict, metrics with their intervals, side effects, and where the per-pair table lies."""
    lines = [evaluation.verdict.capitalize(), evaluation.sentence]
    lines += [one.sentence for one in (competition, repeats) if one]
    lines += ["", *metric_lines(evaluation.metrics)]
    probe = evaluation.side_effects.probe
    if probe:
        lines.append(metric_line("General probe (Spearman)", "spearman", probe.spearman))
    lines += [f"{warning.name}: {warning.text}" for warning in evaluation.warnings]
    return "\n".join([*lines, f"pairs: {table}"])
