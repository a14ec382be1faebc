"""What an exported form of a run's tuned model is and costs, as pages and commands read it.

Light: pages import this.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from lib.evaluation.difference import Difference, finite_or_none, read_number
from lib.format import format_bytes, format_count, format_interval, format_values, metric_title
from lib.metrics import metric_of
from lib.models.forms.form import FORM_FACTS, Form, form_name
from lib.store.permission import must_be_editor
from lib.store.publish import remove_published, write_atomic
from lib.store.runs import Run
from lib.typed_json import JsonError, build, read_stored

SHOWN_METRICS = ("mrr@10", "ndcg@10")
"""Shown beside the metric that decides the verdict, where the run has them."""


@dataclass(frozen=True)
class ModelCost:
    """What a model takes: the bytes of its files, its dimension, its texts a second on the CPU."""

    bytes: int
    dimension: int
    texts_per_second: float

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ModelCost:
        """Read what is stored."""
        return cls(stored["bytes"], stored["dimension"], read_number(stored["texts_per_second"]))

    def to_json(self) -> dict[str, Any]:
        """Build what is stored."""
        return {
            "bytes": self.bytes,
            "dimension": self.dimension,
            "texts_per_second": finite_or_none(self.texts_per_second),
        }


@dataclass(frozen=True)
class ExportedForm:
    """A form of the tuned model, measured from its files on the run's held-out part.

    metric: the one that decides the verdict. metrics: by key, `base` being the tuned model and `tuned` the form. examples: rows
    of the held-out part. cosine_difference: the largest change of a held-out pair's cosine. model: mark of the tuned model.
    """

    form: Form
    metric: str
    metrics: Mapping[str, Difference]
    examples: int
    cosine_difference: float
    exported: ModelCost
    tuned: ModelCost
    model: str

    @property
    def name(self) -> str:
        """The name of its record and folder."""
        return form_name(self.form, self.exported.dimension)

    @property
    def title(self) -> str:
        """Its form in words, with its dimension where it can be chosen."""
        facts = FORM_FACTS[self.form]
        return f"{facts.title} ({self.exported.dimension})" if facts.has_dimension else facts.title

    @property
    def shown_metrics(self) -> tuple[str, ...]:
        """The metrics that a table shows, the one that decides first."""
        keys = dict.fromkeys((self.metric, *SHOWN_METRICS))
        return tuple(key for key in keys if key in self.metrics)

    @property
    def times_faster(self) -> float:
        """How many times as many texts a second as the tuned model."""
        return self.exported.texts_per_second / max(1e-9, self.tuned.texts_per_second)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ExportedForm:
        """Read what is stored. Raises ValueError where the metric that decides is missing."""
        metrics = {
            key: Difference.from_json(
                {**change, "base": change["tuned"], "tuned": change["exported"]},
                lower_is_better=metric_of(key).lower_is_better,
            )
            for key, change in stored["metrics"].items()
        }
        if stored["metric"] not in metrics:
            raise ValueError("the metric that decides is missing")
        return cls(
            Form(stored["form"]),
            stored["metric"],
            metrics,
            stored["examples"],
            read_number(stored["cosine_difference"]),
            ModelCost.from_json(stored["exported"]),
            ModelCost.from_json(stored["tuned"]),
            stored["model"],
        )

    def to_json(self) -> dict[str, Any]:
        """Build what is stored, and what --json prints: of each metric the tuned model's value and the form's."""
        return {
            "form": str(self.form),
            "metric": self.metric,
            "metrics": {key: _change_json(change) for key, change in self.metrics.items()},
            "examples": self.examples,
            "cosine_difference": finite_or_none(self.cosine_difference),
            "exported": self.exported.to_json(),
            "tuned": self.tuned.to_json(),
            "model": self.model,
        }


def _change_json(change: Difference) -> dict[str, Any]:
    stored = change.to_json_with_verdict()
    tuned, exported = stored.pop("base"), stored.pop("tuned")
    return {**stored, "tuned": tuned, "exported": exported}


def price_lines(exported: ExportedForm) -> list[str]:
    """Write what a form costs, one line each: metrics with intervals, speed, size."""
    cost, tuned = exported.exported, exported.tuned
    change_known = isfinite(exported.cosine_difference)
    largest = f"; largest change of a pair's cosine {exported.cosine_difference:.2g}" if change_known else ""
    lines = []
    for key in exported.shown_metrics:
        change = exported.metrics[key]
        lines.append(f"{metric_title(key)}: {format_values(key, change, arrow='->')} ({format_interval(key, change)})")
    return [
        *lines,
        f"{format_speed(cost)} on the CPU, the tuned model {format_speed(tuned)} ({exported.times_faster:.1f}x)",
        f"{format_bytes(cost.bytes)} (tuned: {format_bytes(tuned.bytes)}), {cost.dimension} dimensions "
        f"(tuned: {tuned.dimension}){largest}",
    ]


def format_speed(cost: ModelCost) -> str:
    """Write texts a second."""
    if not isfinite(cost.texts_per_second):
        return "unknown"
    return f"{format_count(round(cost.texts_per_second), 'text')}/s"


def save_exported_form(run: Run, exported: ExportedForm) -> None:
    """Write a form's record in place of an older one."""
    run.paths.exports.mkdir(exist_ok=True)
    text = json.dumps(exported.to_json(), ensure_ascii=False, allow_nan=False)
    write_atomic(run.paths.exports / f"{exported.name}.json", text)


def list_exported_forms(run: Run) -> list[ExportedForm]:
    """List the measured forms of a run, larger dimensions first; damaged records are left out."""
    forms = [_load(run, path.stem) for path in run.paths.exports.glob("*.json")]
    order = list(FORM_FACTS)
    known = [one for one in forms if one is not None]
    return sorted(known, key=lambda one: (order.index(one.form), -one.exported.dimension))


def _load(run: Run, name: str) -> ExportedForm | None:
    try:
        exported = build(ExportedForm.from_json, read_stored(run.paths.exports / f"{name}.json"))
    except (OSError, JsonError):
        return None
    return exported if exported.name == name else None


def has_files(run: Run, exported: ExportedForm) -> bool:
    """Whether a form's files lie in the run's folder, and not only its record."""
    return (run.paths.exports / exported.name).is_dir()


def remove_exported_form(run: Run, exported: ExportedForm) -> None:
    """Remove a form's files and its record from a run's folder."""
    must_be_editor()
    remove_published(run.paths.exports / exported.name)
    (run.paths.exports / f"{exported.name}.json").unlink(missing_ok=True)
