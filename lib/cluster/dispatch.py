"""Train a run where its recipe says: in this process, or in several."""

from __future__ import annotations

from typing import Any

import torch

from lib.cluster.request import TrainingRequest
from lib.data.model_inputs import ModelInputs
from lib.errors import InputError
from lib.models.loader import choose_device
from lib.progress import Progress
from lib.recipe.options import ALL_DEVICES, RAY_CLUSTER
from lib.recipe.recipe import FIELDS, Recipe
from lib.store.context import JobContext


def dispatch_training(context: JobContext, *, card: dict[str, Any]) -> None:
    """Train the context's run to its end. card: facts for the model card. Raises what the training raises."""
    if context.run.recipe.where == RAY_CLUSTER:
        train_on_cluster(context, card)
    elif (processes := choose_processes(context.run.recipe, context.progress)) > 1:
        train_on_devices(context, card, processes=processes)
    else:
        train_here(context, card)


def choose_processes(recipe: Recipe, progress: Progress) -> int:
    """Decide in how many processes to train.

    Raises InputError for more than there are graphics cards, and for a device that cannot share a batch.
    """
    if recipe.where != ALL_DEVICES:
        return 1
    device = choose_device(recipe.device)
    there = torch.cuda.device_count() if device == "cuda" else 1
    wanted = recipe.processes or there
    if device == "cuda" and wanted > there:
        raise InputError(
            f"This machine has {there} graphics cards, and {wanted} processes are asked for.",
            where=FIELDS["processes"].label,
            todo="Use as many processes as there are, or 0.",
        )
    if device == "mps" and wanted > 1:
        raise InputError(
            "The device mps cannot be shared by several processes.", where="Device", todo="Choose the device cpu."
        )
    if wanted == 1:
        progress.log("This machine has one device: the training runs in one process. On a CPU, set Processes.")
    return wanted


def train_here(context: JobContext, card: dict[str, Any]) -> None:
    """Train in this process."""
    from lib.training.run import train_model

    run, dataset = context.run, context.dataset
    train_model(
        inputs=ModelInputs.of(dataset.frame(), dataset.shape, run.recipe),
        model_name=run.model,
        recipe=run.recipe,
        folder=run.folder,
        home=context.workspace.home,
        progress=context.progress,
        card=card,
    )


def train_on_devices(context: JobContext, card: dict[str, Any], *, processes: int) -> None:
    """Train in several processes of this machine."""
    from lib.cluster.torchrun import train_by_torchrun

    train_by_torchrun(request_of(context, card), processes=processes, progress=context.progress)


def train_on_cluster(context: JobContext, card: dict[str, Any]) -> None:
    """Train on a Ray cluster."""
    from lib.cluster.ray_training import train_on_ray

    train_on_ray(request_of(context, card), progress=context.progress)


def request_of(context: JobContext, card: dict[str, Any]) -> TrainingRequest:
    """Write down what the processes need to know of the context's run."""
    run, dataset = context.run, context.dataset
    return TrainingRequest(
        examples=str(dataset.paths.examples),
        shape=dataset.shape,
        model=run.model,
        recipe=run.recipe.to_json(),
        folder=str(run.folder),
        home=str(context.workspace.home),
        card=card,
    )
