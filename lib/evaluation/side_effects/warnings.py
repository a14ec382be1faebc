"""Which side effects are large enough to be named: overfitting, forgetting, collapse."""

from __future__ import annotations

import numpy as np

from lib.evaluation.difference import Difference
from lib.evaluation.side_effects.result import EvaluationWarning, SideEffects
from lib.format import format_cosine, format_metric, format_share
from lib.models.vector_spread import measure_vector_spread

ALPHA = 0.05
"""Level of the one-sided test of a fall, over all evaluated epochs."""

MIN_FALL = 0.01
"""A fall of the training metric below this is none."""

MIN_GAIN = 0.1
"""A gain of the training metric above this means that something was learnt."""

MAX_PROBE_DROP = 0.02
"""A drop of the probe's Spearman up to this is within what any training does."""

COLLAPSED_COSINE = 0.15
"""A rise of the mean cosine of random texts from which the space has collapsed."""

COLLAPSED_RANK = 0.6
"""Share of the base model's effective rank, at most so much of which is a collapse."""


def detect_side_effects(effects: SideEffects) -> list[EvaluationWarning]:
    """List the side effects that were detected."""
    warnings = (detect_overfitting(effects), detect_forgetting(effects), detect_collapse(effects))
    return [warning for warning in warnings if warning is not None]


def detect_equal_vectors(base: np.ndarray, tuned: np.ndarray) -> list[EvaluationWarning]:
    """Detect that nearly all texts have one vector, by the base or the tuned model: (texts, d) each."""
    spreads = (("the base model", measure_vector_spread(base)), ("the tuned model", measure_vector_spread(tuned)))
    return [EvaluationWarning("Equal vectors", one.describe(name)) for name, one in spreads if one.is_nearly_equal]


def detect_overfitting(effects: SideEffects) -> EvaluationWarning | None:
    """Detect that training pairs went on improving while validation pairs got clearly worse."""
    measured = [one for one in effects.snapshots if one.train_rows and one.validation_rows]
    base, best = (next((one for one in measured if one.name == name), None) for name in ("base", "best"))
    trained = [one for one in measured if one.name not in ("base", "best")]
    steps = effects.validation
    if base is None or best is None or not trained or steps is None:
        return None
    last = trained[-1]
    if (
        last.epoch > best.epoch
        and is_clear_fall(steps.last, evaluations=steps.evaluations)
        and last.train >= best.train - MIN_FALL
    ):
        return EvaluationWarning(
            "Overfitting",
            f"After epoch {best.epoch} the validation metric fell ({best.validation:.3f} to {last.validation:.3f} at epoch "
            f"{last.epoch}{change_interval(steps.last)}) while the training metric did not ({best.train:.3f} to "
            f"{last.train:.3f}). The saved model is epoch {best.epoch}.",
        )
    if best.train - base.train > MIN_GAIN and is_clear_fall(steps.best, evaluations=1):
        return EvaluationWarning(
            "Overfitting",
            f"The training metric rose ({base.train:.3f} to {best.train:.3f}) while the validation metric fell "
            f"({base.validation:.3f} to {best.validation:.3f}{change_interval(steps.best)}): what was learnt does not generalise.",
        )
    return None


def is_clear_fall(step: Difference, *, evaluations: int) -> bool:
    """Decide whether a step of the validation metric is a clear fall.

    The best of many evaluated epochs is the best partly by luck, so a later fall from it must be clear enough for all of them:
    p / 2 * evaluations <= alpha (Bonferroni; half the two-sided p-value, for only a fall counts). Of simulated runs whose ten
    epochs are equally good 2% are called overfitted, without the correction 9%.
    """
    return step.verdict == "worse" and step.p_value / 2 * evaluations <= ALPHA


def change_interval(step: Difference) -> str:
    """Write the 95% interval of a step."""
    return f"; 95% CI of the change {step.low:+.3f} to {step.high:+.3f}"


def detect_forgetting(effects: SideEffects) -> EvaluationWarning | None:
    """Detect that the model agrees clearly less with everyday similarity than before."""
    probe = effects.probe
    if probe is None or not (probe.spearman.difference <= -MAX_PROBE_DROP and probe.spearman.high < 0):
        return None
    before, after = (format_metric("spearman", value) for value in (probe.spearman.base, probe.spearman.tuned))
    return EvaluationWarning(
        "Forgetting",
        f"On general sentence pairs unrelated to this dataset, Spearman correlation with graded similarity fell from {before} to "
        f"{after}, and {format_share(probe.neighbours_kept)} of the nearest neighbours are unchanged. "
        "Blend with the base model, lower the learning rate, or train for fewer epochs.",
    )


def detect_collapse(effects: SideEffects) -> EvaluationWarning | None:
    """Detect that all texts moved together, so that cosines say less."""
    base, tuned = effects.base, effects.tuned
    if base is None or tuned is None:
        return None
    rise = tuned.random_cosine - base.random_cosine
    share = tuned.effective_rank / max(1e-9, base.effective_rank)
    if rise < COLLAPSED_COSINE and share > COLLAPSED_RANK:
        return None
    return EvaluationWarning(
        "Collapse",
        f"Unrelated texts now have a mean cosine of {format_cosine(tuned.random_cosine)} (before "
        f"{format_cosine(base.random_cosine)}), and the embeddings use {tuned.effective_rank:.0f} directions (before "
        f"{base.effective_rank:.0f}): a high cosine alone says less than before.",
    )
