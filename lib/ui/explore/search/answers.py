"""Answer a question by base and tuned: from the stored evaluation, or by the inference process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lib.models.inference.answers import Ranking
from lib.models.inference.client import InferenceClient
from lib.shapes import Shape
from lib.store.datasets import Dataset
from lib.store.runs import Run


@dataclass(frozen=True)
class SearchRequest:
    """What a search needs of a run: its models, its targets, how they are read."""

    models: tuple[str, str]
    parquet: str
    column: str
    reading: dict[str, str]

    @classmethod
    def of(cls, run: Run, dataset: Dataset, reading: dict[str, str]) -> SearchRequest:
        """Search the right texts of a run's dataset, or its texts where it has single ones."""
        column = "text" if dataset.shape == Shape.LABELLED_TEXTS else "positive"
        return cls((run.model, str(run.model_dir)), str(dataset.paths.examples), column, reading)

    def load(self, client: InferenceClient) -> None:
        """Let the inference process load both models and the targets' vectors, in the background.

        Without a whole tuned model there is nothing to load; a question then shows the error.
        """
        if not (Path(self.models[1]) / "modules.json").is_file():
            return
        client.prepare(
            self.models[1],
            "load_search",
            models=self.models,
            parquet=self.parquet,
            column=self.column,
            reading=self.reading,
        )

    def ask(
        self, client: InferenceClient, question: str, right: list[str], *, ignore_memory: bool = False
    ) -> dict[str, Ranking]:
        """Rank the targets for a question by base and tuned. right: the texts that answer it, where known.

        Raises MemoryShortageError where the index may not fit, unless that is ignored.
        """
        found = client.call(
            "nearest",
            models=self.models,
            query=question,
            parquet=self.parquet,
            column=self.column,
            reading=self.reading,
            right=right,
            ignore_memory=ignore_memory,
        )
        return {name: Ranking.from_json(one) for name, one in zip(("base", "tuned"), found, strict=True)}

    def ask_by_words(self, client: InferenceClient, question: str, right: list[str]) -> Ranking:
        """Rank the targets for a question by BM25."""
        found = client.call("best_by_words", query=question, parquet=self.parquet, column=self.column, right=right)
        return Ranking.from_json(found)


def known_answers(frame: pd.DataFrame, question: str) -> list[str]:
    """List the texts that the dataset pairs with exactly this question.

    None where the dataset only scores or labels pairs.
    """
    if "positive" not in frame or "label" in frame or "score" in frame:
        return []
    return list(dict.fromkeys(frame.loc[frame["anchor"] == question, "positive"]))
