"""Measure base models on a dataset's validation part before any is trained.

The held-out part is never read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.errors import InputError
from lib.evaluation.bootstrap import compare_means
from lib.evaluation.compare import compare_labels, compare_scores
from lib.evaluation.difference import Difference
from lib.evaluation.metrics import measure, neighbour_shares
from lib.evaluation.multiple_comparisons import correct_differences
from lib.evaluation.retrieval import Retrieval
from lib.evaluation.task import EvalTask, components_of_rows
from lib.evaluation.word_retrieval import retrieve_by_words
from lib.experiments.base_comparison import (
    WORDS,
    BaseComparison,
    BaseFacts,
    BaseResult,
    Quality,
    save_base_comparison,
)
from lib.metrics import selection_metric
from lib.models.card_metadata import read_card_values
from lib.models.loader import fetch_model, fingerprint, load_model
from lib.models.prompts.choose import choose_prompts
from lib.models.vector_cache import EmbeddingCache
from lib.progress import Progress
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.store.context import JobContext
from lib.training.saving import texts_per_second
from lib.training.validation_sample import validation_inputs
from lib.vectors import check_finite

TIMED_TEXTS = 256
"""Texts that a base model's speed is measured on."""

RANKING_METRICS = ("mrr@10", "recall@1", "recall@10", "ndcg@10")


@dataclass(frozen=True)
class Measurement:
    """What one ranking reaches on the task: its metrics, and what they are made of.

    by_example: metric by query or text; cosines: by row, of scored and labelled pairs; groups: component by example.
    """

    task: EvalTask
    metrics: Mapping[str, Quality]
    groups: np.ndarray
    by_example: Mapping[str, np.ndarray]
    cosines: np.ndarray | None = None


def compare_bases(
    frame: pd.DataFrame, shape: Shape, models: Sequence[str], *, home: Path, progress: Progress
) -> BaseComparison:
    """Measure base models on the validation part, each with the prompts that it expects.

    frame: a dataset's examples; its held-out rows are left out before anything else is done. Raises InputError without
    models or validation rows, ModelError for a model that can't be used.
    """
    if not models:
        raise InputError("There is no base model to compare.", todo="Name one or several.")
    known = frame[frame["part"] != "held_out"]
    seen, _ = validation_inputs(ModelInputs.of(known, shape))
    names = list(dict.fromkeys(models))
    measured = []
    for number, name in enumerate(names, start=1):
        progress.stage("measuring base models", f"{number} of {len(names)}, {name}")
        progress.check()
        measured.append(measure_base_model(seen.frame, shape, name, home=home, progress=progress))
    return collect_comparison(names, measured, shape)


def write_base_comparison(context: JobContext) -> None:
    """Compare the base models that the job's payload names, and store the result for the page."""
    home, dataset, models = context.workspace.home, context.dataset, context.payload.get("models", [])
    comparison = compare_bases(dataset.frame(), Shape(dataset.shape), models, home=home, progress=context.progress)
    save_base_comparison(home, dataset.id, comparison)


def collect_comparison(
    names: Sequence[str], measured: Sequence[tuple[Measurement, BaseFacts]], shape: Shape
) -> BaseComparison:
    """Compare each base with BM25 where documents are ranked, else with the first one.

    The best comes first.
    """
    metric, first = selection_metric(shape), measured[0][0]
    words = measure_ranking(first.task, retrieve_by_words(first.task), first.groups) if first.task.retrieves else None
    reference = words or first
    rivals = [(name, one, facts) for name, (one, facts) in zip(names, measured, strict=True)]
    corrected = iter(
        correct_differences(
            [compare_measurements(reference, one, metric) for _, one, _ in rivals if one is not reference]
        )
    )
    bases = [
        BaseResult(name, one.metrics, facts, None if one is reference else next(corrected))
        for name, one, facts in rivals
    ]
    return BaseComparison(
        metric=metric,
        reference=WORDS if words else names[0],
        examples=len(first.task.left),
        documents=len(first.task.documents),
        bases=tuple(sorted(bases, key=lambda base: -_order(base.metrics[metric].value))),
        words=words.metrics if words else {},
    )


def _order(value: float) -> float:
    """Order a metric that cannot be measured last."""
    return value if isfinite(value) else -np.inf


def measure_base_model(
    frame: pd.DataFrame, shape: Shape, name: str, *, home: Path, progress: Progress
) -> tuple[Measurement, BaseFacts]:
    """Measure one base model on the frame's validation part, as it reads texts."""
    folder = fetch_model(name, home=home)
    recipe = choose_prompts(Recipe(), name, shape, home=home)
    inputs = ModelInputs.of(frame, shape, recipe)
    task = EvalTask.of(inputs, part="validation")
    model = load_model(name, reading=inputs.reading, home=home)
    rows = EmbeddingCache(home).embed(model, task.texts, fingerprint=fingerprint(model), progress=progress)
    measurement = measure_vectors(task, check_finite(rows, name="base"), components_of_rows(frame, task.rows))
    speed = texts_per_second(model, task.texts[:TIMED_TEXTS])
    licences = read_card_values(folder, "license")
    facts = BaseFacts(
        texts_per_second=float(speed or 0.0),
        bytes=sum(weight.numel() * weight.element_size() for weight in model.parameters()),
        dimension=int(model.get_embedding_dimension() or 0),
        max_length=int(model.max_seq_length or 0) if isfinite(model.max_seq_length or 0) else 0,
        licence=licences[0] if licences else "",
        languages=tuple(read_card_values(folder, "language")),
        query_prompt=inputs.reading.query,
        document_prompt=inputs.reading.document,
    )
    return measurement, facts


def measure_vectors(task: EvalTask, rows: np.ndarray, components: np.ndarray) -> Measurement:
    """Measure embeddings, (texts, d), by the metrics of the task's shape. components: by row of the part."""
    if task.retrieves:
        first = pd.Series(np.arange(len(task.query_of_row))).groupby(task.query_of_row).first().to_numpy()
        return measure_ranking(task, task.retrieval(rows), components[first])
    if task.shape is Shape.LABELLED_TEXTS:
        return measure_examples(task, {"neighbour_recall": neighbour_shares(task, rows)}, components)
    metrics = {name: Quality(value) for name, value in measure(task, rows).items()}
    return Measurement(task, metrics, components, {}, task.pair_cosines(rows))


def measure_ranking(task: EvalTask, retrieval: Retrieval, groups: np.ndarray) -> Measurement:
    """Measure what a model or BM25 retrieves. groups: component by query."""
    by_query = retrieval.metrics()
    return measure_examples(task, {name: by_query[name] for name in RANKING_METRICS}, groups)


def measure_examples(task: EvalTask, by_example: Mapping[str, np.ndarray], groups: np.ndarray) -> Measurement:
    """Compute the mean of each metric with its interval, by the bootstrap against zero."""
    nothing = {name: np.zeros(len(values)) for name, values in by_example.items()}
    changes = compare_means(nothing, by_example, groups, span=1.0)
    metrics = {
        name: Quality(one.tuned, *(np.clip([one.low, one.high], 0, 1).tolist() if one.has_interval else ()))
        for name, one in changes.items()
    }
    return Measurement(task, metrics, groups, by_example)


def compare_measurements(reference: Measurement, one: Measurement, metric: str) -> Difference:
    """Compare one model with the reference by the metric that decides.

    Queries and rows stand in the order of the frame, whatever prompts a model reads, so they pair.
    """
    if one.cosines is None or reference.cosines is None:
        before, after = ({metric: side.by_example[metric]} for side in (reference, one))
        return compare_means(before, after, one.groups, span=1.0)[metric]
    compare = compare_scores if one.task.shape is Shape.SCORED else compare_labels
    return compare(one.task, reference.cosines, one.cosines, groups=one.groups)[metric]
