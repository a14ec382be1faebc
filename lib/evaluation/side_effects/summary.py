"""What the gain cost: collapse of the space, over-fitting, and general skill that was forgotten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.evaluation.model_pair import MODEL_NAMES, ModelPair
from lib.evaluation.side_effects.collapse import measure_space
from lib.evaluation.side_effects.forgetting import measure_forgetting
from lib.evaluation.side_effects.snapshot_metrics import measure_snapshots
from lib.store.layout import RunPaths


def measure_side_effects(
    judged: ModelPair, frame: pd.DataFrame, embed: Callable[[str, list[str]], np.ndarray], run_folder: Path | None
) -> dict[str, Any]:
    """Return the shape of the space for base and tuned, the course over the run's snapshots, and the general probe's result."""
    task = judged.task
    aligned = len(task.left) == len(task.right)
    left, right = (task.left, task.right) if aligned else (task.left[:0], task.left[:0])
    found: dict[str, Any] = {name: measure_space(judged.embeddings(name), left, right) for name in MODEL_NAMES}
    if run_folder is not None:
        found |= measure_snapshots(frame, task.shape, RunPaths(run_folder).snapshots.folder)
    found["general"] = measure_forgetting(embed)
    return found
