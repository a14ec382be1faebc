"""The learning curve: the same training on parts of the data shows whether more data would help."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.experiments.held_out import HeldOutComparison, train_variant
from lib.experiments.result import LEARNING_CURVE, LearningCurve, LearningCurvePoint, save_experiment
from lib.store.context import JobContext

TRAIN_FRACTIONS = (0.25, 0.5)
"""Fractions of the training data that are trained on; all of it is the run itself."""

MIN_TRAIN_ROWS = 8
"""A fraction with fewer training rows is left out."""


def run_learning_curve(context: JobContext) -> tuple[str, ...]:
    """Train on 25% and 50% of the training data, compare with base and run, store the curve."""
    held_out = HeldOutComparison(context)
    frame = held_out.inputs.frame
    seed = context.run.recipe.seed
    points: list[LearningCurvePoint] = []
    base = before = held_out.base_vectors()
    for fraction in TRAIN_FRACTIONS:
        sample = sample_components(frame, fraction, seed=seed)
        rows = int((sample["part"] == "train").sum())
        if rows >= MIN_TRAIN_ROWS:
            before = train_variant(context, held_out, sample, name=f"fraction-{round(100 * fraction)}")
            points.append(LearningCurvePoint(fraction, rows, held_out.compare(base, before)))
    tuned = held_out.tuned_vectors()
    last_step = held_out.compare(before, tuned) if points else None
    points.append(LearningCurvePoint(1.0, int((frame["part"] == "train").sum()), held_out.compare(base, tuned)))
    curve = LearningCurve(held_out.metric, tuple(points), last_step, held_out.model_mark)
    save_experiment(context.run, LEARNING_CURVE, curve)
    return ()


def sample_components(frame: pd.DataFrame, fraction: float, *, seed: int) -> pd.DataFrame:
    """Sample whole components of the training part.

    A smaller fraction is within a larger one, the other parts stay.
    """
    train = frame["part"] == "train"
    components = frame.loc[train, "component"].unique()
    order = np.random.default_rng(seed).permutation(components)
    sample = order[: max(1, round(fraction * len(order)))]
    return frame[~train | frame["component"].isin(sample)]
