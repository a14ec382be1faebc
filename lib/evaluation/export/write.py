"""Write an evaluation to a folder: BEIR, TREC, per-pair results, data of the figures, verdict, guide."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd

from lib.errors import InputError, StoreError
from lib.escapes import to_csv
from lib.evaluation.competition import Competition
from lib.evaluation.difference import finite_or_none
from lib.evaluation.export.collection import Collection, build_collection, judge_classes
from lib.evaluation.export.guide import write_guide
from lib.evaluation.export.rankings import RankedDocuments, rank_collection
from lib.evaluation.export.tables import cosines_table, metric_rows, pairs_table, snapshots_table
from lib.evaluation.model_pair import ModelPair
from lib.evaluation.result import Evaluation
from lib.evaluation.task import EvalTask
from lib.store.layout import ExportPaths
from lib.store.map_paths import MapPaths


@dataclass(frozen=True)
class ExportedRun:
    """What an export says of its run: ids and the base model's name.

    map: where its map lies, if it has one; competition: the run among those of its dataset, where there are others.
    """

    id: str
    dataset: str
    base_model: str
    map: MapPaths | None = None
    competition: Competition | None = None


def check_export_folder(folder: Path) -> None:
    """Raise InputError where the folder holds something already: nothing is overwritten."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} exists and is not an empty folder.", todo="Name a new folder.")


def write_export(
    folder: Path, evaluation: Evaluation, models: ModelPair, pairs: pd.DataFrame, *, run: ExportedRun
) -> None:
    """Write everything. pairs: the stored per-pair results. Raises StoreError where the disk refuses."""
    check_export_folder(folder)
    collection = build_collection(models.task)
    rankings = rank_collection(models, collection)
    if collection.is_pooled:
        ranked = [ranking.documents for ranking in rankings.values()]
        collection = replace(collection, judgements=judge_classes(models.task, collection, ranked))
    paths = ExportPaths(folder)
    try:
        for part in (paths.qrels_tsv.parent, paths.qrels.parent, paths.figures):
            part.mkdir(parents=True, exist_ok=True)
        _write_beir(paths, models.task, collection)
        _write_trec(paths, collection, rankings)
        _write_tables(paths, evaluation, models.task, pairs)
        _copy_map(paths, run.map)
        paths.verdict.write_text(verdict_line(evaluation, run) + "\n", encoding="utf-8")
        paths.guide.write_text(write_guide(evaluation, collection), encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"{folder} could not be written: {error.strerror or error}.", todo="Free some space."
        ) from error


def verdict_line(evaluation: Evaluation, run: ExportedRun) -> str:
    """Write the verdict with its interval as one line of JSON; a number that is not finite is null."""
    change = evaluation.primary
    return json.dumps(
        {
            "verdict": evaluation.verdict,
            "metric": evaluation.metric,
            **change.to_json(),
            "sentence": evaluation.sentence,
            "examples": evaluation.examples,
            "groups": evaluation.groups,
            "documents": evaluation.documents,
            "counts": asdict(evaluation.counts),
            "metrics": {name: one.to_json_with_verdict() for name, one in evaluation.metrics.items()},
            "warnings": [warning.name for warning in evaluation.warnings],
            "run": run.id,
            "dataset": run.dataset,
            "base_model": run.base_model,
            "competition": run.competition.to_json() if run.competition else None,
            "versions": evaluation.versions,
        },
        allow_nan=False,
    )


def _write_beir(paths: ExportPaths, task: EvalTask, collection: Collection) -> None:
    """Write corpus, queries and qrels; ids and texts only, as BEIR's loaders read them."""
    corpus = ({"_id": collection.ids[text], "title": "", "text": task.plain[text]} for text in collection.documents)
    queries = ({"_id": collection.ids[text], "text": task.plain[text]} for text in collection.queries)
    _write_lines(paths.corpus, (json.dumps(row) for row in corpus))
    _write_lines(paths.queries, (json.dumps(row) for row in queries))
    grades = _grades(collection)
    _write_lines(
        paths.qrels_tsv,
        ["query-id\tcorpus-id\tscore", *(f"{query}\t{document}\t{grade}" for query, document, grade in grades)],
    )
    _write_lines(paths.qrels, (f"{query} 0 {document} {grade}" for query, document, grade in grades))


def _grades(collection: Collection) -> list[tuple[str, str, int]]:
    """List the judgements by id: query, document, grade."""
    table = collection.judgements
    queries, documents = collection.query_ids[table["query"]], collection.document_ids[table["document"]]
    return list(zip(queries.tolist(), documents.tolist(), table["grade"].tolist(), strict=True))


def _write_trec(paths: ExportPaths, collection: Collection, rankings: dict[str, RankedDocuments]) -> None:
    """Write a run of each model: query Q0 document rank score tag."""
    for name, ranking in rankings.items():
        _write_lines(paths.trec_run(name), _run_lines(name, collection, ranking))


def _run_lines(name: str, collection: Collection, ranking: RankedDocuments) -> Iterable[str]:
    documents = collection.document_ids
    for query, places, scores in zip(collection.query_ids, ranking.documents, ranking.scores, strict=True):
        for rank, (place, score) in enumerate(zip(places.tolist(), scores.tolist(), strict=True), start=1):
            if finite_or_none(score) is not None:
                yield f"{query} Q0 {documents[place]} {rank} {score:.9g} {name}"


def _write_tables(paths: ExportPaths, evaluation: Evaluation, task: EvalTask, pairs: pd.DataFrame) -> None:
    """Write the per-pair results and the data of the figures as CSV that is safe in a spreadsheet."""
    paths.pairs.write_bytes(to_csv(pairs_table(pairs, task)))
    (paths.figures / "metrics.csv").write_bytes(to_csv(metric_rows(evaluation)))
    if evaluation.similarity:
        (paths.figures / "cosines.csv").write_bytes(to_csv(cosines_table(evaluation.similarity)))
    if evaluation.side_effects.snapshots:
        (paths.figures / "snapshots.csv").write_bytes(to_csv(snapshots_table(evaluation)))


def _copy_map(paths: ExportPaths, drawn: MapPaths | None) -> None:
    """Copy the map's coordinates and lines; they are Parquet already."""
    if drawn is None or not drawn.summary.exists():
        return
    for source, name in ((drawn.coordinates, "map.parquet"), (drawn.lines, "map_lines.parquet")):
        shutil.copyfile(source, paths.figures / name)


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)
