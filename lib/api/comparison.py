"""Compare any two models on pairs, without training."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lib.api.html import picture_html, verdict_html
from lib.api.map_figure import MapVectors, ends_svg
from lib.api.pairs import TrainingData, all_held_out
from lib.api.results import EvaluationSummary
from lib.data.model_inputs import ModelInputs
from lib.errors import NotFoundError
from lib.evaluation.result import Evaluation
from lib.projection.store import Map
from lib.recipe.recipe import Recipe
from lib.store.workspace import open_workspace

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Comparison(EvaluationSummary):
    """Two models on the same pairs.

    base, tuned: their names; pairs: a row each, as a trained model has them; vectors: what the map is computed from.
    """

    base: str
    tuned: str
    evaluation: Evaluation
    pairs: pd.DataFrame
    vectors: MapVectors = field(repr=False, compare=False)

    def map(self, *, dark: bool = False) -> go.Figure:
        """Draw the map with its slider, computed once.

        Raises NotFoundError for models of different dimensions.
        """
        if self._map is None:
            raise NotFoundError("Vectors of different dimensions have no common map.", todo="Compare their metrics.")
        return self.vectors.figure(self._map, self.pairs, dark=dark).figure

    @cached_property
    def _map(self) -> Map | None:
        return self.vectors.compute()

    def __repr__(self) -> str:
        return f"{self.tuned} against {self.base}: {self.sentence}"

    def _repr_html_(self) -> str:
        title = f"{self.tuned} against {self.base}"
        return verdict_html(title, self.evaluation) + self._map_html(title)

    def _map_html(self, title: str) -> str:
        """Draw the map as a picture; empty where there is none."""
        if self._map is None:
            return ""
        figure = self.vectors.figure(self._map, self.pairs)
        return picture_html(ends_svg(figure, self._map, title=title), name=f"{title}: map")


def compare(
    base: str | Path,
    tuned: str | Path,
    data: TrainingData,
    *,
    query_prompt: str | None = None,
    document_prompt: str | None = None,
    home: Path | str | None = None,
) -> Comparison:
    """Evaluate two models (names or folders) on all pairs of the data, as a run on its held-out ones.

    Give pairs that neither was trained on. Both read with the same prompts: those given, else those that the second model
    expects. Vectors go to the workspace's cache. Raises InputError and ModelError.
    """
    from lib.evaluation.run import evaluate_inputs
    from lib.evaluation.store import read_pairs
    from lib.models.loader import fingerprint, load_model
    from lib.models.prompts.choose import choose_prompts
    from lib.models.vector_cache import EmbeddingCache
    from lib.training.snapshots import shown_texts

    workspace = open_workspace(Path(home).expanduser() if home else None)
    frame, shape = all_held_out(data)
    asked = Recipe(query_prompt=query_prompt, document_prompt=document_prompt)
    inputs = ModelInputs.of(frame, shape, choose_prompts(asked, str(tuned), shape, home=workspace.home))
    names = {"base": str(base), "tuned": str(tuned)}
    models = {side: load_model(name, reading=inputs.reading, home=workspace.home) for side, name in names.items()}
    marks = {side: fingerprint(model) for side, model in models.items()}
    cache = EmbeddingCache(workspace.home)

    def embed(side: str, texts: list[str]) -> np.ndarray:
        return cache.embed(models[side], texts, fingerprint=marks[side])

    with tempfile.TemporaryDirectory(prefix="closer-compare-") as name:
        folder = Path(name) / "evaluation"
        evaluation = evaluate_inputs(inputs, embed, folder=folder, versions=marks, called="given")
        texts = shown_texts(inputs)
        vectors = {side: embed(side, inputs.read_by_use(texts)) for side in names}
        shown = MapVectors(inputs.frame, inputs.shape, texts, vectors)
        return Comparison(names["base"], names["tuned"], evaluation, read_pairs(folder), shown)
