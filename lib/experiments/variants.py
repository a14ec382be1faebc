"""Train by a run's recipe on changed train splits: one after another here, side by side on a cluster.

No model is saved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from lib.cluster import ray_training
from lib.cluster.request import TrainingRequest
from lib.errors import CancelledError
from lib.experiments.held_out import HeldOutComparison
from lib.experiments.variant_progress import SharedProgress, VariantProgress
from lib.recipe.options import RAY_CLUSTER
from lib.store.context import JobContext
from lib.store.layout import DatasetPaths
from lib.store.names import folder_name
from lib.store.publish import remove_published


def train_variants(
    context: JobContext, held_out: HeldOutComparison, frames: Mapping[str, pd.DataFrame]
) -> dict[str, np.ndarray]:
    """Train on each frame where the run's recipe says, and embed the true held-out part.

    frames: by the names of the trainings, as the vectors are. No model stays.
    """
    if context.run.recipe.where == RAY_CLUSTER:
        return _train_on_cluster(context, held_out, frames)
    return {name: _train_here(context, held_out, frame, name=name) for name, frame in frames.items()}


def _train_here(context: JobContext, held_out: HeldOutComparison, frame: pd.DataFrame, *, name: str) -> np.ndarray:
    from lib.training.run import train_model

    run = context.run
    with _temporary_folder(run.paths.experiment_training(name)) as folder:
        result = train_model(
            inputs=held_out.inputs.with_frame(frame),
            model_name=run.model,
            recipe=run.recipe,
            folder=folder,
            home=context.workspace.home,
            progress=VariantProgress(context.progress, name),
            card=_card(context, name),
        )
        return _embed(context, held_out, result.model_dir)


def _train_on_cluster(
    context: JobContext, held_out: HeldOutComparison, frames: Mapping[str, pd.DataFrame]
) -> dict[str, np.ndarray]:
    run = context.run
    with ExitStack() as stack:
        folders = {name: stack.enter_context(_temporary_folder(run.paths.experiment_training(name))) for name in frames}
        requests = {name: _request(context, frame, folders[name], name=name) for name, frame in frames.items()}
        _train_side_by_side(requests, SharedProgress(context.progress, list(frames)))
        model = folder_name(run.model)
        return {name: _embed(context, held_out, folder / model) for name, folder in folders.items()}


def _train_side_by_side(requests: Mapping[str, TrainingRequest], progress: SharedProgress) -> None:
    """Train all at once, each driven from a thread of its own; where one fails the others stop.

    Ray lets wait what has no room. Raises what the first one raises.
    """
    with ThreadPoolExecutor(max(1, len(requests))) as pool:
        trainings = [
            pool.submit(ray_training.train_on_ray, request, progress=progress.of(name))
            for name, request in requests.items()
        ]
        wait(trainings, return_when=FIRST_EXCEPTION)
        progress.stop()  # where none has failed, all have ended
    errors = [error for training in trainings if (error := training.exception())]
    if errors:
        raise min(errors, key=lambda error: isinstance(error, CancelledError))


def _request(context: JobContext, frame: pd.DataFrame, folder: Path, *, name: str) -> TrainingRequest:
    """Write the changed examples beside the training, where every node sees them, and what is asked for."""
    run, examples = context.run, DatasetPaths(folder).examples
    frame.to_parquet(examples)
    return TrainingRequest(
        examples=str(examples),
        shape=context.dataset.shape,
        model=run.model,
        recipe=run.recipe.to_json(),
        folder=str(folder),
        home=str(context.workspace.home),
        card=_card(context, name),
    )


def _card(context: JobContext, name: str) -> dict[str, str]:
    return {"dataset": context.dataset.id, "run": context.run.id, "experiment": name}


def _embed(context: JobContext, held_out: HeldOutComparison, model_dir: Path) -> np.ndarray:
    """Embed the held-out part with a model that was trained."""
    from lib.models.loader import load_model

    context.progress.stage("evaluating", "comparing")
    model = load_model(str(model_dir), reading=held_out.inputs.reading, home=context.workspace.home)
    return held_out.vectors(model)


@contextmanager
def _temporary_folder(folder: Path) -> Iterator[Path]:
    """Hold a folder for the block and remove it at the end.

    After a kill it stays, and the training resumes from it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    remove_published(folder)
