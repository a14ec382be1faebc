"""What a comparison of base models on the validation part says. Light: pages import this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from typing import Any

from lib.evaluation.difference import Difference, finite_or_none

WORDS = "BM25"
"""What the reference is called where documents are ranked."""


@dataclass(frozen=True)
class Quality:
    """One metric of one ranking on the validation part, with its 95% interval; nan where it has none."""

    value: float
    low: float = nan
    high: float = nan

    def to_json(self) -> dict[str, float | None]:
        """Build what --json prints."""
        return {name: finite_or_none(value) for name, value in vars(self).items()}


@dataclass(frozen=True)
class BaseFacts:
    """What a base model is, apart from its quality here.

    texts_per_second: on this machine; bytes: of its weights; max_length: tokens, 0 where whole texts are read. licence,
    languages: as its card states them, empty where it doesn't.
    """

    texts_per_second: float
    bytes: int
    dimension: int
    max_length: int
    licence: str
    languages: tuple[str, ...]
    query_prompt: str
    document_prompt: str


@dataclass(frozen=True)
class BaseResult:
    """One base model: its metrics by key, its facts, and its change against the reference.

    The change is None for the reference itself.
    """

    model: str
    metrics: Mapping[str, Quality]
    facts: BaseFacts
    change: Difference | None = None

    def to_json(self) -> dict[str, Any]:
        """Build what --json prints."""
        return {
            "model": self.model,
            "metrics": {name: quality.to_json() for name, quality in self.metrics.items()},
            "difference": self.change.to_json_with_verdict() if self.change else None,
            **vars(self.facts),
        }


@dataclass(frozen=True)
class BaseComparison:
    """Base models on the validation part, the best first, and BM25, where documents are ranked.

    metric: the one that decides; reference: what each is compared with, BM25 or the first model's name; the verdicts are
    corrected for the number of comparisons (Holm). examples: validation rows; documents: distinct targets that are ranked.
    """

    metric: str
    reference: str
    examples: int
    documents: int
    bases: tuple[BaseResult, ...]
    words: Mapping[str, Quality]

    @property
    def best(self) -> str:
        """The model with the highest metric."""
        return self.bases[0].model

    def to_json(self) -> dict[str, Any]:
        """Build what --json prints."""
        return {
            "metric": self.metric,
            "part": "validation",
            "examples": self.examples,
            "documents": self.documents,
            "reference": self.reference,
            "bm25": {name: quality.to_json() for name, quality in self.words.items()} or None,
            "bases": [base.to_json() for base in self.bases],
            "best": self.best,
        }
