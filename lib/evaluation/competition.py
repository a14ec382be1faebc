"""Runs that compete on one dataset: the best of several looks clear by luck more often than one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from typing import Any

from lib.errors import StoreError
from lib.evaluation.difference import Difference
from lib.evaluation.multiple_comparisons import correct_differences
from lib.evaluation.result import Evaluation
from lib.format import format_count, format_p_value
from lib.store.runs import Run


@dataclass(frozen=True)
class Competition:
    """One run among the evaluated runs of its dataset.

    runs: how many compete, those with the same tuned model as one; is_best: whether no other has a better tuned value; alone: its change as if there were no other;
    corrected: the same with p-value and verdict by Holm's method over all of them.
    """

    runs: int
    is_best: bool
    alone: Difference
    corrected: Difference

    @property
    def sentence(self) -> str:
        """What the choice among the runs means for the verdict, in words."""
        place = "The best" if self.is_best else "One"
        among = f"{place} of {self.runs} runs on this dataset"
        words = f"{among}: corrected for {format_count(self.runs, 'comparison')} (Holm), {_outcome(self.corrected)}."
        if self.corrected.verdict == self.alone.verdict:
            return words
        return f"{words} Alone it would be: {_outcome(self.alone)}."

    def to_json(self) -> dict[str, Any]:
        """Build what --json prints."""
        return {
            "runs": self.runs,
            "is_best": self.is_best,
            "p_value": self.corrected.p_value,
            "verdict": self.corrected.verdict,
        }


def _outcome(change: Difference) -> str:
    return f"{change.verdict}, {format_p_value(change.p_value)}"


def find_competition(run: Run, others: Iterable[Run], load: Callable[[Run], Evaluation | None]) -> Competition | None:
    """Compare a run with the other evaluated runs of its dataset; None where there is no other.

    others: any runs, this one may be among them. load: reads a run's evaluation.
    """
    evaluations = {}
    for one in (run, *others):
        if one.dataset == run.dataset:
            with suppress(StoreError):  # a damaged one says so where it is shown
                evaluations[one.id] = load(one)
    return compete(run.id, {name: one for name, one in evaluations.items() if one is not None})


def compete(run: str, evaluations: Mapping[str, Evaluation]) -> Competition | None:
    """Correct a run's change of the primary metric for the evaluations beside it, by run.

    Only evaluations whose metric has a value count, and of runs with one and the same tuned model one. None where the run has
    none, or is alone.
    """
    if run not in evaluations:
        return None
    metric = evaluations[run].metric
    by_model = {one.versions.get("tuned model", name): name for name, one in evaluations.items()}
    by_model[evaluations[run].versions.get("tuned model", run)] = run
    changes = {
        name: one.primary
        for name, one in ((name, evaluations[name]) for name in by_model.values())
        if one.metric == metric and isfinite(one.primary.difference) and isfinite(one.primary.p_value)
    }
    if run not in changes or len(changes) < 2:
        return None
    corrected = dict(zip(changes, correct_differences(list(changes.values())), strict=True))
    return Competition(len(changes), _is_best(changes[run], changes.values()), changes[run], corrected[run])


def _is_best(change: Difference, changes: Iterable[Difference]) -> bool:
    sign = -1 if change.lower_is_better else 1
    return all(sign * change.tuned >= sign * one.tuned for one in changes)
