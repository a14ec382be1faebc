"""A workspace with one finished run whose snapshots were planted: maps and pages without training."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.evaluation.run import evaluate_inputs
from lib.projection.regions import NEAR, WIDE, Regions, write_regions
from lib.projection.run import draw_map
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.store.datasets import Dataset
from lib.store.runs import Run
from lib.store.snapshots import read_snapshots
from lib.store.workspace import Workspace, open_workspace
from tests.unit.evaluation.fakes import of_text
from tests.unit.projection.planted import pull_together, unit, world


def finished_run(home: Path, *, pairs: int = 60, snapshots: int = 3, with_map: bool = True, topics: int = 8) -> Run:
    """Make dataset, run (succeeded) and snapshots; the first half of the pairs came closer.

    One text is dangerous to show.
    """
    workspace = open_workspace(home)
    base, ends = world(pairs=pairs, topics=topics)
    frame = pd.DataFrame(
        {
            "line": np.arange(pairs) + 2,
            "part": np.array(["held_out", "train", "validation"])[np.minimum(np.arange(pairs) % 4, 2)],
            "component": np.arange(pairs),
            "anchor": [f"Question {i} about topic {i % topics}" for i in range(pairs)],
            "positive": [f"Answer {i} of topic {(i + 1) % topics}" for i in range(pairs)],
            "group": [f"team {i % 3}" for i in range(pairs)],
        }
    )
    frame.loc[0, "anchor"] = "Question <b onmouseover=alert(1)>zero</b> & more"
    dataset, run = add_finished_run(workspace, frame, Shape.PAIRS)
    write_snapshots(run, frame, base, ends, count=snapshots)
    if with_map:
        draw_map(run, dataset, home=home)
    return run


def plant_regions(run: Run, *, texts: int) -> dict[str, Regions]:
    """Write regions of a run's map: two wide ones of two near ones each, and texts between them."""
    near = np.arange(texts) % 5 - 1
    names = ("red <i>", "green", "blue", "grey")
    regions = {
        WIDE: Regions(np.where(near < 0, -1, near // 2), ("warm", "cold")),
        NEAR: Regions(near, names),
    }
    write_regions(run.paths.map.folder, regions)
    return regions


def evaluate_planted(run: Run) -> None:
    """Evaluate a planted run by its planted vectors; texts without one get random ones."""
    stored = read_snapshots(run.paths.snapshots.folder)
    row_of = {text: number for number, text in enumerate(stored.texts())}
    vectors = {"base": stored.vectors("base"), "tuned": stored.vectors("best")}

    def embed(name: str, texts: list[str]) -> np.ndarray:
        dim = vectors[name].shape[1]
        rows = [vectors[name][row_of[t]] if t in row_of else np.resize(of_text(t), dim) for t in texts]
        return np.array(rows, dtype=np.float32)

    dataset = open_workspace(run.folder.parent.parent).datasets.get(run.dataset)
    evaluate_inputs(ModelInputs.of(dataset.frame(), dataset.shape), embed, folder=run.paths.evaluation.folder)


def finished_texts(home: Path, *, texts: int = 80, classes: int = 9) -> Run:
    """Make a drawn run on labelled texts, its classes of different size."""
    workspace = open_workspace(home)
    base, ends = world(pairs=texts // 2, topics=4)
    label = np.sort(np.random.default_rng(0).integers(0, classes, len(base)) // 2)
    frame = pd.DataFrame(
        {
            "line": np.arange(len(base)) + 2,
            "part": np.where(np.arange(len(base)) % 4, "train", "held_out"),
            "component": np.arange(len(base)),
            "text": [f"text {i} <b>of</b> class {label[i]}" for i in range(len(base))],
            "label": [f"class {i}" for i in label],
        }
    )
    dataset, run = add_finished_run(workspace, frame, Shape.LABELLED_TEXTS)
    after = unit(pull_together(base, ends, np.arange(len(ends)), share=0.5))
    write(run, frame["text"].tolist(), [("base", base), ("best", after)])
    draw_map(run, dataset, home=home)
    return run


def add_finished_run(workspace: Workspace, frame: pd.DataFrame, shape: Shape) -> tuple[Dataset, Run]:
    """Publish the frame, and make a run on it that has ended well."""
    dataset = workspace.datasets.publish(
        SimpleNamespace(shape=shape, frame=frame, facts={}, left_out=frame.head(0)), name="Planted"
    )
    run = workspace.runs.create(dataset=dataset.id, model="planted/model", recipe=Recipe(), batch="Planted run")
    job = workspace.jobs.claim(run.job)
    assert job is not None
    workspace.jobs.finish(job, "succeeded")
    run = workspace.runs.get(run.id)
    run.model_dir.mkdir(parents=True)
    return dataset, run


def write_snapshots(run: Run, frame: pd.DataFrame, base: np.ndarray, ends: np.ndarray, *, count: int) -> None:
    """Write base, epochs and best, the pairs coming nearer from snapshot to snapshot."""
    closer = np.arange(len(frame) // 2)
    jitter = np.random.default_rng(0).normal(0, 0.02, base.shape)
    snapshots = [("base", base)]
    for number in range(1, count):
        share = number / (count - 1)
        name = "best" if number == count - 1 else f"epoch-{number:03d}"
        snapshots.append((name, unit(pull_together(base, ends, closer, share=0.7 * share) + share * jitter)))
    write(run, [*frame["anchor"], *frame["positive"]], snapshots)


def write(run: Run, texts: list[str], snapshots: list[tuple[str, np.ndarray]]) -> None:
    """Write texts, vectors and index as training does."""
    run.paths.snapshots.folder.mkdir(parents=True)
    pd.DataFrame({"text": texts}).to_parquet(run.paths.snapshots.texts)
    for name, vectors in snapshots:
        np.save(run.paths.snapshots.folder / f"{name}.npy", vectors.astype(np.float32))
    entries = [{"name": name, "epoch": number, "file": f"{name}.npy"} for number, (name, _) in enumerate(snapshots)]
    index = {"moments": entries, "dim": snapshots[0][1].shape[1]}
    (run.paths.snapshots.index).write_text(json.dumps(index))
