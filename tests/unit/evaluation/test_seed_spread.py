"""Repeats with several seeds: what is grouped, and mean and spread by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib.evaluation.seed_spread import Spread, find_seed_group, find_seed_groups
from lib.recipe.presets import RECOMMENDED
from lib.store.headline import Headline
from lib.store.runs import Run
from tests.builders import fake_run


def repeat(
    name: str, seed: int, tuned: float = 0.5, *, verdict: str = "better", epochs: int = 3, **rest: object
) -> Run:
    headline = Headline("accuracy@1", verdict, 20, base=0.25, tuned=tuned, difference=tuned - 0.25)
    recipe = replace(RECOMMENDED, seed=seed, epochs=epochs)
    return fake_run(id=name, **({"headline": headline, "recipe_text": recipe.to_text()} | rest))


def test_mean_and_spread_are_those_of_a_sample() -> None:
    spread = Spread.of([0.5, 0.6, 0.75, 0.55])
    assert spread.mean == pytest.approx(0.6)
    assert spread.deviation == pytest.approx((0.035 / 3) ** 0.5)  # squares 0.01 + 0 + 0.0225 + 0.0025, over n - 1
    assert (spread.low, spread.high) == (0.5, 0.75)


def test_runs_that_differ_in_their_seed_alone_are_a_group() -> None:
    runs = [repeat("c", 44, 0.75), repeat("a", 42, 0.5), repeat("b", 43, 0.625, verdict="no clear change")]
    (group,) = find_seed_groups(runs)
    assert ([run.id for run in group.runs], group.seeds, group.better) == (["a", "b", "c"], (42, 43, 44), 2)
    assert group.tuned == Spread(0.625, pytest.approx(0.125), 0.5, 0.75)
    assert group.difference == Spread(0.375, pytest.approx(0.125), 0.25, 0.5)
    assert group.to_json()["runs"] == ["a", "b", "c"]
    assert group.sentence.startswith(
        "Over 3 seeds: Top-1 accuracy 62% on average, standard deviation 12 points, from 50% to 75%; "
    )
    assert group.sentence.endswith("better in 2 of 3.")


@pytest.mark.parametrize(
    "other",
    [
        repeat("b", 43, epochs=4),
        repeat("b", 43, model="another"),
        repeat("b", 43, dataset="another"),
        repeat("b", 43, headline=None),
        repeat("b", 42),
        repeat("b", 43, recipe_text="damaged"),
        repeat("b", 43, headline=Headline("spearman", "better", 20, 0.5, 0.5, 0.0)),
    ],
    ids=["settings", "model", "dataset", "not-evaluated", "same-seed", "damaged", "metric"],
)
def test_other_runs_are_no_repeat(other: Run) -> None:
    assert find_seed_groups([repeat("a", 42), other]) == []


def test_a_run_finds_its_own_group() -> None:
    runs = [repeat("a", 42), repeat("b", 43), repeat("c", 42, epochs=9), repeat("d", 43, epochs=9)]
    group = find_seed_group(runs[3], runs)
    assert group is not None
    assert [run.id for run in group.runs] == ["c", "d"]
    assert find_seed_group(repeat("e", 42, epochs=5), runs) is None
    again = repeat("f", 42, 0.875)  # the same seed once more: its own result counts where it is looked at
    group = find_seed_group(again, runs)
    assert group is not None
    assert [run.id for run in group.runs] == ["f", "b"]
