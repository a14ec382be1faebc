"""What a training cost, called by name: over-fitting, forgetting, collapse."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

MAX_PROBE_DROP = 0.02
"""A drop of the probe's Spearman below this is within what any training does."""

COLLAPSED_COSINE = 0.15
COLLAPSED_RANK = 0.6
ALPHA = 0.05
MIN_FALL = 0.01
"""A fall of the training metric below this is none."""

MIN_GAIN = 0.1
"""A gain of the training metric above this means that something was learnt."""


@dataclass(frozen=True)
class EvaluationWarning:
    """One thing that was found: its name, and a sentence with the numbers."""

    name: str
    text: str

    def to_dict(self) -> dict[str, str]:
        """Return it as stored."""
        return asdict(self)


def detect_side_effects(cost: dict[str, Any]) -> list[EvaluationWarning]:
    """Return what the cost section's numbers say, by name."""
    found = [
        detect_overfitting(cost.get("moments", []), cost.get("validation", {})),
        detect_forgetting(cost),
        detect_collapse(cost),
    ]
    return [one for one in found if one is not None]


def detect_overfitting(moments: list[dict[str, Any]], steps: dict[str, Any]) -> EvaluationWarning | None:
    """Say where training pairs went on getting better while validation pairs got clearly worse.

    moments: the course. steps: how validation changed from base to best and from best to last moment, with p-values.
    """
    known = [m for m in moments if "train" in m and "validation" in m]
    base = next((m for m in known if m["name"] == "base"), None)
    trained = [m for m in known if m["name"] not in ("base", "best")]
    best = next((m for m in known if m["name"] == "best"), None)
    if base is None or best is None or not trained or not steps:
        return None
    last = trained[-1]
    if (
        last["epoch"] > best["epoch"]
        and is_clear_fall(steps["last"], looks=steps["looks"])
        and last["train"] >= best["train"] - MIN_FALL
    ):
        return EvaluationWarning(
            "Over-fitting",
            f"After epoch {best['epoch']} the validation pairs got worse ({best['validation']:.3f} to "
            f"{last['validation']:.3f} at epoch {last['epoch']}{change_interval(steps['last'])}) while the training pairs held or "
            f"got better ({best['train']:.3f} to {last['train']:.3f}). The saved model is epoch {best['epoch']}.",
        )
    if best["train"] - base["train"] > MIN_GAIN and is_clear_fall(steps["best"], looks=1):
        return EvaluationWarning(
            "Over-fitting",
            f"The training pairs got better ({base['train']:.3f} to {best['train']:.3f}), the validation pairs worse "
            f"({base['validation']:.3f} to {best['validation']:.3f}{change_interval(steps['best'])}): what was learnt does not carry over.",
        )
    return None


def is_clear_fall(step: dict[str, Any], *, looks: int) -> bool:
    """Say whether a step of the validation metric is a clear fall.

    The best of many looks is the best partly by luck, so a later fall from it must be clear enough for all of them
    (Bonferroni; half the two-sided p-value, for only a fall counts). Of simulated runs whose ten epochs are equally good 2%
    are called over-fitted, without the correction 9%.
    """
    return step["verdict"] == "worse" and step["p_value"] / 2 * looks <= ALPHA


def change_interval(step: dict[str, Any]) -> str:
    """Return the 95% interval of a step in words."""
    return f"; 95% interval of the change {step['low']:+.3f} to {step['high']:+.3f}"


def detect_forgetting(cost: dict[str, Any]) -> EvaluationWarning | None:
    """Say where the model agrees clearly less with everyday similarity than before."""
    probe = cost.get("general", {}).get("probe")
    if not probe or probe["difference"] > -MAX_PROBE_DROP or probe["high"] >= 0:
        return None
    kept = cost["general"]["neighbours_kept"]
    return EvaluationWarning(
        "Forgetting",
        f"On everyday sentences that are not of this data, the agreement with graded similarity fell from "
        f"{probe['base']:.3f} to {probe['tuned']:.3f}, and {kept:.0%} of the nearest neighbours are kept. "
        "Mix in the base model with the blend slider, lower the learning rate, or train for fewer epochs.",
    )


def detect_collapse(cost: dict[str, Any]) -> EvaluationWarning | None:
    """Say where all texts moved together, so that cosines say less."""
    base, tuned = cost.get("base"), cost.get("tuned")
    if not base or not tuned:
        return None
    closer = tuned["random_cosine"] - base["random_cosine"]
    share = tuned["effective_rank"] / max(1e-9, base["effective_rank"])
    if closer < COLLAPSED_COSINE and share > COLLAPSED_RANK:
        return None
    return EvaluationWarning(
        "Collapse",
        f"Texts that have nothing to do with each other are now at a cosine of {tuned['random_cosine']:.3f} "
        f"(before {base['random_cosine']:.3f}), and the vectors use {tuned['effective_rank']:.0f} directions "
        f"(before {base['effective_rank']:.0f}): a high cosine alone says less than before.",
    )
