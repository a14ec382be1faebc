"""Evaluate a run: base and tuned model on the same held-out examples, by the same code.

The result is stored in the run's folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from lib.data.model_inputs import ModelInputs, Reading
from lib.errors import NotFoundError
from lib.evaluation.compare import compare_metrics
from lib.evaluation.model_pair import MODEL_NAMES, ModelPair
from lib.evaluation.per_pair import nearest_targets_table, per_pair_results
from lib.evaluation.result import EVALUATION_VERSION, Evaluation, ExampleCounts, Similarity
from lib.evaluation.side_effects.result import EvaluationWarning, SideEffects
from lib.evaluation.side_effects.summary import measure_side_effects
from lib.evaluation.side_effects.warnings import detect_equal_vectors, detect_side_effects
from lib.evaluation.similarity import measure_similarity
from lib.evaluation.task import EvalTask, components_of_rows
from lib.evaluation.verdict import sentence
from lib.metrics import primary_metric
from lib.progress import Progress, Silent
from lib.settings import package_version
from lib.shapes import Shape
from lib.store.datasets import Dataset
from lib.store.layout import EvaluationPaths
from lib.store.publish import publish
from lib.store.runs import Run

EmbedByModel = Callable[[str, list[str]], np.ndarray]
"""(base or tuned, texts) -> embeddings, (texts, d)."""

VERSIONED_LIBRARIES = ("sentence-transformers", "torch", "numpy")
"""Libraries whose versions are stored with an evaluation."""

MAX_THRESHOLD_ROWS = 1_000
"""Validation rows that a threshold is chosen on: more would cost encoding and hardly move it."""


def evaluate_run(run: Run, dataset: Dataset, *, home: Path, progress: Progress = Silent()) -> Evaluation:
    """Embed, measure, compare and store. Raises NotFoundError when the tuned model is not there."""
    inputs = ModelInputs.of(dataset.frame(), dataset.shape, run.recipe)
    embed, marks = cached_embedder(run, inputs.reading, home=home, progress=progress)
    versions = {"dataset": dataset.id, "base model": marks["base"][:16], "tuned model": marks["tuned"][:16]}
    return evaluate_inputs(
        inputs,
        embed,
        folder=run.paths.evaluation.folder,
        snapshots=run.paths.snapshots.folder,
        versions=versions,
        warnings=missing_prompts(run.model, inputs, home=home),
        progress=progress,
    )


def missing_prompts(model: str, inputs: ModelInputs, *, home: Path) -> list[EvaluationWarning]:
    """Warn where the base model expects prompts before texts and has none."""
    from lib.models.prompts.choose import expected_prompts
    from lib.models.prompts.describe import MISSING_PROMPTS, warn_of_missing_prompts

    text = warn_of_missing_prompts(inputs.reading, expected_prompts(model, inputs.shape, home=home), model=model)
    return [EvaluationWarning(MISSING_PROMPTS, text)] if text else []


def cached_embedder(
    run: Run, reading: Reading, *, home: Path, progress: Progress = Silent()
) -> tuple[EmbedByModel, dict[str, str]]:
    """Build a function that embeds texts with either model, and both fingerprints.

    Texts come as `reading` converts them. Vectors come from the cache where they are there.
    """
    from lib.models.loader import fingerprint, load_model
    from lib.models.vector_cache import EmbeddingCache

    if not run.model_dir.is_dir():
        raise NotFoundError(f"{run.name} has no tuned model.", todo="Train it to the end first.")
    progress.stage("evaluating", "loading both models")
    cache = EmbeddingCache(home)
    names = {"base": run.base_model, "tuned": str(run.model_dir)}
    models = {name: load_model(model, reading=reading, home=home) for name, model in names.items()}
    marks = {name: fingerprint(model) for name, model in models.items()}

    def embed(name: str, texts: list[str]) -> np.ndarray:
        progress.stage("evaluating", f"embedding with the {name} model")
        progress.check()
        return cache.embed(models[name], texts, fingerprint=marks[name], progress=progress)

    return embed, marks


def evaluate_inputs(
    inputs: ModelInputs,
    embed: EmbedByModel,
    *,
    folder: Path,
    snapshots: Path | None = None,
    part: str = "held_out",
    versions: dict[str, str] | None = None,
    called: str = "held-out",
    warnings: Sequence[EvaluationWarning] = (),
    with_probe: bool = True,
    progress: Progress = Silent(),
) -> Evaluation:
    """Evaluate base and tuned model on a part of a dataset and publish the result in the folder.

    snapshots: the run's folder of them, where it has one. called: what the sentence calls the examples. warnings: what the
    caller already knows to be wrong with them. with_probe: whether the general probe is embedded, too.
    """
    models, sample = embed_part(inputs, embed, part=part), threshold_sample(inputs, embed, part=part)
    progress.stage("evaluating", "comparing")
    similarity = measure_similarity(models, sample)
    threshold = similarity.tuned.threshold if similarity else None
    table = per_pair_results(inputs.frame, models, threshold=threshold.cosine if threshold else None)
    side_effects = measure_side_effects(models, inputs, embed, snapshots, with_probe=with_probe)
    progress.check()
    evaluation = build_evaluation(
        models, table, similarity, side_effects, versions=versions or {}, called=called, warnings=warnings
    )
    with publish(folder) as staging:
        paths = EvaluationPaths(staging)
        paths.summary.write_text(evaluation.to_json(), encoding="utf-8")
        table.to_parquet(paths.pairs)
        nearest_targets_table(models).to_parquet(paths.neighbours, row_group_size=20_000)
    return evaluation


def embed_part(inputs: ModelInputs, embed: EmbedByModel, *, part: str) -> ModelPair:
    """Embed a part's texts with both models. Raises ModelError where a vector is not finite."""
    task = EvalTask.of(inputs, part=part)
    groups = components_of_rows(inputs.frame, task.rows)
    return ModelPair(task, embed("base", task.texts), embed("tuned", task.texts), groups)


def threshold_sample(inputs: ModelInputs, embed: EmbedByModel, *, part: str) -> ModelPair | None:
    """Embed a sample of the validation part, on which thresholds are chosen; None where there is none."""
    rows = inputs.frame[inputs.frame["part"] == "validation"]
    if part == "validation" or rows.empty or inputs.shape is Shape.LABELLED_TEXTS:
        return None
    sample = rows.sample(min(MAX_THRESHOLD_ROWS, len(rows)), random_state=0).sort_index()
    return embed_part(inputs.with_frame(sample), embed, part="validation")


def build_evaluation(
    models: ModelPair,
    table: pd.DataFrame,
    similarity: Similarity | None,
    side_effects: SideEffects,
    *,
    versions: dict[str, str],
    called: str,
    warnings: Sequence[EvaluationWarning],
) -> Evaluation:
    """Compare the metrics and put everything together. table: the per-pair results."""
    task, metrics = models.task, compare_metrics(models)
    metric = primary_metric(task.shape)
    counts = ExampleCounts(*(int((table["change"] == name).sum()) for name in ("better", "same", "worse")))
    groups, texts = len(np.unique(models.groups)), len(task.queries) or len(table)
    return Evaluation(
        shape=task.shape.value,
        metric=metric,
        sentence=sentence(
            shape=task.shape,
            metric=metric,
            change=metrics[metric],
            examples=len(table),
            counts=counts,
            groups=groups,
            texts=texts,
            unmeasured=explain_unmeasured(models),
            called=called,
        ),
        examples=len(table),
        groups=groups,
        documents=len(task.documents),
        texts=texts,
        counts=counts,
        metrics=metrics,
        similarity=similarity,
        side_effects=side_effects,
        warnings=(
            *warnings,
            *detect_equal_vectors(*(models.embeddings(name) for name in MODEL_NAMES)),
            *detect_side_effects(side_effects),
        ),
        versions=versions | {"closer": evaluator_version()} | {name: version(name) for name in VERSIONED_LIBRARIES},
    )


def explain_unmeasured(models: ModelPair) -> str:
    """Explain why the metrics of scores or labels have no value; empty where they have one."""
    task = models.task
    if task.shape is Shape.SCORED and np.ptp(task.values) == 0:
        return "all scores are equal"
    if task.shape is Shape.LABELLED_PAIRS and task.is_right.all():
        return "all pairs are the same, and there is none to tell them from"
    if task.shape is Shape.LABELLED_PAIRS and not task.is_right.any():
        return "no pair is the same"
    return "one of the models gives all pairs the same cosine" if task.shape is Shape.SCORED else ""


def evaluator_version() -> str:
    """Compute the version of the evaluator: Closer's own, and a hash of the code that evaluates."""
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        code.update(path.read_bytes())
    return f"{package_version()}, evaluation {EVALUATION_VERSION}, code {code.hexdigest()[:12]}"
