"""A run's snapshots, moment by moment: the space's shape, and how training and validation pairs did (over-fitting)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.shapes import Shape, text_columns
from lib.evaluation.compare import as_dict, compare_metrics
from lib.evaluation.metrics import measure
from lib.evaluation.model_pair import ModelPair
from lib.evaluation.side_effects.collapse import SPACE_SAMPLE, measure_isotropy, pair_alignment
from lib.evaluation.task import SELECTION_METRIC, EvalTask
from lib.store.layout import SnapshotPaths
from lib.store.snapshots import read_index, read_texts

MAX_SNAPSHOT_ROWS = 1_000
"""Rows of a part that are measured at each moment: the curve's course shows with these."""


def measure_snapshots(frame: pd.DataFrame, shape: Shape, folder: Path) -> dict[str, Any]:
    """Return moments (by stored moment: name, epoch, shape of the space, the headline metric on training and validation rows)

    and validation: how that metric changed from the base to the best moment, and from the best to the last, by pairs.
    Both parts are measured among the shown texts only, so that their curves can be laid side by side.
    """
    if not SnapshotPaths(folder).index.exists():
        return {"moments": [], "validation": {}}
    texts = read_texts(folder)
    place = {text: row for row, text in enumerate(texts)}
    tasks = {part: snapshot_task(frame, shape, place, part) for part in ("train", "validation")}
    listed = read_index(folder)
    moments = [measure_snapshot(one, folder, tasks, place, SELECTION_METRIC[shape]) for one in listed]
    found: dict[str, Any] = {"moments": moments, "validation": {}}
    if tasks["validation"] is not None and any("validation" in one for one in moments):
        found["validation"] = compare_snapshots(frame, tasks["validation"], listed, folder, place)
    return found


def compare_snapshots(
    frame: pd.DataFrame, task: EvalTask, listed: list[dict[str, Any]], folder: Path, place: dict[str, int]
) -> dict[str, Any]:
    """Return from the base to the best moment and from the best to the last one how the headline metric changed."""
    by_name = {one["name"]: one for one in listed}
    trained = [one for one in listed if one["name"] not in ("base", "best")]
    if "base" not in by_name or "best" not in by_name or not trained:
        return {}
    groups = frame.loc[task.rows, "component"].to_numpy() if "component" in frame else np.asarray(task.rows)
    wanted = {"base": by_name["base"], "best": by_name["best"], "last": trained[-1]}
    rows = {name: snapshot_vectors(one, folder, task.texts, place) for name, one in wanted.items()}

    def compared(before: str, after: str) -> dict[str, Any]:
        found = compare_metrics(ModelPair(task, rows[before], rows[after], groups))[SELECTION_METRIC[task.shape]]
        return as_dict(found) | {"verdict": found.verdict}

    return {"best": compared("base", "best"), "last": compared("best", "last"), "looks": len(trained)}


def snapshot_vectors(listed: dict[str, Any], folder: Path, texts: list[str], place: dict[str, int]) -> np.ndarray:
    """Return a moment's vectors of the texts, (len(texts), d)."""
    rows = np.load(folder / listed["file"], mmap_mode="r", allow_pickle=False)
    return np.asarray(rows[[place[text] for text in texts]])


def snapshot_task(frame: pd.DataFrame, shape: Shape, place: dict[str, int], part: str) -> EvalTask | None:
    """Return the task of a sample of the part's rows whose texts are all shown, or None where there are too few."""
    shown = np.ones(len(frame), dtype=bool)
    for name in text_columns(shape, frame.columns):
        shown &= (frame[name].isin(place.keys()) | (frame[name] == "")).to_numpy()
    rows = frame[shown]
    inside = rows[rows["part"] == part]
    if len(inside) < 5:
        return None
    chosen = inside.sample(min(MAX_SNAPSHOT_ROWS, len(inside)), random_state=0)
    others = rows[(rows["part"] != part)]
    return EvalTask.of(pd.concat([chosen, others]).sort_index(), shape=shape, part=part)


def measure_snapshot(
    listed: dict[str, Any], folder: Path, tasks: dict[str, EvalTask | None], place: dict[str, int], metric: str
) -> dict[str, Any]:
    """Return one moment's numbers."""
    rows = np.load(folder / listed["file"], mmap_mode="r", allow_pickle=False)
    chosen = np.sort(np.random.default_rng(0).permutation(len(rows))[:SPACE_SAMPLE])
    found = {"name": listed["name"], "epoch": listed["epoch"], **measure_isotropy(np.asarray(rows[chosen]))}
    for part, task in tasks.items():
        if task is None or any(text not in place for text in task.texts):
            continue
        embeddings = snapshot_vectors(listed, folder, task.texts, place)
        found[part] = measure(task, embeddings)[metric]
        found[f"{part}_rows"] = len(task.rows)
        if part == "validation" and len(task.left) == len(task.right):
            found["alignment"] = pair_alignment(embeddings, task.left, task.right)
    return found
