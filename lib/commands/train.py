"""`python -m lib train FILE`: read, split, train, evaluate and map.

By the same functions that the pages call.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lib import settings
from lib.commands.memory import add_memory_option, refuse_without_memory
from lib.commands.metric_lines import metric_lines
from lib.commands.model_notes import print_model_notes
from lib.commands.options import (
    PROMPT_HELP,
    add_data_options,
    add_download_option,
    load_data,
    prompt_from_option,
)
from lib.commands.progress_bar import choose_follower
from lib.data.model_inputs import ModelInputs
from lib.data.read.sources import original_files
from lib.errors import InputError
from lib.evaluation.seed_spread import SeedGroup, find_seed_groups
from lib.jobs.in_process import train_runs
from lib.jobs.recipe_search import RecipeSearch, find_best_recipe
from lib.jobs.trained_runs import FailedRun, RunResult, collect_results
from lib.recipe.grid import expand_grid, parse_grid
from lib.recipe.losses import losses_for
from lib.recipe.options import PROMPT_FIELDS
from lib.recipe.presets import PRESETS, recommended_recipe
from lib.recipe.recipe import FIELDS, Recipe
from lib.settings import BUNDLED_MODEL
from lib.shapes import Shape
from lib.store.batches import repeat_with_seeds

if TYPE_CHECKING:
    import pandas as pd

    from lib.data.prepared_dataset import PreparedDataset
    from lib.store.datasets import Dataset
    from lib.store.workspace import Workspace


@dataclass(frozen=True)
class TrainingRows:
    """The rows to train on, with their parts: of a stored dataset, or prepared and not stored yet."""

    frame: pd.DataFrame
    shape: Shape
    stored: Dataset | None = None
    prepared: PreparedDataset | None = None


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options; every setting of the recipe is one."""
    add_data_options(parser, files="*")
    parser.add_argument(
        "--dataset", metavar="ID", default="", help="a dataset of the workspace, as it was split, in place of files"
    )
    parser.add_argument(
        "--model", action="append", metavar="NAME", help=f"a base model; again for several (default {BUNDLED_MODEL})"
    )
    add_download_option(parser)
    parser.add_argument("--out", type=Path, help="copy each tuned model to this folder")
    parser.add_argument("--name", default="", help="name of the dataset")
    parser.add_argument("--notes", default="", help="notes on the dataset: its source, its purpose")
    parser.add_argument("--preset", choices=list(PRESETS), default="recommended")
    parser.add_argument(
        "--seeds", type=int, default=1, metavar="K", help="repeat each training with K seeds, from --seed upwards"
    )
    parser.add_argument(
        "--grid",
        action="append",
        default=[],
        metavar="SETTING=VALUE,VALUE",
        help="train each of several values of a setting of the recipe, such as learning-rate=2e-5,1e-4; again for a second "
        "setting: every combination. The best is chosen on validation pairs",
    )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    add_memory_option(parser)
    recipe = parser.add_argument_group("recipe (default: the preset's)")
    for spec in FIELDS.values():
        option, words = "--" + spec.name.replace("_", "-"), spec.help.replace("%", "%%")
        if spec.name == "loss":
            words = f"{words} {loss_names()}"
        elif spec.name in PROMPT_FIELDS:
            words = f"{words} {PROMPT_HELP}"
        kind = prompt_from_option if spec.name in PROMPT_FIELDS else spec.kind
        if spec.kind is bool:
            recipe.add_argument(option, action=argparse.BooleanOptionalAction, default=None, help=words)
        elif spec.kind is tuple:
            recipe.add_argument(option, type=int, nargs="*", default=None, help=words)
        else:
            choices = None if spec.name == "loss" else spec.choices or None
            recipe.add_argument(option, type=kind, default=None, help=words, choices=choices)


def loss_names() -> str:
    """List the losses of each shape, for --help."""
    by_shape = (
        f"{shape.value.replace('_', ' ')}: {', '.join(loss.name for loss in losses_for(shape))}" for shape in Shape
    )
    return f"The first is the default. {'; '.join(by_shape)}."


def run(given: argparse.Namespace) -> int:
    """Read, split, store, train, evaluate and map.

    The exit code is 0, or 1 when a run failed: the others are copied.
    """
    from lib.store.workspace import open_workspace

    if given.download:
        settings.allow_downloads()
    workspace = open_workspace()
    dataset, planned = plan_runs(given, workspace)
    name = given.name or dataset.name
    runs = train_runs(workspace, dataset, planned, name=name, follow=choose_follower(planned))
    results, failed = collect_results(workspace, runs, given.out)
    for failure in failed:
        print(f"error: {failure.error}", file=sys.stderr)
    groups = find_seed_groups(workspace.runs.get(run) for run in runs)
    searched = list(parse_grid(given.grid))
    search = find_best_recipe(workspace, results, shape=dataset.shape, settings=searched) if searched else None
    if given.json:
        print(json.dumps(report_json(dataset, results, failed, groups, search), ensure_ascii=False))
    else:
        print_results(results, groups, search)
    return 1 if failed else 0


def plan_runs(given: argparse.Namespace, workspace: Workspace) -> tuple[Dataset, list[tuple[str, Recipe]]]:
    """Read, split and store the data, and choose the recipe of each base model.

    The rows are let go: the training reads them again. Raises InputError, NotFoundError, ModelError and TrainingError.
    """
    from lib.models.catalog import check_model, is_static_name, pinned
    from lib.models.prompts.choose import choose_prompts

    data = training_data(given, workspace)
    recipes = expand_grid(recipe_from(given, int((data.frame["part"] == "train").sum())), parse_grid(given.grid))
    models = given.model or [BUNDLED_MODEL]
    for model in models:  # a wrong name is an error before anything is stored
        check_model(model, home=workspace.home)
    models = [pinned(model, home=workspace.home) for model in models]
    static = any(is_static_name(model, home=workspace.home) for model in models)
    recipes = [one.for_shape(data.shape, classes=count_classes(data.frame), static=static) for one in recipes]
    planned = [
        (model, choose_prompts(one, model, data.shape, home=workspace.home)) for model in models for one in recipes
    ]
    for number, (model, chosen) in enumerate(planned):
        inputs = ModelInputs.of(data.frame, data.shape, chosen)
        if number % len(recipes) == 0:  # the same for every recipe of a model
            print_model_notes(inputs, model, chosen, home=workspace.home)
        refuse_without_memory(inputs, model, chosen, home=workspace.home, ignore=given.ignore_memory)
    dataset = data.stored or store_dataset(given, data, workspace)
    if given.notes.strip():
        workspace.datasets.annotate(dataset.id, given.notes.strip())
    return dataset, repeat_with_seeds(planned, given.seeds)


def training_data(given: argparse.Namespace, workspace: Workspace) -> TrainingRows:
    """Load the dataset that is named, or read, audit and split the files.

    Raises InputError and NotFoundError.
    """
    if bool(given.dataset) == bool(given.file):
        raise InputError("Train needs files or --dataset, and not both.", todo="See python -m lib train --help.")
    if given.dataset:
        stored = workspace.datasets.get(given.dataset)
        return TrainingRows(stored.frame(), Shape(stored.shape), stored=stored)
    prepared = load_data(given).prepared
    return TrainingRows(prepared.frame, prepared.shape, prepared=prepared)


def store_dataset(given: argparse.Namespace, data: TrainingRows, workspace: Workspace) -> Dataset:
    """Publish the prepared files as a dataset."""
    assert data.prepared is not None, "rows that are not stored were prepared"
    name = given.name or given.file[0].resolve().name.split(".")[0]
    return workspace.datasets.publish(data.prepared, name=name, originals=original_files(given.file))


def count_classes(frame: pd.DataFrame) -> int:
    """Count the labels of the data; 2 where it has none."""
    return int(frame["label"].nunique()) if "label" in frame else 2


def recipe_from(given: argparse.Namespace, rows: int) -> Recipe:
    """Build the preset's recipe with every setting that was given. Raises InputError."""
    preset = recommended_recipe(rows) if given.preset == "recommended" else PRESETS[given.preset]
    changes = {name: getattr(given, name) for name in FIELDS if getattr(given, name) is not None}
    return replace(preset, **changes)


def report_json(
    dataset: Dataset,
    results: Sequence[RunResult],
    failed: Sequence[FailedRun],
    groups: Sequence[SeedGroup] = (),
    search: RecipeSearch | None = None,
) -> dict[str, Any]:
    """List what --json prints; failures, seeds and a grid only where there are any."""
    report = {
        "dataset": {"id": dataset.id, **dataset.counts},
        "runs": [result.to_json() for result in results],
    }
    if groups:
        report["seeds"] = [group.to_json() for group in groups]
    if search:
        report["search"] = search.to_json()
    return report | ({"failed": [asdict(one) for one in failed]} if failed else {})


def print_results(
    results: Sequence[RunResult], groups: Sequence[SeedGroup] = (), search: RecipeSearch | None = None
) -> None:
    """Print the results for a person, the spread over seeds, and the recipes of a grid."""
    for result in results:
        print(f"{result.model}: {result.verdict}")
        for line in metric_lines(result.changes):
            print(f"  {line}")
        print(f"  {result.model_dir}")
    for group in groups:
        print(f"{group.runs[0].model}: {group.sentence}")
    for line in search.lines() if search else ():
        print(line)
