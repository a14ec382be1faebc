"""What a comparison of base models on the validation part says, and where it is stored.

Light: pages import this.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any

from lib.evaluation.difference import Difference, finite_or_none, read_number
from lib.format import format_count
from lib.store.layout import WorkspacePaths
from lib.store.publish import write_atomic
from lib.typed_json import JsonError, build, read_stored, typed

WORDS = "BM25"
"""What the reference is called where documents are ranked."""

NOT_STATED = "not stated"
"""What a card leaves open, in words."""


@dataclass(frozen=True)
class Quality:
    """One metric of one ranking on the validation part, with its 95% interval; nan where it has none."""

    value: float
    low: float = nan
    high: float = nan

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Quality:
        """Read a stored metric."""
        return cls(*(read_number(stored.get(name)) for name in ("value", "low", "high")))

    def to_json(self) -> dict[str, float | None]:
        """Build what is stored, and what --json prints."""
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

    @property
    def licence_text(self) -> str:
        """The licence in words."""
        return self.licence or NOT_STATED

    @property
    def languages_text(self) -> str:
        """The languages in words."""
        return ", ".join(self.languages) or NOT_STATED

    @property
    def length_text(self) -> str:
        """The max length in words."""
        return format_count(self.max_length, "token") if self.max_length else "whole texts"


@dataclass(frozen=True)
class BaseResult:
    """One base model: its metrics by key, its facts, and its change against the reference.

    The change is None for the reference itself.
    """

    model: str
    metrics: Mapping[str, Quality]
    facts: BaseFacts
    change: Difference | None = None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> BaseResult:
        """Read a stored base model."""
        metrics = {name: Quality.from_json(quality) for name, quality in stored["metrics"].items()}
        change = Difference.from_json(stored["difference"]) if stored["difference"] else None
        facts = {**stored, "languages": tuple(stored["languages"])}
        return cls(stored["model"], metrics, typed(BaseFacts, facts), change)

    def to_json(self) -> dict[str, Any]:
        """Build what is stored, and what --json prints."""
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

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> BaseComparison:
        """Read a stored comparison. Raises ValueError for one without base models."""
        bases = tuple(BaseResult.from_json(one) for one in stored["bases"])
        if not bases or any(stored["metric"] not in base.metrics for base in bases):
            raise ValueError("it has no base model with the metric that decides")
        words = {name: Quality.from_json(quality) for name, quality in (stored["bm25"] or {}).items()}
        named = {name: stored[name] for name in ("metric", "reference", "examples", "documents")}
        return cls(**named, bases=bases, words=words)

    def to_json(self) -> dict[str, Any]:
        """Build what is stored, and what --json prints."""
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


def base_comparison_path(home: Path, dataset: str) -> Path:
    """Build the path of a dataset's newest comparison, JSON."""
    return WorkspacePaths(home).base_comparisons / f"{dataset}.json"


def load_base_comparison(home: Path, dataset: str) -> BaseComparison | None:
    """Read a dataset's newest comparison; None where there is none, or a damaged one."""
    try:
        return build(BaseComparison.from_json, read_stored(base_comparison_path(home, dataset)))
    except (OSError, JsonError):
        return None


def save_base_comparison(home: Path, dataset: str, comparison: BaseComparison) -> None:
    """Write a dataset's comparison in place of an older one."""
    path = base_comparison_path(home, dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, json.dumps(comparison.to_json(), ensure_ascii=False, allow_nan=False))
