"""Judge a run: base and tuned on the same held-out examples by the same code, stored for pages and commands to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.shapes import Shape
from lib.errors import NotFoundError
from lib.evaluation.cost import cost_of
from lib.evaluation.pairs import examples_table, neighbours_table
from lib.evaluation.similarity import similarity_of
from lib.evaluation.statistics import Difference, compare, statistic_interval
from lib.evaluation.store import Evaluation
from lib.evaluation.task import HEADLINE, Task, neighbour_shares, positives, triplet_wins
from lib.evaluation.verdict import sentence
from lib.progress import Progress, Silent
from lib.store.publish import publish

VERDICT_METRIC: dict[Shape, str] = {**HEADLINE, Shape.PAIRS: "accuracy@1", Shape.TRIPLETS: "accuracy@1"}
"""The measure that the verdict's sentence tells: for retrieval, how often the right answer comes first."""


@dataclass(frozen=True)
class Judged:
    """A task with the embeddings of both models; rows of `base` and `tuned` are those of task.texts."""

    task: Task
    base: np.ndarray
    tuned: np.ndarray
    groups: np.ndarray


def evaluate_run(run: Any, dataset: Any, *, home: Path, progress: Progress = Silent()) -> Evaluation:
    """Embed, measure, compare and store; return the evaluation. Raises NotFoundError when the tuned model is not there."""
    from lib.models.cache import EmbeddingCache
    from lib.models.loader import fingerprint, load

    if not run.model_dir.is_dir():
        raise NotFoundError(f"{run.name} has no tuned model.", todo="Train it to the end first.")
    progress.stage("evaluating", "loading both models")
    frame, cache = dataset.frame(), EmbeddingCache(home)
    models = {"base": load(run.model, home=home), "tuned": load(str(run.model_dir), home=home)}
    marks = {name: fingerprint(model) for name, model in models.items()}

    def embed(name: str, texts: list[str]) -> np.ndarray:
        progress.stage("evaluating", f"embedding with the {name} model")
        progress.check()
        return cache.embed(models[name], texts, fingerprint=marks[name], progress=progress)

    return evaluate(frame, dataset.shape, embed, folder=run.evaluation_dir, run_folder=run.folder, progress=progress)


def evaluate(
    frame: pd.DataFrame,
    shape: Shape | str,
    embed: Callable[[str, list[str]], np.ndarray],
    *,
    folder: Path,
    run_folder: Path | None = None,
    part: str = "held_out",
    progress: Progress = Silent(),
) -> Evaluation:
    """Judge base and tuned (embed(name, texts)) on a part of a frame and publish the result in the folder."""
    task = Task.of(frame, shape=shape, part=part)
    judged = Judged(task, embed("base", task.texts), embed("tuned", task.texts), component_of(frame, task.rows))
    progress.stage("evaluating", "comparing")
    table = examples_table(frame, judged)
    found = differences(judged, table)
    metric = VERDICT_METRIC[task.shape]
    counts = {name: int((table["change"] == name).sum()) for name in ("better", "same", "worse")}
    groups = len(np.unique(judged.groups))
    evaluation = Evaluation(
        shape=task.shape.value,
        metric=metric,
        verdict=found[metric].verdict,
        sentence=sentence(
            shape=task.shape, metric=metric, found=found[metric], examples=len(table), counts=counts, groups=groups
        ),
        examples=len(table),
        groups=groups,
        documents=len(task.documents),
        counts=counts,
        metrics={name: as_dict(value) for name, value in found.items()},
        similarity=similarity_of(judged),
        cost=cost_of(judged, embed, run_folder),
        versions={name: version(name) for name in ("sentence-transformers", "torch", "numpy")},
    )
    with publish(folder) as place:
        (place / "evaluation.json").write_text(evaluation.to_json(), encoding="utf-8")
        table.to_parquet(place / "pairs.parquet")
        neighbours_table(judged).to_parquet(place / "neighbours.parquet")
    return evaluation


def component_of(frame: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """Return by row which component it belongs to; without that column each row stands alone."""
    return frame.loc[rows, "component"].to_numpy() if "component" in frame else np.asarray(rows)


def differences(judged: Judged, table: pd.DataFrame) -> dict[str, Difference]:
    """Return base against tuned for every measure of the shape."""
    if judged.task.retrieves:
        return retrieval_differences(judged, table)
    if judged.task.shape is Shape.LABELLED_TEXTS:
        base, tuned = (neighbour_shares(judged.task, rows) for rows in (judged.base, judged.tuned))
        return {"neighbour_recall": compare(base, tuned, judged.groups)}
    return cosine_differences(judged)


def retrieval_differences(judged: Judged, table: pd.DataFrame) -> dict[str, Difference]:
    """Compare by query: recall, accuracy, MRR, nDCG; rank of the right answer by its median; triplets also by row."""
    task = judged.task
    first = pd.Series(np.arange(len(task.query_of_row))).groupby(task.query_of_row).first().to_numpy()
    groups = judged.groups[first]
    base, tuned = task.retrieval(judged.base), task.retrieval(judged.tuned)
    values = tuned.metrics()
    found = {name: compare(value, values[name], groups) for name, value in base.metrics().items()}
    found["median_rank"] = statistic_interval(base.rank, tuned.rank, groups, lambda v, rows: float(np.median(v[rows])))
    if task.negatives.size:
        wins = [triplet_wins(task, rows) for rows in (judged.base, judged.tuned)]
        found["triplet_accuracy"] = compare(wins[0], wins[1], judged.groups)
    return found


def cosine_differences(judged: Judged) -> dict[str, Difference]:
    """Compare correlations of scored pairs, or average precision and best F1 of labelled ones."""
    task = judged.task
    base, tuned = task.pair_cosines(judged.base), task.pair_cosines(judged.tuned)
    if task.shape is Shape.SCORED:
        from scipy.stats import pearsonr, spearmanr

        statistics = {
            "spearman": lambda v, rows: float(spearmanr(v[rows], task.values[rows])[0]),
            "pearson": lambda v, rows: float(pearsonr(v[rows], task.values[rows])[0]),
        }
    else:
        from sklearn.metrics import average_precision_score

        same = positives(task)
        statistics = {
            "average_precision": lambda v, rows: (
                float(average_precision_score(same[rows], v[rows])) if same[rows].any() else np.nan
            )
        }
    return {name: statistic_interval(base, tuned, judged.groups, value) for name, value in statistics.items()}


def as_dict(value: Difference) -> dict[str, float]:
    """Return a difference as stored: base, tuned, difference, low, high, p_value, detectable."""
    names = ("base", "tuned", "difference", "low", "high", "p_value", "detectable")
    return {name: float(getattr(value, name)) for name in names}
