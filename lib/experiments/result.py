"""What experiments found, as pages and benchmarks read it, and the files beside a run that hold it.

Stored names keep the words of older versions: placebo for the control, blend for interpolation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from lib.errors import StoreError
from lib.evaluation.difference import Difference, finite_or_none, read_number
from lib.store.layout import MODEL_CARD_DATA
from lib.store.publish import write_atomic
from lib.store.runs import Run
from lib.typed_json import JsonError, build, read_stored

CONTROL, LEARNING_CURVE, INTERPOLATION = "placebo", "learning_curve", "blend"
"""Names of the experiments' files and of the jobs that make them."""

INTERPOLATION_FACTS = MODEL_CARD_DATA
"""In a saved blend's folder: what was blended, and how it does."""


@dataclass(frozen=True)
class ControlResult:
    """The same training with shuffled targets, on held-out pairs.

    control: it against the base; run: the run against the base; beyond: the run against the control, both None in results of
    older versions. model: mark of the run's model at that time, empty where that is not known.
    """

    metric: str
    control: Difference
    run: Difference | None = None
    beyond: Difference | None = None
    model: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ControlResult:
        """Read a stored result."""
        run, beyond = (_read_difference(stored.get(name)) for name in ("run", "beyond"))
        return cls(stored["metric"], Difference.from_json(stored), run, beyond, str(stored.get("model") or ""))

    def to_json(self) -> dict[str, Any]:
        """Build what is stored."""
        steps = {
            name: step.to_json_with_verdict() for name, step in (("run", self.run), ("beyond", self.beyond)) if step
        }
        return {"metric": self.metric, **self.control.to_json_with_verdict(), **steps, "model": self.model}


@dataclass(frozen=True)
class LearningCurvePoint:
    """A model trained on a fraction of the training data, so many rows, against the base."""

    fraction: float
    rows: int
    change: Difference

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> LearningCurvePoint:
        """Read a stored point."""
        return cls(float(stored["fraction"]), int(stored["rows"]), Difference.from_json(stored))

    def to_json(self) -> dict[str, Any]:
        """Build what is stored."""
        return {"fraction": self.fraction, "rows": self.rows, **self.change.to_json_with_verdict()}


@dataclass(frozen=True)
class LearningCurve:
    """Models trained on more and more of the data, on held-out pairs; the last point is the run itself.

    last_step: the run against the point before it, pair by pair; None where there is no such point. model: as in ControlResult.
    """

    metric: str
    points: tuple[LearningCurvePoint, ...]
    last_step: Difference | None = None
    model: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> LearningCurve:
        """Read a stored curve."""
        points = tuple(LearningCurvePoint.from_json(one) for one in stored["points"])
        return cls(stored["metric"], points, _read_difference(stored.get("step")), str(stored.get("model") or ""))

    def to_json(self) -> dict[str, Any]:
        """Build what is stored."""
        step = {"step": self.last_step.to_json_with_verdict()} if self.last_step else {}
        return {"metric": self.metric, "points": [one.to_json() for one in self.points], "model": self.model, **step}


@dataclass(frozen=True)
class InterpolationPoint:
    """A blend with this share of the tuned weights, on validation pairs and on the general probe.

    target_change, general_change: its differences to the base; None in results of older versions.
    """

    share: float
    target: float
    general: float
    target_change: Difference | None = None
    general_change: Difference | None = None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> InterpolationPoint:
        """Read a stored point."""
        share, target, general = (read_number(stored[name]) for name in ("share", "target", "general"))
        changes = (_read_difference(stored.get(f"{name}_difference")) for name in ("target", "general"))
        return cls(share, target, general, *changes)

    def to_json(self) -> dict[str, Any]:
        """Build what is stored."""
        changes = {"target_difference": self.target_change, "general_difference": self.general_change}
        return {
            **{name: finite_or_none(getattr(self, name)) for name in ("share", "target", "general")},
            **{name: change.to_json() for name, change in changes.items() if change},
        }


@dataclass(frozen=True)
class Interpolation:
    """Blends of base and tuned weights from base (share 0) to tuned model (1).

    metric: the one of `target`.
    """

    metric: str
    points: tuple[InterpolationPoint, ...]

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Interpolation:
        """Read a stored interpolation."""
        return cls(stored["metric"], tuple(InterpolationPoint.from_json(one) for one in stored["points"]))

    def to_json(self) -> dict[str, Any]:
        """Build what is stored."""
        return {"metric": self.metric, "points": [point.to_json() for point in self.points]}


@dataclass(frozen=True)
class SavedBlend:
    """A blend that was saved as a model: its folder, and its share and quality where these can be read.

    held_out: against the base on held-out pairs; general: on the general probe.
    """

    folder: Path
    share: float | None = None
    metric: str = ""
    held_out: Difference | None = None
    general: Difference | None = None

    @classmethod
    def from_json(cls, folder: Path, stored: Mapping[str, Any]) -> SavedBlend:
        """Read what is stored in the blend's folder."""
        held_out, general = (_read_difference(stored.get(name)) for name in ("held_out", "general"))
        return cls(folder, float(stored["share_of_tuned_weights"]), str(stored.get("metric", "")), held_out, general)


_Result = TypeVar("_Result", ControlResult, LearningCurve, Interpolation)


def _read_difference(stored: Mapping[str, Any] | None) -> Difference | None:
    return Difference.from_json(stored) if stored else None


def save_experiment(run: Run, name: str, result: ControlResult | LearningCurve | Interpolation) -> None:
    """Write an experiment's result beside the run's evaluation."""
    write_atomic(run.paths.experiment(name), json.dumps(result.to_json(), allow_nan=False))


def load_control(run: Run) -> ControlResult | None:
    """Load the control's result; None while there is none. Raises StoreError when it is damaged."""
    return _load(run, CONTROL, ControlResult.from_json)


def load_learning_curve(run: Run) -> LearningCurve | None:
    """Load the learning curve; None while there is none. Raises StoreError when it is damaged."""
    return _load(run, LEARNING_CURVE, LearningCurve.from_json)


def load_interpolation(run: Run) -> Interpolation | None:
    """Load the measured blends; None while there are none. Raises StoreError when they are damaged."""
    return _load(run, INTERPOLATION, Interpolation.from_json)


def _load(run: Run, name: str, read: Callable[[Mapping[str, Any]], _Result]) -> _Result | None:
    path = run.paths.experiment(name)
    try:
        return build(read, read_stored(path))
    except FileNotFoundError:
        return None
    except (OSError, JsonError) as error:
        raise StoreError(f"{path.name} of this run cannot be read.", todo="Start it again.") from error


def load_saved_blends(run: Run) -> list[SavedBlend]:
    """List a run's saved blends; share and quality are None where they cannot be read."""
    blends = []
    for folder in sorted(path for path in run.paths.interpolations.glob("*") if not path.name.startswith(".")):
        try:
            facts = read_stored(folder / INTERPOLATION_FACTS)
            blends.append(build(partial(SavedBlend.from_json, folder), facts))
        except (OSError, JsonError):
            blends.append(SavedBlend(folder))
    return blends
