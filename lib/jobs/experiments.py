"""Questions that a second training answers: is it the pairs (placebo), and would more of them help (learning curve)?

Each trains by the run's own recipe on a changed training part; validation and held-out parts stay as they are.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lib.data.shapes import TEXT_COLUMNS, VALUE_COLUMN, Shape
from lib.evaluation.judged import Judged
from lib.evaluation.measures import VERDICT_METRIC, as_dict, differences
from lib.evaluation.task import Task
from lib.progress import Progress
from lib.store.publish import write_atomic

if TYPE_CHECKING:
    from lib.jobs.kinds import Task as Work

FRACTIONS = (0.25, 0.5)
"""Shares of the training data that are trained on anew; the whole is the run itself."""

LEAST_ROWS = 8


def placebo(work: Work) -> tuple[str, ...]:
    """Train with shuffled targets on the same budget, and store how that judges on the held-out part."""
    shape = Shape(work.dataset.shape)
    frame = shuffled(work.dataset.frame(), shape, seed=int(work.run.recipe.get("seed", 0)))
    found = trained_and_judged(work, frame, name="placebo")
    store(work.run.folder, "placebo", {"metric": VERDICT_METRIC[shape], **found})
    return ()


def learning_curve(work: Work) -> tuple[str, ...]:
    """Train on 25% and 50% of the training data, and store how these and the run itself judge on the held-out part."""
    frame, shape = work.dataset.frame(), Shape(work.dataset.shape)
    points = []
    for fraction in FRACTIONS:
        part = fraction_of(frame, fraction, seed=int(work.run.recipe.get("seed", 0)))
        rows = int((part["part"] == "train").sum())
        if rows >= LEAST_ROWS:
            found = trained_and_judged(work, part, name=f"fraction-{round(100 * fraction)}")
            points.append({"fraction": fraction, "rows": rows, **found})
    whole = judged_by(work, str(work.run.model_dir))
    points.append({"fraction": 1.0, "rows": int((frame["part"] == "train").sum()), **whole})
    store(work.run.folder, "learning_curve", {"metric": VERDICT_METRIC[shape], "points": points})
    return ()


def shuffled(frame: pd.DataFrame, shape: Shape, *, seed: int) -> pd.DataFrame:
    """Return the frame with the training part's targets (or scores, or labels) dealt out at random among its rows."""
    inside = np.flatnonzero(frame["part"] == "train")
    order = np.random.default_rng(seed).permutation(inside)
    value = VALUE_COLUMN[shape]
    names = [value] if value else [name for name in TEXT_COLUMNS[shape] if name != "anchor"]
    changed = frame.copy()
    for name in names:
        column = frame[name].to_numpy(copy=True)
        column[inside] = frame[name].to_numpy()[order]
        changed[name] = column
    return changed


def fraction_of(frame: pd.DataFrame, fraction: float, *, seed: int) -> pd.DataFrame:
    """Return the frame with a share of its training components, whole ones; a smaller share is within a larger one."""
    train = frame["part"] == "train"
    components = frame.loc[train, "component"].unique()
    order = np.random.default_rng(seed).permutation(components)
    kept = order[: max(1, round(fraction * len(order)))]
    return frame[~train | frame["component"].isin(kept)]


def trained_and_judged(work: Work, frame: pd.DataFrame, *, name: str) -> dict[str, Any]:
    """Train by the run's recipe on the frame, judge on the dataset's true held-out part, leave no model behind."""
    from lib.training.recipe import Recipe
    from lib.training.trainer import train

    with folder_for(work.run.folder / f"experiment-{name}") as folder:
        trained = train(
            dataset_frame=frame,
            shape=work.dataset.shape,
            model_name=work.run.model,
            recipe=Recipe.from_dict(work.run.recipe),
            folder=folder,
            home=work.workspace.home,
            progress=Aside(work.progress, name),
            card={"dataset": work.dataset.id, "run": work.run.id, "experiment": name},
        )
        return judged_by(work, str(trained.model_dir))


class Aside:
    """A Progress that passes on where the work is, and keeps the experiment's curves out of the run's own."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress, self._name = progress, name

    def stage(self, name: str, detail: str = "") -> None:
        self._progress.stage(name, f"{self._name}: {detail}" if detail else self._name)

    def advance(self, done: float, total: float, **facts: float) -> None:
        self._progress.advance(done, total, **facts)

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None: ...

    def measured(
        self, *, part: str, moment: str, epoch: float, metrics: Mapping[str, float], seconds: float
    ) -> None: ...

    def resumed(self, *, step: int, epoch: float) -> None: ...

    def log(self, text: str, *, level: str = "info") -> None:
        self._progress.log(f"{self._name}: {text}", level=level)

    def check(self) -> None:
        self._progress.check()


@contextmanager
def folder_for(folder: Path) -> Iterator[Path]:
    """Yield a folder that is removed at the end; after a kill it is still there, and the training goes on from it."""
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def judged_by(work: Work, tuned: str) -> dict[str, Any]:
    """Return the verdict's measure of a model against the run's base on the held-out part, with its interval."""
    from lib.models.cache import EmbeddingCache
    from lib.models.encoder import encode
    from lib.models.loader import fingerprint, load

    home, frame = work.workspace.home, work.dataset.frame()
    task = Task.of(frame, shape=work.dataset.shape, part="held_out")
    work.progress.stage("evaluating", "comparing")
    base = load(work.run.model, home=home)
    before = EmbeddingCache(home).embed(base, task.texts, fingerprint=fingerprint(base), progress=work.progress)
    after = encode(load(tuned, home=home), task.texts, progress=work.progress)
    groups = frame.loc[task.rows, "component"].to_numpy()
    found = differences(Judged(task, before, after, groups))[VERDICT_METRIC[task.shape]]
    return {**as_dict(found), "verdict": found.verdict}


def store(folder: Path, name: str, value: dict[str, Any]) -> None:
    """Write an experiment's result beside the run's evaluation."""
    from lib.evaluation.store import finite

    write_atomic(folder / f"{name}.json", json.dumps(finite(value), allow_nan=False))
