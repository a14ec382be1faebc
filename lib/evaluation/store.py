"""Stored evaluations, as pages and commands read them. Light: json and parquet only."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow

from lib.errors import StoreError
from lib.store.headline import Headline
from lib.store.layout import MODEL_CARD_DATA, EvaluationPaths
from lib.store.runs import Run

VERSION = 2
"""Of how an evaluation is computed and stored. An older one still opens, and the page offers to judge anew."""

INTERPOLATION_FACTS = MODEL_CARD_DATA
"""In a saved blend's folder: what was mixed, and how that judges."""


@dataclass(frozen=True)
class Evaluation:
    """What was found out on the held-out part. metrics: name -> base, tuned, difference, low, high, p_value, detectable.

    verdicts: of each measure, better, worse or no clear change. texts: distinct sources, where a source may have several pairs.
    """

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
    warnings: list[dict[str, str]] = field(default_factory=list)
    verdicts: dict[str, str] = field(default_factory=dict)
    texts: int = 0
    version: int = VERSION

    @property
    def is_current(self) -> bool:
        """Say whether it was computed as this version of Closer does."""
        return self.version == VERSION

    @property
    def headline(self) -> Headline | None:
        """The numbers that lists of runs show; None where the metric has no value."""
        change = self.metrics[self.metric]
        if not math.isfinite(change["difference"]):
            return None
        numbers = {name: change[name] for name in ("base", "tuned", "difference", "low", "high")}
        return Headline(metric=self.metric, verdict=self.verdict, held_out=self.examples, **numbers)

    def to_json(self) -> str:
        """Return the evaluation as JSON text; a bound that is not finite is null."""
        return json.dumps(nonfinite_to_none(asdict(self)), allow_nan=False)


def nonfinite_to_none(value: Any) -> Any:
    """Return the value with None in the place of every number that JSON cannot hold."""
    if isinstance(value, dict):
        return {name: nonfinite_to_none(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [nonfinite_to_none(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def load_evaluation(run: Run) -> Evaluation | None:
    """Return a run's evaluation, or None while there is none. Raises StoreError when the file is damaged."""
    return read_evaluation(run.paths.evaluation.folder)


def read_evaluation(folder: Path) -> Evaluation | None:
    """Return the evaluation in a folder, or None; numbers that were not finite come back as nan."""
    path = EvaluationPaths(folder).summary
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        known = {name: value for name, value in stored.items() if name in Evaluation.__dataclass_fields__}
        metrics = {name: {k: _number(v) for k, v in values.items()} for name, values in known["metrics"].items()}
        return Evaluation(**(known | {"metrics": metrics, "version": int(known.get("version", 1))}))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError("The evaluation of this run cannot be read.", todo="Evaluate the run again.") from error


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def load_pairs(run: Run) -> pd.DataFrame:
    """Return a run's table of examples: pair, part, texts, component, base_ and tuned_ cosine, rank, margin, background,

    gain, change (better, same, worse) and wrong. Raises StoreError when it is missing or damaged.
    """
    return _table(run.paths.evaluation.pairs)


def load_neighbours(run: Run, *, pair: int | None = None) -> pd.DataFrame:
    """Return what is nearest to held-out sources (of one pair, or all): pair, moment (base, tuned), place (from 1), text,

    cosine, right, own (this pair's target).
    """
    filters = None if pair is None else [("pair", "==", pair)]
    return _table(run.paths.evaluation.neighbours, filters=filters)


def _table(path: Path, filters: list[tuple[str, str, int]] | None = None) -> pd.DataFrame:
    try:
        return pd.read_parquet(path, filters=filters)
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise StoreError(f"{path.name} of this run cannot be read.", todo="Evaluate the run again.") from error


def load_experiment(run: Run, name: str) -> dict[str, Any] | None:
    """Return what an experiment (placebo, learning_curve, blend) of the run found, or None while there is nothing."""
    path = run.paths.experiment(name)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreError(f"{path.name} of this run cannot be read.", todo="Start it again.") from error


def load_blends(run: Run) -> list[tuple[Path, dict[str, Any]]]:
    """Return the folders of a run's saved blends with what is known of each; nothing is known where that cannot be read."""
    found = []
    for folder in sorted(path for path in run.paths.interpolations.glob("*") if not path.name.startswith(".")):
        try:
            found.append((folder, json.loads((folder / INTERPOLATION_FACTS).read_text(encoding="utf-8"))))
        except (OSError, ValueError):
            found.append((folder, {}))
    return found
