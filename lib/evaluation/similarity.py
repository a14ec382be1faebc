"""Cosines one can read: how pairs and random pairs are spread, and which threshold separates them best."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lib.data.shapes import Shape
from lib.evaluation.agreement import count_by_threshold
from lib.evaluation.model_pair import MODEL_NAMES, ModelPair

HISTOGRAM_BINS = np.linspace(-0.5, 1.0, 76)
MIN_COSINES = 10
"""Cosines of each kind that a threshold is chosen on, at least."""


@dataclass(frozen=True)
class LabelledCosines:
    """Cosines of pairs that belong together and of those that do not, and the group that each belongs to.

    balanced: both kinds weigh the same, because the wrong ones were drawn; else they are as frequent as they are.
    """

    right: np.ndarray
    wrong: np.ndarray
    right_groups: np.ndarray
    wrong_groups: np.ndarray
    balanced: bool

    @property
    def enough(self) -> bool:
        """Say whether there are enough of both kinds to choose a threshold on."""
        return min(len(self.right), len(self.wrong)) >= MIN_COSINES

    def within(self, groups: np.ndarray) -> LabelledCosines:
        """Return those of the groups."""
        right, wrong = (np.isin(of, groups) for of in (self.right_groups, self.wrong_groups))
        return LabelledCosines(
            self.right[right], self.wrong[wrong], self.right_groups[right], self.wrong_groups[wrong], self.balanced
        )


@dataclass(frozen=True)
class ThresholdQuality:
    """What a threshold reaches; nan where it cannot be said."""

    precision: float
    recall: float
    f1: float


def measure_similarity(judged: ModelPair, chooser: ModelPair | None = None) -> dict[str, Any]:
    """Return for base and tuned the histograms of right and wrong pairs' cosines and the best threshold; empty for single texts.

    Labelled and scored pairs: those that belong together are told from those that do not; elsewhere from random pairs. The
    threshold is chosen on the chooser's pairs (validation) where it has enough, and reported on the judged ones.
    """
    task = judged.task
    if task.shape is Shape.LABELLED_TEXTS:
        return {}
    found: dict[str, Any] = {"bins": HISTOGRAM_BINS.tolist(), "against": negatives_description(judged)}
    for name in MODEL_NAMES:
        kinds = labelled_cosines(judged, name)
        found[name] = {
            "pairs": cosine_histogram(kinds.right),
            "random": cosine_histogram(kinds.wrong),
            "pair_mean": mean_or_nan(kinds.right),
            "random_mean": mean_or_nan(kinds.wrong),
            "threshold": choose_threshold(kinds, None if chooser is None else labelled_cosines(chooser, name)),
        }
    return found


def negatives_description(judged: ModelPair) -> str:
    """Return what the right pairs are told from, in words."""
    if judged.task.shape is Shape.SCORED:
        return f"pairs with a score of at most {judged.task.middle:g}"
    return "pairs that are not the same" if judged.task.shape is Shape.LABELLED_PAIRS else "random pairs"


def labelled_cosines(judged: ModelPair, name: str) -> LabelledCosines:
    """Return the cosines of right and wrong pairs of one model."""
    task, cosines = judged.task, judged.cosines[name]
    if task.shape in (Shape.SCORED, Shape.LABELLED_PAIRS):
        right = task.is_right
        return LabelledCosines(
            cosines[right], cosines[~right], judged.groups[right], judged.groups[~right], balanced=False
        )
    first, _ = task.random_pairs()
    random = task.random_cosines(judged.embeddings(name))
    return LabelledCosines(cosines, random, judged.groups, judged.groups[first], balanced=True)


def mean_or_nan(cosines: np.ndarray) -> float:
    """Return the mean, nan of nothing."""
    return float(cosines.mean()) if len(cosines) else float("nan")


def cosine_histogram(cosines: np.ndarray) -> list[int]:
    """Return how many cosines fall into each bin."""
    return np.histogram(np.clip(cosines, HISTOGRAM_BINS[0], HISTOGRAM_BINS[-1]), HISTOGRAM_BINS)[0].tolist()


def choose_threshold(judged: LabelledCosines, chooser: LabelledCosines | None) -> dict[str, Any] | None:
    """Return the cosine from which on a pair is to be called right, what that reaches on the judged pairs, and what chose it.

    None where there are too few of either kind. Precision of random pairs is what holds when right and random ones are
    equally frequent; where right ones are rarer it is lower.
    """
    if not judged.enough:
        return None
    if chooser is not None and chooser.enough:
        cosine = best_threshold(chooser)
        return {"cosine": cosine, **asdict(threshold_quality(judged, cosine)), "chosen_on": "validation"}
    return {"cosine": best_threshold(judged), **asdict(cross_validate_threshold(judged)), "chosen_on": "halves"}


def cross_validate_threshold(kinds: LabelledCosines, *, seed: int = 0) -> ThresholdQuality:
    """Return what a threshold chosen on half of the groups reaches on the other half, the mean of both ways.

    What is chosen and reported on the same pairs looks better than it is.
    """
    groups = np.unique(np.concatenate([kinds.right_groups, kinds.wrong_groups]))
    half = np.random.default_rng(seed).permutation(len(groups)) % 2 == 0
    halves = kinds.within(groups[half]), kinds.within(groups[~half])
    if any(not len(one.right) or not len(one.wrong) for one in halves):
        return ThresholdQuality(float("nan"), float("nan"), float("nan"))
    found = [threshold_quality(halves[1 - number], best_threshold(halves[number])) for number in range(2)]
    return ThresholdQuality(
        *(float(np.mean([getattr(one, name) for one in found])) for name in ("precision", "recall", "f1"))
    )


def best_threshold(kinds: LabelledCosines) -> float:
    """Find the cosine of the largest F1: half way between the last pair that is called a match and the next below it."""
    cosines = np.concatenate([kinds.right, kinds.wrong]).astype(np.float64)
    is_match = np.append(np.ones(len(kinds.right)), np.zeros(len(kinds.wrong)))
    balance = len(kinds.right) / len(kinds.wrong) if kinds.balanced and len(kinds.wrong) else 1.0
    counts = count_by_threshold(is_match, cosines, negative_weight=balance)
    best = int(counts.f1.argmax())
    return float(counts.thresholds[best : best + 2].mean())


def class_weights(kinds: LabelledCosines) -> tuple[np.ndarray, np.ndarray]:
    """Return the weight of each cosine as a right and as a wrong one, right ones first."""
    right, wrong = len(kinds.right), len(kinds.wrong)
    each = right / wrong if kinds.balanced and wrong else 1.0
    return np.append(np.ones(right), np.zeros(wrong)), np.append(np.zeros(right), np.full(wrong, each))


def threshold_quality(kinds: LabelledCosines, cosine: float) -> ThresholdQuality:
    """Return what calling pairs right from this cosine on reaches."""
    hits, misses = class_weights(kinds)
    called = np.concatenate([kinds.right, kinds.wrong]) >= cosine
    found, false = float(hits[called].sum()), float(misses[called].sum())
    precision = found / (found + false) if found + false else float("nan")
    return ThresholdQuality(precision, found / hits.sum(), 2 * found / (found + false + hits.sum()))
