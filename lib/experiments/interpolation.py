"""Interpolation of base and tuned weights: measured along the way, any blend of them saved as a model.

Wortsman et al. 2022, Robust fine-tuning of zero-shot models (WiSE-FT); Xiao et al. 2023, LM-Cocktail.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lib.data.model_inputs import ModelInputs, Reading
from lib.errors import InputError
from lib.evaluation.compare import compare_selection_metric
from lib.evaluation.model_pair import ModelPair
from lib.evaluation.side_effects.forgetting import compare_on_probe, probe_texts
from lib.evaluation.task import EvalTask, components_of_rows
from lib.experiments.held_out import HeldOutComparison
from lib.experiments.result import (
    INTERPOLATION,
    INTERPOLATION_FACTS,
    Interpolation,
    InterpolationPoint,
    save_experiment,
)
from lib.metrics import selection_metric
from lib.models.encoder import encode
from lib.models.portable import save_portable
from lib.progress import Progress, Silent
from lib.store.context import JobContext
from lib.store.names import folder_name
from lib.store.publish import publish
from lib.store.runs import Run
from lib.vectors import check_finite

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

TUNED_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of the tuned weights that are measured."""

StateDict = Mapping[str, "torch.Tensor"]


def run_interpolation(context: JobContext) -> tuple[str, ...]:
    """Measure blends along the way, or, with a share in the payload, save that one as a model."""
    if "share" in context.payload:
        save_blend(context, float(context.payload["share"]))
    else:
        measure_blends(context)
    return ()


class PartialProgress(Silent):
    """Report how far one of several equal parts is as how far the whole is."""

    def __init__(self, parent: Progress, part: int, parts: int) -> None:
        self.parent, self.part, self.parts = parent, part, parts

    def advance(self, done: float, total: float, **facts: float) -> None:
        self.parent.advance(self.part + done / max(1.0, total), self.parts)

    def check(self) -> None:
        self.parent.check()


def measure_blends(context: JobContext) -> None:
    """Store by share of the tuned weights its quality on validation and on the general probe.

    Validation, not held-out: a person chooses by these numbers, and the held-out part must not choose.
    """
    inputs = ModelInputs.of(context.dataset.frame(), context.dataset.shape, context.run.recipe)
    base, tuned = load_both_models(context, inputs.reading)
    model, weights = tuned, (copy_weights(base), copy_weights(tuned))
    probe = inputs.reading.read_alone(probe_texts())
    task = EvalTask.of(inputs, part="validation")
    groups, vectors = components_of_rows(inputs.frame, task.rows), []
    for number, share in enumerate(TUNED_SHARES):
        context.progress.stage("blending", f"tuned weight {share:.0%}")
        model.load_state_dict(interpolate_weights(*weights, share))
        progress = PartialProgress(context.progress, number, len(TUNED_SHARES))
        vectors.append(check_finite(encode(model, [*task.texts, *probe], progress=progress), name="blended"))
    points = (
        measure_blend(task, groups, share, vectors[0], rows) for share, rows in zip(TUNED_SHARES, vectors, strict=True)
    )
    save_experiment(context.run, INTERPOLATION, Interpolation(selection_metric(task.shape), tuple(points)))


def measure_blend(
    task: EvalTask, groups: np.ndarray, share: float, base: np.ndarray, rows: np.ndarray
) -> InterpolationPoint:
    """Measure a blend on the task and on the probe.

    base, rows: vectors of the task's texts, then of the probe's.
    """
    count = len(task.texts)
    target = compare_selection_metric(ModelPair(task, base[:count], rows[:count], groups))
    general = compare_on_probe(base[count:], rows[count:])
    return InterpolationPoint(share, target.tuned, general.tuned, target, general)


def save_blend(context: JobContext, share: float) -> Path:
    """Save a blend as a sentence-transformers folder of its own, with its evaluation on held-out."""
    if not 0.0 <= share <= 1.0:
        raise InputError(f"A blend of {share:g} cannot be made.", todo="Choose a share from 0 to 1.")
    held_out = HeldOutComparison(context)
    reading = held_out.inputs.reading
    base, tuned = load_both_models(context, reading)
    tuned.load_state_dict(interpolate_weights(copy_weights(base), copy_weights(tuned), share))
    facts = {
        "run": context.run.id,
        "base": context.run.model,
        "share_of_tuned_weights": share,
        **evaluate_blend(held_out, tuned),
    }
    folder = blend_folder(context.run, share)
    with publish(folder) as staging:
        save_portable(tuned, staging, reading=reading)
        (staging / INTERPOLATION_FACTS).write_text(json.dumps(facts, allow_nan=False), encoding="utf-8")
    context.progress.log(f"Saved the blend as {folder}.")
    return folder


def evaluate_blend(held_out: HeldOutComparison, model: SentenceTransformer) -> dict[str, Any]:
    """Compare a blend with the base on held-out, which did not choose it, and on the probe."""
    probe = held_out.inputs.reading.read_alone(probe_texts())
    rows = [check_finite(encode(model, texts), name="blended") for texts in (held_out.task.texts, probe)]
    return {
        "metric": held_out.metric,
        "held_out": held_out.compare(held_out.base_vectors(), rows[0]).to_json_with_verdict(),
        "general": compare_on_probe(held_out.embed("base", probe), rows[1]).to_json(),
    }


def blend_folder(run: Run, share: float) -> Path:
    """Build the path of a run's blend with this share of the tuned weights."""
    return run.paths.interpolations / f"{folder_name(run.model)}-{round(100 * share):03d}"


def load_both_models(context: JobContext, reading: Reading) -> tuple[SentenceTransformer, SentenceTransformer]:
    """Load base and tuned model."""
    from lib.models.loader import load_model

    context.progress.stage("blending", "loading both models")
    home = context.workspace.home
    base, tuned = (
        load_model(name, reading=reading, home=home) for name in (context.run.base_model, str(context.run.model_dir))
    )
    return base, tuned


def copy_weights(model: SentenceTransformer) -> StateDict:
    """Copy the model's weights."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def interpolate_weights(base: StateDict, tuned: StateDict, share: float) -> dict[str, torch.Tensor]:
    """Compute (1 - share) base + share tuned, weight by weight.

    Raises InputError where names or shapes differ.
    """
    unequal = set(base) ^ set(tuned) or {name for name in base if base[name].shape != tuned[name].shape}
    if unequal:
        raise InputError(
            f"Base and tuned model differ in {len(unequal)} weights and cannot be blended.",
            todo="Only a model that was trained from this base, without changing its architecture, can be blended.",
        )
    return {
        name: value.lerp(tuned[name].to(value), share) if value.is_floating_point() else tuned[name]
        for name, value in base.items()
    }
