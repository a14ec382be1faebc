"""Metrics of each snapshot of a run: the space, and training and validation pairs (overfitting)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.evaluation.compare import compare_selection_metric
from lib.evaluation.metrics import measure
from lib.evaluation.model_pair import ModelPair
from lib.evaluation.side_effects.collapse import SPACE_SAMPLE, measure_isotropy, pair_alignment
from lib.evaluation.side_effects.result import SnapshotMetrics, ValidationSteps
from lib.evaluation.task import EvalTask, components_of_rows
from lib.metrics import selection_metric
from lib.store.layout import SnapshotPaths
from lib.store.snapshots import read_index, read_texts

MAX_SNAPSHOT_ROWS = 1_000
"""Rows of a part that are measured at each snapshot: the curve's shape shows with these."""

MIN_SNAPSHOT_ROWS = 5
"""Rows of a part whose texts all have snapshots, below which the part is not measured."""


@dataclass(frozen=True)
class _Snapshots:
    """A run's snapshots: their index in order, and by text its row in every snapshot."""

    folder: Path
    index: list[dict[str, Any]]
    row_of_text: dict[str, int]

    def load(self, name: str) -> np.ndarray:
        """Map a snapshot's vectors, (texts, d)."""
        file = next(one["file"] for one in self.index if one["name"] == name)
        return np.load(self.folder / file, mmap_mode="r", allow_pickle=False)

    def vectors(self, name: str, texts: list[str]) -> np.ndarray:
        """Load a snapshot's vectors of these texts, (len(texts), d)."""
        return np.asarray(self.load(name)[[self.row_of_text[text] for text in texts]])

    def hold(self, task: EvalTask) -> bool:
        """Check whether all texts of the task have snapshots."""
        return all(text in self.row_of_text for text in task.plain)


def measure_snapshots(inputs: ModelInputs, folder: Path) -> tuple[tuple[SnapshotMetrics, ...], ValidationSteps | None]:
    """Measure every snapshot, and how validation changed from base to best and from best to last.

    Both parts are measured among the texts that have snapshots, so that their curves can be laid side by side. A text has one
    vector in a snapshot: one that is query and document is measured as a document.
    """
    if not SnapshotPaths(folder).index.exists():
        return (), None
    texts = read_texts(folder)
    snapshots = _Snapshots(folder, read_index(folder), {text: row for row, text in enumerate(texts)})
    tasks = {part: snapshot_task(inputs, snapshots.row_of_text, part) for part in ("train", "validation")}
    measured = tuple(_measure_snapshot(one["name"], one["epoch"], snapshots, tasks) for one in snapshots.index)
    validation = tasks["validation"]
    if validation is None or not any(one.validation_rows for one in measured):
        return measured, None
    return measured, _compare_snapshots(inputs.frame, validation, snapshots)


def _compare_snapshots(frame: pd.DataFrame, task: EvalTask, snapshots: _Snapshots) -> ValidationSteps | None:
    """Compare base with best and best with last snapshot, pair by pair; None where one of them is missing."""
    names = [one["name"] for one in snapshots.index]
    trained = [name for name in names if name not in ("base", "best")]
    if "base" not in names or "best" not in names or not trained:
        return None
    groups = components_of_rows(frame, task.rows)
    base, best, last = (snapshots.vectors(name, task.plain) for name in ("base", "best", trained[-1]))
    return ValidationSteps(
        best=compare_selection_metric(ModelPair(task, base, best, groups)),
        last=compare_selection_metric(ModelPair(task, best, last, groups)),
        evaluations=len(trained),
    )


def snapshot_task(inputs: ModelInputs, row_of_text: dict[str, int], part: str) -> EvalTask | None:
    """Build the task of a sample of the part's rows whose texts all have snapshots.

    None where there are too few.
    """
    frame = inputs.frame
    has_snapshots = np.ones(len(frame), dtype=bool)
    for name in inputs.columns:
        has_snapshots &= (frame[name].isin(row_of_text.keys()) | (frame[name].str.strip() == "")).to_numpy()
    rows = frame[has_snapshots]
    inside = rows[rows["part"] == part]
    if len(inside) < MIN_SNAPSHOT_ROWS:
        return None
    sample = inside.sample(min(MAX_SNAPSHOT_ROWS, len(inside)), random_state=0)
    others = rows[(rows["part"] != part)]
    return EvalTask.of(inputs.with_frame(pd.concat([sample, others]).sort_index()), part=part)


def _measure_snapshot(
    name: str, epoch: float, snapshots: _Snapshots, tasks: dict[str, EvalTask | None]
) -> SnapshotMetrics:
    """Measure one snapshot: its space, and each part's metric where its texts are there."""
    rows = snapshots.load(name)
    sample = np.sort(np.random.default_rng(0).permutation(len(rows))[:SPACE_SAMPLE])
    space = measure_isotropy(np.asarray(rows[sample]))
    values: dict[str, Any] = {}
    for part, task in tasks.items():
        if task is None or not snapshots.hold(task):
            continue
        embeddings = snapshots.vectors(name, task.plain)
        values[part] = measure(task, embeddings)[selection_metric(task.shape)]
        values[f"{part}_rows"] = len(task.rows)
        if part == "validation" and len(task.left) == len(task.right):
            space = replace(space, alignment=pair_alignment(embeddings, task.left, task.right))
    return SnapshotMetrics(name, epoch, space, **values)
