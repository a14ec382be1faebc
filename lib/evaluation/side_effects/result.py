"""What else a training changed, as pages and commands read it; the key `cost` of evaluation.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from typing import Any

from lib.evaluation.difference import Difference, finite_or_none, read_number


@dataclass(frozen=True)
class EvaluationWarning:
    """Something that a reader of the evaluation must know: its name, and a sentence with the numbers."""

    name: str
    text: str


@dataclass(frozen=True)
class EmbeddingSpace:
    """The shape of an embedding space; alignment is nan where no pairs were measured."""

    effective_rank: float
    random_cosine: float
    uniformity: float
    alignment: float = nan

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> EmbeddingSpace:
        """Read a stored space."""
        return cls(
            *(read_number(stored.get(name)) for name in ("effective_rank", "random_cosine", "uniformity", "alignment"))
        )

    def to_json(self) -> dict[str, float | None]:
        """Build what is stored."""
        names = ("effective_rank", "random_cosine", "uniformity", "alignment")
        return {name: finite_or_none(getattr(self, name)) for name in names}


@dataclass(frozen=True)
class SnapshotMetrics:
    """One snapshot of a run: its space, and the selection metric on training and validation rows.

    train, validation: nan where too few rows of the part have snapshots.
    """

    name: str
    epoch: float
    space: EmbeddingSpace
    train: float = nan
    validation: float = nan
    train_rows: int = 0
    validation_rows: int = 0

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> SnapshotMetrics:
        """Read a stored snapshot's numbers."""
        return cls(
            stored["name"],
            stored["epoch"],
            EmbeddingSpace.from_json(stored),
            train=read_number(stored.get("train")),
            validation=read_number(stored.get("validation")),
            train_rows=int(stored.get("train_rows", 0)),
            validation_rows=int(stored.get("validation_rows", 0)),
        )

    def to_json(self) -> dict[str, Any]:
        """Build what is stored: no key for what was not measured."""
        parts = {
            f"{part}{suffix}": getattr(self, f"{part}{suffix}")
            for part in ("train", "validation")
            for suffix in ("", "_rows")
            if getattr(self, f"{part}_rows")
        }
        space = {
            name: value for name, value in self.space.to_json().items() if name != "alignment" or value is not None
        }
        numbers = {name: finite_or_none(value) if isinstance(value, float) else value for name, value in parts.items()}
        return {"name": self.name, "epoch": self.epoch, **space, **numbers}


@dataclass(frozen=True)
class ValidationSteps:
    """Change of the validation metric from base to best epoch and from best to last.

    Of so many evaluated epochs.
    """

    best: Difference
    last: Difference
    evaluations: int

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> ValidationSteps | None:
        """Read stored steps; None where there are none."""
        if not stored:
            return None
        best, last = (Difference.from_json(stored[name]) for name in ("best", "last"))
        return cls(best, last, int(stored.get("looks", 1)))

    def to_json(self) -> dict[str, Any]:
        """Build what is stored."""
        steps = {name: getattr(self, name).to_json_with_verdict() for name in ("best", "last")}
        return {**steps, "looks": self.evaluations}


@dataclass(frozen=True)
class ProbeResult:
    """General similarity: Spearman with the grades of the probe's pairs, and the share of neighbours kept."""

    spearman: Difference
    pairs: int
    neighbours_kept: float

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> ProbeResult | None:
        """Read a stored result; None where there is none."""
        if not stored or not stored.get("probe"):
            return None
        kept = read_number(stored.get("neighbours_kept"))
        return cls(Difference.from_json(stored["probe"]), int(stored.get("probe_pairs", 0)), kept)

    def to_json(self) -> dict[str, Any]:
        """Build what is stored."""
        return {
            "probe": self.spearman.to_json(),
            "probe_pairs": self.pairs,
            "neighbours_kept": finite_or_none(self.neighbours_kept),
        }


@dataclass(frozen=True)
class SideEffects:
    """Spaces of base and tuned model, the run's snapshots, validation steps, general similarity.

    The snapshots are in order.
    """

    base: EmbeddingSpace | None = None
    tuned: EmbeddingSpace | None = None
    snapshots: tuple[SnapshotMetrics, ...] = ()
    validation: ValidationSteps | None = None
    probe: ProbeResult | None = None

    def snapshot(self, name: str) -> SnapshotMetrics | None:
        """Look up a snapshot by name, such as base or best."""
        return next((one for one in self.snapshots if one.name == name), None)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> SideEffects:
        """Read stored side effects; what an older version did not store is None."""
        base, tuned = (
            EmbeddingSpace.from_json(stored[name]) if stored.get(name) else None for name in ("base", "tuned")
        )
        return cls(
            base,
            tuned,
            tuple(SnapshotMetrics.from_json(one) for one in stored.get("moments", [])),
            ValidationSteps.from_json(stored.get("validation")),
            ProbeResult.from_json(stored.get("general")),
        )

    def to_json(self) -> dict[str, Any]:
        """Build what is stored."""
        stored: dict[str, Any] = {
            name: space.to_json() for name, space in (("base", self.base), ("tuned", self.tuned)) if space
        }
        stored |= {
            "moments": [snapshot.to_json() for snapshot in self.snapshots],
            "validation": self.validation.to_json() if self.validation else {},
        }
        return stored | ({"general": self.probe.to_json()} if self.probe else {})
