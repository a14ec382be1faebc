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
from lib.evaluation.compare import PRIMARY_METRIC, as_dict, compare_metrics
from lib.evaluation.model_pair import ModelPair
from lib.evaluation.run import cached_embedder, components_of_rows
from lib.evaluation.store import nonfinite_to_none
from lib.evaluation.task import EvalTask
from lib.progress import Progress
from lib.store.context import JobContext
from lib.store.publish import write_atomic
from lib.store.runs import Run

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


TRAIN_FRACTIONS = (0.25, 0.5)
"""Shares of the training data that are trained on anew; the whole is the run itself."""

MIN_TRAIN_ROWS = 8


def run_control(work: JobContext) -> tuple[str, ...]:
    """Train with shuffled targets on the same budget; store how that judges on the held-out part, and the run against it."""
    shape, part = Shape(work.dataset.shape), HeldOutComparison(work)
    frame = shuffle_targets(work.dataset.frame(), shape, seed=recipe_seed(work))
    rows = train_variant(work, part, frame, name="placebo")
    run = part.tuned()
    save_experiment(
        work.run,
        "placebo",
        {
            "metric": PRIMARY_METRIC[shape],
            **part.compared(part.base(), rows),
            "run": part.compared(part.base(), run),
            "beyond": part.compared(rows, run),
            "model": part.mark,
        },
    )
    return ()


def run_learning_curve(work: JobContext) -> tuple[str, ...]:
    """Train on 25% and 50% of the training data; store how these and the run itself judge, and the last step pair by pair."""
    frame, shape, part = work.dataset.frame(), Shape(work.dataset.shape), HeldOutComparison(work)
    points, rows = [], part.base()
    for fraction in TRAIN_FRACTIONS:
        some = sample_components(frame, fraction, seed=recipe_seed(work))
        number = int((some["part"] == "train").sum())
        if number >= MIN_TRAIN_ROWS:
            rows = train_variant(work, part, some, name=f"fraction-{round(100 * fraction)}")
            points.append({"fraction": fraction, "rows": number, **part.compared(part.base(), rows)})
    run = part.tuned()
    whole = {"fraction": 1.0, "rows": int((frame["part"] == "train").sum()), **part.compared(part.base(), run)}
    found = {"metric": PRIMARY_METRIC[shape], "points": [*points, whole], "model": part.mark}
    save_experiment(work.run, "learning_curve", found | ({"step": part.compared(rows, run)} if points else {}))
    return ()


def recipe_seed(work: JobContext) -> int:
    """Return the seed of the run's recipe."""
    return int(work.run.recipe.get("seed", 0))


def shuffle_targets(frame: pd.DataFrame, shape: Shape, *, seed: int) -> pd.DataFrame:
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


def sample_components(frame: pd.DataFrame, fraction: float, *, seed: int) -> pd.DataFrame:
    """Return the frame with a share of its training components, whole ones; a smaller share is within a larger one."""
    train = frame["part"] == "train"
    components = frame.loc[train, "component"].unique()
    order = np.random.default_rng(seed).permutation(components)
    kept = order[: max(1, round(fraction * len(order)))]
    return frame[~train | frame["component"].isin(kept)]


def train_variant(work: JobContext, part: HeldOutComparison, frame: pd.DataFrame, *, name: str) -> np.ndarray:
    """Train by the run's recipe on the frame, leave no model behind; return its vectors of the dataset's true held-out part."""
    from lib.models.loader import load_model
    from lib.training.recipe import Recipe
    from lib.training.run import train_model

    with temporary_folder(work.run.paths.experiment_training(name)) as folder:
        trained = train_model(
            dataset_frame=frame,
            shape=work.dataset.shape,
            model_name=work.run.model,
            recipe=Recipe.from_dict(work.run.recipe),
            folder=folder,
            home=work.workspace.home,
            progress=ExperimentProgress(work.progress, name),
            card={"dataset": work.dataset.id, "run": work.run.id, "experiment": name},
        )
        work.progress.stage("evaluating", "comparing")
        return part.vectors(load_model(str(trained.model_dir), home=work.workspace.home))


class ExperimentProgress:
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
def temporary_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder that is removed at the end; after a kill it is still there, and the training goes on from it."""
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class HeldOutComparison:
    """The dataset's held-out part: vectors of the run's own models come from the cache, any two models can be compared."""

    def __init__(self, work: JobContext) -> None:
        frame = work.dataset.frame()
        self.work = work
        self.task = EvalTask.of(frame, shape=work.dataset.shape, part="held_out")
        self.groups = components_of_rows(frame, self.task.rows)
        self.embed, marks = cached_embedder(work.run, home=work.workspace.home, progress=work.progress)
        self.mark = marks["tuned"][:16]

    def base(self) -> np.ndarray:
        """Return the base model's vectors of the task's texts."""
        return self.embed("base", self.task.texts)

    def tuned(self) -> np.ndarray:
        """Return the tuned model's vectors of the task's texts."""
        return self.embed("tuned", self.task.texts)

    def vectors(self, model: SentenceTransformer) -> np.ndarray:
        """Return another model's vectors of the task's texts."""
        from lib.models.encoder import encode

        return encode(model, self.task.texts, progress=self.work.progress)

    def compared(self, before: np.ndarray, after: np.ndarray) -> dict[str, Any]:
        """Return the verdict's measure of one model's vectors against another's, with its interval and verdict."""
        found = compare_metrics(ModelPair(self.task, before, after, self.groups))[PRIMARY_METRIC[self.task.shape]]
        return {**as_dict(found), "verdict": found.verdict}


def save_experiment(run: Run, name: str, value: dict[str, Any]) -> None:
    """Write an experiment's result beside the run's evaluation."""
    write_atomic(run.paths.experiment(name), json.dumps(nonfinite_to_none(value), allow_nan=False))
