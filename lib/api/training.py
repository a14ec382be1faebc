"""Train base models from a notebook: several names, epochs, pairs, a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lib import settings
from lib.api.pairs import TrainingData, prepare_data
from lib.api.results import TrainedModel, TrainedModels
from lib.commands.memory import refuse_without_memory
from lib.commands.progress_bar import choose_follower
from lib.commands.train import count_classes
from lib.data.model_inputs import ModelInputs
from lib.data.prepared_dataset import PreparedDataset
from lib.errors import InputError, TrainingError
from lib.jobs.in_process import train_runs
from lib.jobs.trained_runs import FailedRun, collect_results, evaluation_of_run
from lib.models.catalog import check_model, is_static_name, pinned
from lib.models.loader import fetch_model
from lib.models.prompts.choose import choose_prompts
from lib.recipe.presets import PRESETS, recommended_recipe
from lib.recipe.recipe import FIELDS, Recipe
from lib.store.batches import repeat_with_seeds
from lib.store.workspace import Workspace, open_workspace


def train(
    models: str | Sequence[str],
    data: TrainingData,
    *,
    epochs: int | None = None,
    folder: Path | str | None = None,
    name: str = "notebook",
    preset: str = "recommended",
    validation: float = settings.VALIDATION_FRACTION,
    held_out: float = settings.HELD_OUT_FRACTION,
    split_seed: int = 0,
    home: Path | str | None = None,
    seeds: int = 1,
    ignore_memory: bool = False,
    **recipe: Any,
) -> TrainedModels:
    """Train each base model on the data, evaluate it on held-out pairs, and draw its map.

    models: names or folders. folder: each tuned model is copied to folder/<its name with / as _>. name: of the dataset, as
    the pages show it. home: the workspace, where runs are kept and the dashboard finds them (default: the one in use).
    seeds: repeat each training with so many seeds, from the recipe's `seed` upwards. ignore_memory: train although memory may not suffice. recipe: any setting of a training (batch_size, learning_rate, loss,
    query_prompt, ...; `python -m lib train --help` lists them). Raises InputError, ModelError, and TrainingError for want of
    memory, before anything is stored; TrainingError where no model could be trained.
    """
    workspace = open_workspace(Path(home).expanduser() if home else None)
    names = _known_models([models] if isinstance(models, str) else list(models), workspace)
    prepared = prepare_data(data, validation=validation, held_out=held_out, split_seed=split_seed)
    given = recipe if epochs is None else {"epochs": epochs, **recipe}
    planned = _plan(prepared, names, preset, given, workspace)
    for model, chosen in planned:
        inputs = ModelInputs.of(prepared.frame, prepared.shape, chosen)
        refuse_without_memory(inputs, model, chosen, home=workspace.home, ignore=ignore_memory)
    planned = repeat_with_seeds(planned, seeds)
    dataset = workspace.datasets.publish(prepared, name=name)
    runs = train_runs(workspace, dataset, planned, name=name, follow=choose_follower(planned))
    done, failed = collect_results(workspace, runs, Path(folder) if folder else None)
    if not done:
        raise TrainingError(" ".join(one.error for one in failed), todo="See the run on the Train page, or its log.")
    trained = tuple(load_run(one.run, home=workspace.home, folder=one.model_dir) for one in done)
    return TrainedModels(trained, {_title_failure(workspace, one, seeds): one.error for one in failed})


def load_run(run: str, *, home: Path | str | None = None, folder: Path | str | None = None) -> TrainedModel:
    """Load a finished run of the workspace by its id. folder: where its model was copied to.

    Raises NotFoundError, and TrainingError for a run that has not succeeded.
    """
    workspace = open_workspace(Path(home).expanduser() if home else None)
    found = workspace.runs.get(run)
    evaluation = evaluation_of_run(workspace, found)
    where = Path(folder or found.model_dir)
    return TrainedModel(found.model, where, found.id, evaluation, workspace.home, seed=found.recipe.seed)


def _title_failure(workspace: Workspace, failed: FailedRun, seeds: int) -> str:
    """Name a run that failed: its model, and its seed where there are several."""
    seed = workspace.runs.get(failed.run).recipe.seed
    return failed.model if seeds == 1 else f"{failed.model}, seed {seed}"


def _known_models(names: Sequence[str], workspace: Workspace) -> list[str]:
    """Check each name, and pin it to what is on this machine. Raises InputError and ModelError."""
    if not names:
        raise InputError("There is no base model.", todo=f"Name one, such as {settings.BUNDLED_MODEL}.")
    for name in names:
        check_model(name, home=workspace.home)
        fetch_model(name, home=workspace.home)  # one that is not here, and may not be downloaded
    return [pinned(name, home=workspace.home) for name in names]


def _plan(
    prepared: PreparedDataset, names: Sequence[str], preset: str, given: dict[str, Any], workspace: Workspace
) -> list[tuple[str, Recipe]]:
    """Choose the recipe of each model. Raises InputError for a setting that is unknown or out of bounds."""
    if unknown := sorted(given.keys() - FIELDS.keys()):
        raise InputError(f"There is no setting {unknown[0]}.", todo=f"There are: {', '.join(FIELDS)}.")
    if preset not in PRESETS:
        raise InputError(f"There is no preset {preset}.", todo=f"There are: {', '.join(PRESETS)}.")
    shape, home = prepared.shape, workspace.home
    start = recommended_recipe(prepared.counts["train"]) if preset == "recommended" else PRESETS[preset]
    static = any(is_static_name(name, home=home) for name in names)
    chosen = replace(start, **given).for_shape(shape, classes=count_classes(prepared.frame), static=static)
    return [(name, choose_prompts(chosen, name, shape, home=home)) for name in names]
