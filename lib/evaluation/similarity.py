"""Cosine as a classifier of pairs: the distributions of both classes and the best threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lib.evaluation.agreement import count_by_threshold
from lib.evaluation.model_pair import MODEL_NAMES, ModelPair
from lib.evaluation.result import CosineDistribution, Similarity, Threshold
from lib.shapes import Shape

HISTOGRAM_BINS = np.linspace(-0.5, 1.0, 76)
"""Edges of the histograms: bins of 0.02; lower cosines count in the first bin."""

MIN_COSINES = 10
"""Cosines of each kind that a threshold is chosen on, at least."""


@dataclass(frozen=True)
class LabelledCosines:
    """Cosines of pairs that match and of others, and the group that each belongs to.

    balanced: both kinds weigh the same, because the others are a random sample; else they are as frequent as they are.
    """

    matches: np.ndarray
    others: np.ndarray
    match_groups: np.ndarray
    other_groups: np.ndarray
    balanced: bool

    @property
    def is_enough(self) -> bool:
        """Whether there are enough of both kinds to choose a threshold on."""
        return min(len(self.matches), len(self.others)) >= MIN_COSINES

    @property
    def other_weight(self) -> float:
        """Weight of each of the others; each match weighs 1."""
        return len(self.matches) / len(self.others) if self.balanced and len(self.others) else 1.0

    def of_groups(self, groups: np.ndarray) -> LabelledCosines:
        """Select the cosines of these groups."""
        match, other = (np.isin(of, groups) for of in (self.match_groups, self.other_groups))
        return LabelledCosines(
            self.matches[match], self.others[other], self.match_groups[match], self.other_groups[other], self.balanced
        )


@dataclass(frozen=True)
class ThresholdQuality:
    """What a threshold reaches; nan where it cannot be said."""

    precision: float
    recall: float
    f1: float


def measure_similarity(models: ModelPair, sample: ModelPair | None = None) -> Similarity | None:
    """Measure for base and tuned model how cosines are spread and which threshold is best.

    None for single texts.

    Labelled and scored pairs: those that match against those that do not; elsewhere against random pairs. The threshold is
    chosen on the sample's pairs (validation) where it has enough, and measured on the models' own.
    """
    if models.task.shape is Shape.LABELLED_TEXTS:
        return None
    base, tuned = (measure_distribution(models, sample, name) for name in MODEL_NAMES)
    return Similarity(HISTOGRAM_BINS.tolist(), negatives_description(models), base, tuned)


def measure_distribution(models: ModelPair, sample: ModelPair | None, name: str) -> CosineDistribution:
    """Measure one model's cosines."""
    cosines = labelled_cosines(models, name)
    return CosineDistribution(
        pairs=cosine_histogram(cosines.matches),
        others=cosine_histogram(cosines.others),
        pair_mean=mean_or_nan(cosines.matches),
        other_mean=mean_or_nan(cosines.others),
        threshold=choose_threshold(cosines, None if sample is None else labelled_cosines(sample, name)),
    )


def negatives_description(models: ModelPair) -> str:
    """Describe in words the non-matching pairs that matching ones are compared with."""
    if models.task.shape is Shape.SCORED:
        return f"pairs with a score of at most {models.task.middle:g}"
    return "pairs that are not the same" if models.task.shape is Shape.LABELLED_PAIRS else "random pairs"


def labelled_cosines(models: ModelPair, name: str) -> LabelledCosines:
    """Collect one model's cosines of pairs that match and of others."""
    task, cosines = models.task, models.cosines[name]
    if task.shape in (Shape.SCORED, Shape.LABELLED_PAIRS):
        match = task.is_right
        return LabelledCosines(
            cosines[match], cosines[~match], models.groups[match], models.groups[~match], balanced=False
        )
    first, _ = task.random_pairs()
    random = task.random_cosines(models.embeddings(name))
    return LabelledCosines(cosines, random, models.groups, models.groups[first], balanced=True)


def mean_or_nan(cosines: np.ndarray) -> float:
    """Compute the mean; nan where there are none."""
    return float(cosines.mean()) if len(cosines) else float("nan")


def cosine_histogram(cosines: np.ndarray) -> list[int]:
    """Count the cosines in each bin."""
    return np.histogram(np.clip(cosines, HISTOGRAM_BINS[0], HISTOGRAM_BINS[-1]), HISTOGRAM_BINS)[0].tolist()


def choose_threshold(cosines: LabelledCosines, sample: LabelledCosines | None) -> Threshold | None:
    """Choose the cosine threshold of a match, and measure what it reaches on `cosines`.

    sample: validation cosines to choose it on. None where there are too few of either kind. Precision against random pairs
    holds where matches and others are equally frequent; where matches are rarer it is lower.
    """
    if not cosines.is_enough:
        return None
    if sample is not None and sample.is_enough:
        threshold = best_threshold(sample)
        quality = threshold_quality(cosines, threshold)
        return Threshold(threshold, quality.precision, quality.recall, quality.f1, "validation")
    quality = cross_validate_threshold(cosines)
    return Threshold(best_threshold(cosines), quality.precision, quality.recall, quality.f1, "halves")


def cross_validate_threshold(cosines: LabelledCosines, *, seed: int = 0) -> ThresholdQuality:
    """Measure a threshold chosen on half of the groups on the other half, the mean of both ways.

    A threshold chosen and measured on the same pairs has too good a value (optimism).
    """
    groups = np.unique(np.concatenate([cosines.match_groups, cosines.other_groups]))
    half = np.random.default_rng(seed).permutation(len(groups)) % 2 == 0
    halves = cosines.of_groups(groups[half]), cosines.of_groups(groups[~half])
    if any(not len(one.matches) or not len(one.others) for one in halves):
        return ThresholdQuality(float("nan"), float("nan"), float("nan"))
    both = [threshold_quality(halves[1 - number], best_threshold(halves[number])) for number in range(2)]
    return ThresholdQuality(
        precision=float(np.mean([one.precision for one in both])),
        recall=float(np.mean([one.recall for one in both])),
        f1=float(np.mean([one.f1 for one in both])),
    )


def best_threshold(cosines: LabelledCosines) -> float:
    """Find the cosine of the largest F1, half way between the last match and the next cosine below."""
    values = np.concatenate([cosines.matches, cosines.others]).astype(np.float64)
    is_match = np.append(np.ones(len(cosines.matches)), np.zeros(len(cosines.others)))
    counts = count_by_threshold(is_match, values, negative_weight=cosines.other_weight)
    best = int(counts.f1.argmax())
    return float(counts.thresholds[best : best + 2].mean())


def threshold_quality(cosines: LabelledCosines, threshold: float) -> ThresholdQuality:
    """Measure precision, recall and F1 of calling pairs from this cosine on a match."""
    positives = float(len(cosines.matches))
    hits = float((cosines.matches >= threshold).sum())
    misses = float(np.full(int((cosines.others >= threshold).sum()), cosines.other_weight).sum())
    precision = hits / (hits + misses) if hits + misses else float("nan")
    return ThresholdQuality(precision, hits / positives, 2 * hits / (hits + misses + positives))
