"""The shuffled-target control: the same training with shuffled targets.

Its gain is the part that the pairs do not cause.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.experiments.held_out import HeldOutComparison
from lib.experiments.result import CONTROL, ControlResult, save_experiment
from lib.experiments.variants import train_variants
from lib.shapes import VALUE_COLUMN, Shape, text_columns
from lib.store.context import JobContext


def run_control(context: JobContext) -> tuple[str, ...]:
    """Train with shuffled targets on the same budget, compare it with base and run, store the result."""
    held_out = HeldOutComparison(context)
    frame = shuffle_targets(held_out.inputs.frame, held_out.inputs.shape, seed=context.run.recipe.seed)
    control = train_variants(context, held_out, {"control": frame})["control"]
    base, tuned = held_out.base_vectors(), held_out.tuned_vectors()
    result = ControlResult(
        held_out.metric,
        control=held_out.compare(base, control),
        run=held_out.compare(base, tuned),
        beyond=held_out.compare(control, tuned),
        model=held_out.model_mark,
    )
    save_experiment(context.run, CONTROL, result)
    return ()


def shuffle_targets(frame: pd.DataFrame, shape: Shape, *, seed: int) -> pd.DataFrame:
    """Permute the training part's targets (or scores, or labels) among its rows; the other parts stay."""
    inside = np.flatnonzero(frame["part"] == "train")
    order = np.random.default_rng(seed).permutation(inside)
    value = VALUE_COLUMN[shape]
    names = [value] if value else [name for name in text_columns(shape, frame.columns) if name != "anchor"]
    changed = frame.copy()
    for name in names:
        column = frame[name].to_numpy(copy=True)
        column[inside] = frame[name].to_numpy()[order]
        changed[name] = column
    return changed
