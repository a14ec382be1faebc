"""The learning curve: the same training on parts of the data shows whether more data would help."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.experiments.held_out import HeldOutComparison
from lib.experiments.result import LEARNING_CURVE, LearningCurve, LearningCurvePoint, save_experiment
from lib.experiments.variants import train_variants
from lib.store.context import JobContext

TRAIN_FRACTIONS = (0.25, 0.5)
"""Fractions of the training data that are trained on; all of it is the run itself."""

MIN_TRAIN_ROWS = 8
"""A fraction with fewer training rows is left out."""


def run_learning_curve(context: JobContext) -> tuple[str, ...]:
    """Train on 25% and 50% of the training data, compare with base and run, store the curve."""
    held_out = HeldOutComparison(context)
    frame = held_out.inputs.frame
    base = before = held_out.base_vectors()
    samples = _samples(frame, seed=context.run.recipe.seed)
    variants = train_variants(context, held_out, {_name(fraction): sample for fraction, sample in samples.items()})
    points: list[LearningCurvePoint] = []
    for fraction, sample in samples.items():
        before = variants[_name(fraction)]
        points.append(LearningCurvePoint(fraction, _train_rows(sample), held_out.compare(base, before)))
    tuned = held_out.tuned_vectors()
    last_step = held_out.compare(before, tuned) if points else None
    points.append(LearningCurvePoint(1.0, _train_rows(frame), held_out.compare(base, tuned)))
    curve = LearningCurve(held_out.metric, tuple(points), last_step, held_out.model_mark)
    save_experiment(context.run, LEARNING_CURVE, curve)
    return ()


def _samples(frame: pd.DataFrame, *, seed: int) -> dict[float, pd.DataFrame]:
    """Sample each fraction of the training part that has enough rows."""
    samples = {fraction: sample_components(frame, fraction, seed=seed) for fraction in TRAIN_FRACTIONS}
    return {fraction: sample for fraction, sample in samples.items() if _train_rows(sample) >= MIN_TRAIN_ROWS}


def _train_rows(frame: pd.DataFrame) -> int:
    return int((frame["part"] == "train").sum())


def _name(fraction: float) -> str:
    """Name the training of a fraction, as its folder and progress have it."""
    return f"fraction-{round(100 * fraction)}"


def sample_components(frame: pd.DataFrame, fraction: float, *, seed: int) -> pd.DataFrame:
    """Sample whole components of the training part.

    A smaller fraction is within a larger one, the other parts stay.
    """
    train = frame["part"] == "train"
    components = frame.loc[train, "component"].unique()
    order = np.random.default_rng(seed).permutation(components)
    sample = order[: max(1, round(fraction * len(order)))]
    return frame[~train | frame["component"].isin(sample)]
