"""Keep the general skill: the weights between base and tuned, measured along the way, any of them saved as a model.

Wortsman et al. 2022, Robust fine-tuning of zero-shot models (WiSE-FT); Xiao et al. 2023, LM-Cocktail.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lib.errors import InputError
from lib.evaluation.compare import PRIMARY_METRIC, as_dict, compare_metrics
from lib.evaluation.model_pair import ModelPair
from lib.evaluation.run import components_of_rows
from lib.evaluation.side_effects.forgetting import compare_on_probe, probe_texts
from lib.evaluation.store import INTERPOLATION_FACTS as FACTS
from lib.evaluation.store import nonfinite_to_none
from lib.evaluation.task import SELECTION_METRIC, EvalTask
from lib.experiments.control import HeldOutComparison, save_experiment
from lib.models.encoder import encode
from lib.models.vectors import check_finite
from lib.progress import Progress, Silent
from lib.store.context import JobContext
from lib.store.names import folder_name
from lib.store.publish import publish

if TYPE_CHECKING:
    import torch


TUNED_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
StateDict = Mapping[str, "torch.Tensor"]


def run_interpolation(work: JobContext) -> tuple[str, ...]:
    """Measure the blends along the way, or, with a share in the payload, save that one as a model."""
    if "share" in work.payload:
        save_interpolation(work, float(work.payload["share"]))
    else:
        measure_interpolations(work)
    return ()


class PartialProgress(Silent):
    """Tell how far one of several equal parts is as how far the whole is."""

    def __init__(self, whole: Progress, part: int, parts: int) -> None:
        self.whole, self.part, self.parts = whole, part, parts

    def advance(self, done: float, total: float, **facts: float) -> None:
        self.whole.advance(self.part + done / max(1.0, total), self.parts)

    def check(self) -> None:
        self.whole.check()


def measure_interpolations(work: JobContext) -> None:
    """Store by share of the tuned weights: the headline metric on the validation part, and the agreement with the probe,

    each with the 95% interval of its difference to the base. Validation, not held-out: a person chooses by these numbers,
    and what judges must not choose.
    """
    base, tuned = load_both_models(work)
    model, weights = tuned, (copy_weights(base), copy_weights(tuned))
    frame = work.dataset.frame()
    task = EvalTask.of(frame, shape=work.dataset.shape, part="validation")
    groups, found = components_of_rows(frame, task.rows), []
    for number, share in enumerate(TUNED_SHARES):
        work.progress.stage("blending", f"{share:.0%} of the tuned weights")
        model.load_state_dict(interpolate_weights(*weights, share))
        within = PartialProgress(work.progress, number, len(TUNED_SHARES))
        found.append(check_finite(encode(model, [*task.texts, *probe_texts()], progress=within), name="blended"))
    points = [
        measure_point(task, groups, share, found[0], rows) for share, rows in zip(TUNED_SHARES, found, strict=True)
    ]
    save_experiment(work.run, "blend", {"metric": SELECTION_METRIC[task.shape], "points": points})


def measure_point(
    task: EvalTask, groups: np.ndarray, share: float, base: np.ndarray, rows: np.ndarray
) -> dict[str, Any]:
    """Return a blend's quality on the task and on the probe. base, rows: vectors of the task's texts, then of the probe's."""
    count = len(task.texts)
    target = compare_metrics(ModelPair(task, base[:count], rows[:count], groups))[SELECTION_METRIC[task.shape]]
    general = compare_on_probe(base[count:], rows[count:])
    return {
        "share": share,
        "target": target.tuned,
        "general": general.tuned,
        "target_difference": as_dict(target),
        "general_difference": as_dict(general),
    }


def save_interpolation(work: JobContext, share: float) -> Path:
    """Save the blend as a plain sentence-transformers folder of its own, judged on the held-out part, and return it."""
    if not 0.0 <= share <= 1.0:
        raise InputError(f"A blend of {share:g} cannot be made.", todo="Choose a share from 0 to 1.")
    base, tuned = load_both_models(work)
    tuned.load_state_dict(interpolate_weights(copy_weights(base), copy_weights(tuned), share))
    facts = {
        "run": work.run.id,
        "base": work.run.model,
        "share_of_tuned_weights": share,
        **evaluate_held_out(work, tuned),
    }
    final = interpolation_folder(work.run, share)
    with publish(final) as part:
        tuned.save_pretrained(str(part), create_model_card=False, safe_serialization=True)
        (part / FACTS).write_text(json.dumps(nonfinite_to_none(facts), allow_nan=False), encoding="utf-8")
    work.progress.log(f"Saved the blend as {final}.")
    return final


def evaluate_held_out(work: JobContext, model: Any) -> dict[str, Any]:
    """Return how a blend compares with the base on the held-out part, which did not choose it, and on the probe."""
    part = HeldOutComparison(work)
    rows = [check_finite(encode(model, texts), name="blended") for texts in (part.task.texts, probe_texts())]
    return {
        "metric": PRIMARY_METRIC[part.task.shape],
        "held_out": part.compared(part.base(), rows[0]),
        "general": as_dict(compare_on_probe(part.embed("base", probe_texts()), rows[1])),
    }


def interpolation_folder(run: Any, share: float) -> Path:
    """Return where the blend of a run with this share of tuned weights lies."""
    return run.paths.interpolations / f"{folder_name(run.model)}-{round(100 * share):03d}"


def load_both_models(work: JobContext) -> tuple[Any, Any]:
    """Load base and tuned model."""
    from lib.models.loader import load_model

    work.progress.stage("blending", "loading both models")
    home = work.workspace.home
    return load_model(work.run.model, home=home), load_model(str(work.run.model_dir), home=home)


def copy_weights(model: Any) -> StateDict:
    """Return a copy of the model's weights."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def interpolate_weights(base: StateDict, tuned: StateDict, share: float) -> dict[str, torch.Tensor]:
    """Return (1 - share) of the base weights plus share of the tuned ones. Raises InputError where they do not match."""
    unequal = set(base) ^ set(tuned) or {name for name in base if base[name].shape != tuned[name].shape}
    if unequal:
        raise InputError(
            f"Base and tuned model differ in {len(unequal)} weights and cannot be mixed.",
            todo="Only a model that was trained from this base, without changing its build, can be blended.",
        )
    return {
        name: value.lerp(tuned[name].to(value), share) if value.is_floating_point() else tuned[name]
        for name, value in base.items()
    }
