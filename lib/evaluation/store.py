"""Stored evaluations, as pages and commands read them. Light: json and parquet only."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

VERSION = 1


class HasEvaluation(Protocol):
    """A run, as far as its evaluation is concerned."""

    @property
    def evaluation_dir(self) -> Path: ...


@dataclass(frozen=True)
class Evaluation:
    """What was found out on the held-out part. metrics: name -> base, tuned, difference, low, high, p_value, detectable."""

    shape: str
    metric: str
    verdict: str
    sentence: str
    examples: int
    groups: int
    documents: int
    counts: dict[str, int]
    metrics: dict[str, dict[str, float]]
    similarity: dict[str, Any] = field(default_factory=dict)
    cost: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    version: int = VERSION

    @property
    def headline(self) -> dict[str, Any]:
        """Return the numbers that lists of runs show."""
        numbers = {name: self.metrics[self.metric][name] for name in ("base", "tuned", "difference", "low", "high")}
        return {"metric": self.metric, "verdict": self.verdict, "held_out": self.examples, **numbers}

    def to_json(self) -> str:
        """Return the evaluation as JSON text."""
        return json.dumps(asdict(self), allow_nan=True)


def load_evaluation(run: HasEvaluation) -> Evaluation | None:
    """Return a run's evaluation, or None while there is none."""
    path = run.evaluation_dir / "evaluation.json"
    if not path.exists():
        return None
    return Evaluation(**json.loads(path.read_text(encoding="utf-8")))


def load_pairs(run: HasEvaluation) -> pd.DataFrame:
    """Return a run's table of examples: pair, part, texts, component, base_ and tuned_ cosine, rank, margin, background, change."""
    return pd.read_parquet(run.evaluation_dir / "pairs.parquet")


def load_neighbours(run: HasEvaluation) -> pd.DataFrame:
    """Return the nearest targets of every held-out source: pair, moment (base, tuned), place (from 1), text, cosine, right."""
    return pd.read_parquet(run.evaluation_dir / "neighbours.parquet")
