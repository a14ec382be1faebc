"""Runs on one dataset compete: k, the best, and verdicts after Holm, by hand."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest

from lib.errors import StoreError
from lib.evaluation.competition import compete, find_competition
from lib.evaluation.difference import Difference
from lib.evaluation.result import Evaluation, ExampleCounts
from tests.builders import fake_run

CLEAR = Difference(0.5, 0.7, 0.1, 0.3, 0.004)
NARROW = Difference(0.5, 0.75, 0.01, 0.4, 0.03)
NONE = Difference(0.5, 0.5, -0.1, 0.1, 0.9)


def evaluation(change: Difference, *, metric: str = "mrr@10") -> Evaluation:
    counts = ExampleCounts(1, 1, 1)
    return Evaluation("pairs", metric, "A sentence.", 3, 3, 3, 3, counts, {metric: change})


def evaluations(**changes: Difference) -> dict[str, Evaluation]:
    return {name: evaluation(change) for name, change in changes.items()}


@pytest.mark.parametrize(
    ("run", "p_value", "verdict", "is_best"),
    [
        pytest.param("clear", 0.012, "better", False, id="clear"),
        pytest.param("narrow", 0.06, "no clear change", True, id="the-best-by-luck"),
        pytest.param("none", 0.9, "no clear change", False, id="none"),
    ],
)
def test_the_verdict_of_one_of_three_is_corrected(run: str, p_value: float, verdict: str, is_best: bool) -> None:
    found = compete(run, evaluations(clear=CLEAR, narrow=NARROW, none=NONE))
    assert found is not None
    assert (found.runs, found.is_best, found.corrected.verdict) == (3, is_best, verdict)
    assert found.corrected.p_value == pytest.approx(p_value)
    assert found.to_json() == {"runs": 3, "is_best": is_best, "p_value": pytest.approx(p_value), "verdict": verdict}
    assert ("Alone it would be: better" in found.sentence) == (run == "narrow")


def test_a_run_alone_has_nothing_to_be_corrected_for() -> None:
    assert compete("one", evaluations(one=CLEAR)) is None
    assert compete("other", evaluations(one=CLEAR)) is None


def test_the_same_training_once_more_is_no_competitor() -> None:
    stored = evaluations(one=CLEAR, again=CLEAR, other=NONE)
    same = {"tuned model": "0123456789abcdef"}
    stored |= {name: replace(stored[name], versions=same) for name in ("one", "again")}
    for name in ("one", "again"):
        found = compete(name, stored)
        assert found is not None
        assert (found.runs, found.is_best) == (2, True)
        assert found.corrected.p_value == pytest.approx(2 * 0.004)
    del stored["other"]
    assert compete("one", stored) is None


def test_only_measured_values_of_the_same_metric_compete() -> None:
    unmeasured = Difference(nan, nan)
    others = {"one": evaluation(CLEAR), "other": evaluation(NARROW, metric="spearman"), "third": evaluation(unmeasured)}
    assert compete("one", others) is None
    assert compete("third", others | {"fourth": evaluation(NONE)}) is None


def test_the_lowest_is_the_best_where_lower_is_better() -> None:
    lower, higher = (Difference(5, value, -3, -1, 0.01, lower_is_better=True) for value in (2.0, 3.0))
    found = compete("one", evaluations(one=lower, other=higher))
    assert found is not None
    assert found.is_best
    assert found.corrected.verdict == "better"


def test_runs_of_another_dataset_and_damaged_evaluations_do_not_compete() -> None:
    stored = {"one": evaluation(CLEAR), "same": evaluation(NONE), "elsewhere": evaluation(NONE), "waits": None}

    def load(run: object) -> Evaluation | None:
        name = run.id  # type: ignore[attr-defined]
        if name == "damaged":
            raise StoreError("It cannot be read.")
        return stored[name]

    runs = [fake_run(id=name) for name in ("one", "same", "waits", "damaged")]
    elsewhere = fake_run(id="elsewhere", dataset="other")
    found = find_competition(runs[0], [*runs, elsewhere], load)
    assert found is not None
    assert found.runs == 2
    assert find_competition(elsewhere, runs, load) is None
