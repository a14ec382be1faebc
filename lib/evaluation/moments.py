"""A run's snapshots, moment by moment: the space's shape, and how training and validation pairs did (over-fitting)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.shapes import Shape, text_columns
from lib.evaluation.space import SAMPLE, alignment, whole
from lib.evaluation.task import HEADLINE, Task

MOST_ROWS = 1_000
"""Rows of a part that are measured at each moment: the curve's course shows with these."""


def moments_of(frame: pd.DataFrame, shape: Shape, folder: Path) -> list[dict[str, Any]]:
    """Return by stored moment: name, epoch, shape of the space, and the headline metric on training and validation rows.

    Both parts are measured among the shown texts only, so that their curves can be laid side by side.
    """
    index = folder / "index.json"
    if not index.exists():
        return []
    texts = pd.read_parquet(folder / "texts.parquet")["text"].tolist()
    place = {text: row for row, text in enumerate(texts)}
    tasks = {part: task_of(frame, shape, place, part) for part in ("train", "validation")}
    return [
        moment(listed, folder, tasks, place, HEADLINE[shape])
        for listed in json.loads(index.read_text(encoding="utf-8"))["moments"]
    ]


def task_of(frame: pd.DataFrame, shape: Shape, place: dict[str, int], part: str) -> Task | None:
    """Return the task of a sample of the part's rows whose texts are all shown, or None where there are too few."""
    shown = np.ones(len(frame), dtype=bool)
    for name in text_columns(shape, frame.columns):
        shown &= (frame[name].isin(place.keys()) | (frame[name] == "")).to_numpy()
    rows = frame[shown]
    inside = rows[rows["part"] == part]
    if len(inside) < 5:
        return None
    chosen = inside.sample(min(MOST_ROWS, len(inside)), random_state=0)
    others = rows[(rows["part"] != part)]
    return Task.of(pd.concat([chosen, others]).sort_index(), shape=shape, part=part)


def moment(
    listed: dict[str, Any], folder: Path, tasks: dict[str, Task | None], place: dict[str, int], metric: str
) -> dict[str, Any]:
    """Return one moment's numbers."""
    rows = np.load(folder / listed["file"], mmap_mode="r", allow_pickle=False)
    chosen = np.sort(np.random.default_rng(0).permutation(len(rows))[:SAMPLE])
    found = {"name": listed["name"], "epoch": listed["epoch"], **whole(np.asarray(rows[chosen]))}
    for part, task in tasks.items():
        if task is None or any(text not in place for text in task.texts):
            continue
        embeddings = np.asarray(rows[[place[text] for text in task.texts]])
        found[part] = task.measure(embeddings)[metric]
        found[f"{part}_rows"] = len(task.rows)
        if part == "validation" and len(task.left) == len(task.right):
            found["alignment"] = alignment(embeddings, task.left, task.right)
    return found
