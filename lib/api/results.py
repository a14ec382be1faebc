"""What trainings give a notebook: verdicts, metrics, maps, models; tables are DataFrames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pandas as pd

from lib.api.html import map_html, verdict_html
from lib.data.model_inputs import Role
from lib.errors import NotFoundError
from lib.evaluation.result import Evaluation
from lib.evaluation.seed_spread import find_seed_groups
from lib.evaluation.store import load_pairs
from lib.experiments.file_vectors import model_of_side, run_reading
from lib.format import metric_title
from lib.store.runs import Run
from lib.store.workspace import open_workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from sentence_transformers import SentenceTransformer


def metrics_frame(evaluation: Evaluation) -> pd.DataFrame:
    """Write every metric as a row: base, tuned, difference, its 95% interval (low, high), verdict."""
    rows = {
        metric_title(key): [change.base, change.tuned, change.difference, change.low, change.high, change.verdict]
        for key, change in evaluation.metrics.items()
    }
    columns = ["base", "tuned", "difference", "low", "high", "verdict"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("metric")


class EvaluationSummary:
    """What an evaluation says, for the results that hold one."""

    evaluation: Evaluation

    @property
    def verdict(self) -> str:
        """Better, worse or no clear change: the second model against the first."""
        return self.evaluation.verdict

    @property
    def sentence(self) -> str:
        """The verdict with its figures, in words."""
        return self.evaluation.sentence

    @property
    def metrics(self) -> pd.DataFrame:
        """Every metric, a row each: base, tuned, difference, low, high, verdict."""
        return metrics_frame(self.evaluation)


@dataclass(frozen=True)
class TrainedModel(EvaluationSummary):
    """A tuned model with its evaluation on held-out pairs.

    name: of the base model; folder: of the tuned model, for SentenceTransformer(folder) anywhere; run: its id, under which
    Explore shows it; seed: of the recipe.
    """

    name: str
    folder: Path
    run: str
    evaluation: Evaluation
    home: Path
    seed: int = 0

    @property
    def pairs(self) -> pd.DataFrame:
        """The held-out pairs, a row each: texts, cosines, ranks and margins of both models, change."""
        return load_pairs(self._run)

    def map(self, *, dark: bool = False) -> go.Figure:
        """Draw the map with its slider. Raises NotFoundError where the training changed nothing to draw."""
        from lib.api.map_figure import run_map_figure

        figure = run_map_figure(self._run, self.home, dark=dark)
        if figure is None:
            raise NotFoundError(f"The run {self.run} has no map.", todo=f"Draw it: python -m lib map {self.run}")
        return figure.figure

    def load(self, side: str = "tuned") -> SentenceTransformer:
        """Load the tuned (or base) model, with its prompts."""
        return self._models[side] if side in self._models else self._load(side)

    def embed(
        self, texts: pd.Series | Sequence[str], *, role: str = "document", side: str = "tuned"
    ) -> pd.DataFrame | np.ndarray:
        """Embed texts as queries or documents: (texts, dimension) float32, a DataFrame of a Series."""
        from lib.models.encoder import encode

        reading = run_reading(open_workspace(self.home), self._run)
        rows = encode(self.load(side), reading.read(list(texts), Role(role)))
        return pd.DataFrame(rows, index=texts.index) if isinstance(texts, pd.Series) else rows

    def _load(self, side: str) -> SentenceTransformer:
        from lib.models.loader import load_model

        reading = run_reading(open_workspace(self.home), self._run)
        self._models[side] = load_model(model_of_side(self._run, side), reading=reading, home=self.home)
        return self._models[side]

    @cached_property
    def _models(self) -> dict[str, SentenceTransformer]:
        return {}

    @cached_property
    def _run(self) -> Run:
        return open_workspace(self.home).runs.get(self.run)

    def __repr__(self) -> str:
        return f"{self.name}: {self.sentence} ({self.folder})"

    def _repr_html_(self) -> str:
        return verdict_html(self.name, self.evaluation, str(self.folder)) + map_html(self._run, self.home)


@dataclass(frozen=True)
class TrainedModels(Sequence[TrainedModel]):
    """The models of one training, in the order they were named, each with its seeds.

    failed: why others have none, by name.
    """

    models: tuple[TrainedModel, ...]
    failed: dict[str, str]

    @property
    def best(self) -> TrainedModel:
        """The model with the best deciding metric; the best of several is a little worse than it looks."""
        sign = -1 if self.models[0].evaluation.primary.lower_is_better else 1
        return max(self.models, key=lambda model: sign * model.evaluation.primary.tuned)

    def to_frame(self) -> pd.DataFrame:
        """Write a row for each model and seed: verdict, deciding metric, interval of the change."""
        rows = []
        for model in self.models:
            change = model.evaluation.primary
            numbers = [change.base, change.tuned, change.difference, change.low, change.high]
            title = metric_title(model.evaluation.metric)
            rows.append([model.seed, model.verdict, title, *numbers, str(model.folder)])
        columns = ["seed", "verdict", "metric", "base", "tuned", "difference", "low", "high", "folder"]
        names = pd.Index([model.name for model in self.models], name="model")
        return pd.DataFrame(rows, index=names, columns=columns)

    @property
    def seeds(self) -> pd.DataFrame:
        """A row for each base model that was trained with several seeds.

        Mean and spread of the deciding metric: how much of a result is luck. deviation: standard deviation of a sample; better: how many are, each by itself.
        """
        groups = find_seed_groups(model._run for model in self.models)
        rows = [
            [
                len(group.runs),
                metric_title(group.metric),
                *group.tuned.to_json().values(),
                group.difference.mean,
                group.better,
            ]
            for group in groups
        ]
        columns = ["seeds", "metric", "mean", "deviation", "low", "high", "difference", "better"]
        names = pd.Index([group.runs[0].model for group in groups], name="model")
        return pd.DataFrame(rows, index=names, columns=columns)

    def __len__(self) -> int:
        return len(self.models)

    @overload
    def __getitem__(self, place: int) -> TrainedModel: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[TrainedModel]: ...

    def __getitem__(self, place: Any) -> Any:
        return self.models[place]

    def __iter__(self) -> Iterator[TrainedModel]:
        return iter(self.models)

    def __repr__(self) -> str:
        lines = [repr(model) for model in self.models] + [f"{name}: {why}" for name, why in self.failed.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from lib.api.html import failure_html

        shown = [model._repr_html_() for model in self.models]
        return "".join([*shown, *(failure_html(name, why) for name, why in self.failed.items())])
