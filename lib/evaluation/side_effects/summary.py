"""All side effects of a training: collapse of the space, overfitting, forgotten general similarity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from lib.data.model_inputs import ModelInputs
from lib.evaluation.model_pair import MODEL_NAMES, ModelPair
from lib.evaluation.side_effects.collapse import measure_space
from lib.evaluation.side_effects.forgetting import measure_forgetting
from lib.evaluation.side_effects.result import SideEffects
from lib.evaluation.side_effects.snapshot_metrics import measure_snapshots


def measure_side_effects(
    models: ModelPair,
    inputs: ModelInputs,
    embed: Callable[[str, list[str]], np.ndarray],
    snapshots: Path | None,
    *,
    with_probe: bool = True,
) -> SideEffects:
    """Measure base's and tuned model's spaces, the run's snapshots, and the general probe.

    Snapshots: None where the run has none. with_probe: whether there is a model that can embed the probe.
    """
    task = models.task
    has_pairs = len(task.left) == len(task.right)
    left, right = (task.left, task.right) if has_pairs else (task.left[:0], task.left[:0])
    base, tuned = (measure_space(models.embeddings(name), left, right) for name in MODEL_NAMES)
    measured, validation = ((), None) if snapshots is None else measure_snapshots(inputs, snapshots)
    probe = measure_forgetting(embed, inputs.reading) if with_probe else None
    return SideEffects(base, tuned, measured, validation, probe)
