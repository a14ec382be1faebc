"""The recipes of one command: which is best on validation, and its verdict on held-out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.evaluation.competition import Competition, find_competition
from lib.evaluation.store import load_evaluation
from lib.format import format_metric, metric_title
from lib.jobs.trained_runs import RunResult
from lib.metrics import metric_of, selection_metric
from lib.recipe.setting_texts import describe_setting
from lib.store.workspace import Workspace


@dataclass(frozen=True)
class SearchedRecipe:
    """One of the recipes: its run, the settings of the grid, its best metric on validation."""

    run: str
    model: str
    settings: Mapping[str, Any]
    validation: float

    def describe(self, metric: str) -> str:
        """Describe it in one line."""
        settings = ", ".join(describe_setting(name, value) for name, value in self.settings.items())
        return f"{format_metric(metric, self.validation)}  {settings}  ({self.model}, {self.run})"


@dataclass(frozen=True)
class RecipeSearch:
    """Recipes by falling validation metric; the first is the choice.

    competition: the chosen run on held-out, corrected for all runs of its dataset; None where it is alone.
    """

    metric: str
    recipes: tuple[SearchedRecipe, ...]
    competition: Competition | None

    @property
    def best(self) -> SearchedRecipe:
        """The recipe that is best on validation; of equals the one that was trained first."""
        return self.recipes[0]

    def lines(self) -> list[str]:
        """Write the recipes for a person, the best first, and what its verdict is worth."""
        title = f"Recipes by {metric_title(self.metric)} on validation pairs, which no verdict is from:"
        ends = [self.competition.sentence] if self.competition else []
        return [title, *(f"  {one.describe(self.metric)}" for one in self.recipes), *ends]

    def to_json(self) -> dict[str, Any]:
        """Build what --json prints."""
        return {
            "metric": self.metric,
            "best": self.best.run,
            "recipes": [
                {"run": one.run, "settings": dict(one.settings), "validation": one.validation} for one in self.recipes
            ],
            "competition": self.competition.to_json() if self.competition else None,
        }


def find_best_recipe(
    workspace: Workspace, results: Sequence[RunResult], *, shape: str, settings: Sequence[str]
) -> RecipeSearch | None:
    """Order the results of a grid by the metric that chooses epochs, on validation.

    None without any. settings: those of the grid.
    """
    if not results:
        return None
    metric = selection_metric(shape)
    sign = 1 if metric_of(metric).lower_is_better else -1
    searched = []
    for result in results:
        recipe = workspace.runs.get(result.run).recipe
        values = [epoch[metric] for epoch in result.epochs if epoch["epoch"] > 0]
        best = min(values, key=lambda value: sign * value)
        searched.append(SearchedRecipe(result.run, result.model, {n: getattr(recipe, n) for n in settings}, best))
    recipes = tuple(sorted(searched, key=lambda one: sign * one.validation))
    best_run = workspace.runs.get(recipes[0].run)
    return RecipeSearch(metric, recipes, find_competition(best_run, workspace.runs.all(), load_evaluation))
