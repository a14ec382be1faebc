"""What an evaluation says, as pages, commands, charts and the model card read it.

Stored as evaluation.json.

Light: pages import this. Stored keys keep the words of older versions where a class has another (cost, moments, looks).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from math import isfinite
from typing import Any

from lib.evaluation.difference import Difference, Verdict, finite_or_none, read_number
from lib.evaluation.side_effects.result import EvaluationWarning, SideEffects
from lib.metrics import metric_of
from lib.store.headline import Headline
from lib.typed_json import build, parse_stored

EVALUATION_VERSION = 2
"""Version of how an evaluation is computed and stored.

An older one still opens, and the page offers to evaluate again.
"""


@dataclass(frozen=True)
class Threshold:
    """A cosine from which on a pair is called a match, and what that reaches; nan where it cannot be said.

    chosen_on: validation, or halves (each half of the groups chooses for the other).
    """

    cosine: float
    precision: float
    recall: float
    f1: float
    chosen_on: str

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> Threshold | None:
        """Read a stored threshold; None where there is none."""
        if not stored:
            return None
        cosine, precision, recall, f1 = (
            read_number(stored.get(name)) for name in ("cosine", "precision", "recall", "f1")
        )
        return cls(cosine, precision, recall, f1, str(stored.get("chosen_on", "")))

    def to_json(self) -> dict[str, Any]:
        """Build what is stored."""
        return {
            name: finite_or_none(value) if isinstance(value, float) else value for name, value in asdict(self).items()
        }


@dataclass(frozen=True)
class CosineDistribution:
    """How one model's cosines are spread: counts by bin, means, and the threshold.

    pairs: those that match; others: random pairs, or the pairs of the dataset that do not match.
    """

    pairs: list[int]
    others: list[int]
    pair_mean: float
    other_mean: float
    threshold: Threshold | None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CosineDistribution:
        """Read a stored distribution."""
        pair_mean, other_mean = (read_number(stored.get(name)) for name in ("pair_mean", "random_mean"))
        threshold = Threshold.from_json(stored.get("threshold"))
        return cls(stored["pairs"], stored["random"], pair_mean, other_mean, threshold)

    def to_json(self) -> dict[str, Any]:
        """Build what is stored."""
        return {
            "pairs": self.pairs,
            "random": self.others,
            "pair_mean": finite_or_none(self.pair_mean),
            "random_mean": finite_or_none(self.other_mean),
            "threshold": self.threshold.to_json() if self.threshold else None,
        }


@dataclass(frozen=True)
class Similarity:
    """Cosines of base and tuned model.

    bins: edges of the histograms. against: what pairs are compared with, in words.
    """

    bins: list[float]
    against: str
    base: CosineDistribution
    tuned: CosineDistribution

    @property
    def by_model(self) -> dict[str, CosineDistribution]:
        """The distributions by model, base first."""
        return {"base": self.base, "tuned": self.tuned}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> Similarity | None:
        """Read a stored similarity; None for a dataset of single texts."""
        if not stored:
            return None
        base, tuned = (CosineDistribution.from_json(stored[name]) for name in ("base", "tuned"))
        if not all(map(isfinite, stored["bins"])):
            raise ValueError("an edge of its bins is not finite")
        return cls(stored["bins"], stored.get("against", "random pairs"), base, tuned)

    def to_json(self) -> dict[str, Any]:
        """Build what is stored."""
        models = {name: distribution.to_json() for name, distribution in self.by_model.items()}
        return {"bins": self.bins, "against": self.against, **models}


@dataclass(frozen=True)
class ExampleCounts:
    """How many examples became better, stayed the same, became worse."""

    better: int
    same: int
    worse: int


@dataclass(frozen=True)
class Evaluation:
    """Base against tuned model on one part of a dataset.

    metric: the one that decides the verdict. sentence: the verdict in words. examples: rows of the part; groups: independent
    groups of them; texts: distinct queries; documents: distinct targets that are ranked, 0 where none is. metrics: every metric
    of the shape by key, the deciding one first. versions: what was evaluated (dataset, models) with what (Closer, libraries).
    """

    shape: str
    metric: str
    sentence: str
    examples: int
    groups: int
    documents: int
    texts: int
    counts: ExampleCounts
    metrics: dict[str, Difference]
    similarity: Similarity | None = None
    side_effects: SideEffects = field(default_factory=SideEffects)
    warnings: tuple[EvaluationWarning, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    version: int = EVALUATION_VERSION

    @property
    def primary(self) -> Difference:
        """The change of the metric that decides the verdict."""
        return self.metrics[self.metric]

    @property
    def verdict(self) -> Verdict:
        """Better, worse or no clear change."""
        return self.primary.verdict

    @property
    def is_current(self) -> bool:
        """Whether it was computed as this version of Closer does."""
        return self.version == EVALUATION_VERSION

    @property
    def headline(self) -> Headline | None:
        """The numbers that lists of runs show; None where the metric has no value."""
        change = self.primary
        if not isfinite(change.difference):
            return None
        numbers = {name: getattr(change, name) for name in ("base", "tuned", "difference", "low", "high")}
        return Headline(metric=self.metric, verdict=self.verdict, held_out=self.examples, **numbers)

    @classmethod
    def from_json(cls, text: str | bytes) -> Evaluation:
        """Read a stored evaluation, also an older one.

        Raises JsonError where it is damaged.
        """
        return build(cls._from_json, parse_stored(text))

    @classmethod
    def _from_json(cls, stored: Mapping[str, Any]) -> Evaluation:
        if stored["metric"] not in stored["metrics"]:
            raise ValueError("the metric of the verdict has no value")
        verdicts = stored.get("verdicts", {}) | {stored["metric"]: stored["verdict"]}
        return cls(
            **{name: stored[name] for name in ("shape", "metric", "sentence", "examples", "groups", "documents")},
            texts=int(stored.get("texts", 0)),
            counts=ExampleCounts(**{count.name: int(stored["counts"][count.name]) for count in fields(ExampleCounts)}),
            metrics={
                name: Difference.from_json(
                    numbers,
                    verdict=verdicts.get(name, "no clear change"),
                    lower_is_better=metric_of(name).lower_is_better,
                )
                for name, numbers in stored["metrics"].items()
            },
            similarity=Similarity.from_json(stored.get("similarity")),
            side_effects=SideEffects.from_json(stored.get("cost", {})),
            warnings=tuple(EvaluationWarning(one["name"], one["text"]) for one in stored.get("warnings", [])),
            versions=stored.get("versions", {}),
            version=int(stored.get("version", 1)),
        )

    def to_json(self) -> str:
        """Write the evaluation as it is stored; a number that is not finite is null."""
        named = ("shape", "metric", "verdict", "sentence", "examples", "groups", "documents")
        value = {
            **{name: getattr(self, name) for name in named},
            "counts": asdict(self.counts),
            "metrics": {name: change.to_json() for name, change in self.metrics.items()},
            "similarity": self.similarity.to_json() if self.similarity else {},
            "cost": self.side_effects.to_json(),
            "versions": self.versions,
            "warnings": [asdict(warning) for warning in self.warnings],
            "verdicts": {name: change.verdict for name, change in self.metrics.items()},
            "texts": self.texts,
            "version": self.version,
        }
        return json.dumps(value, allow_nan=False)
