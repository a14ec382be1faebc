"""Quality by group, where it was planted which group the model is bad at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.data.model_inputs import ModelInputs
from lib.evaluation.agreement import average_precision, spearman_correlation
from lib.evaluation.groups import compare_groups
from lib.evaluation.result import Evaluation
from lib.evaluation.run import evaluate_inputs
from lib.shapes import Shape
from tests.unit.evaluation.fakes import graded_embedder, pairs_frame


def evaluated(folder: Path, quality: dict[str, dict[int, float]]) -> tuple[Evaluation, pd.DataFrame]:
    """Evaluate planted pairs; the evaluation and its per-pair results."""
    embed = graded_embedder({"base": 0.3, "tuned": 0.6}, special=quality)
    evaluation = evaluate_inputs(ModelInputs.of(pairs_frame(180, held_out=120), Shape.PAIRS), embed, folder=folder)
    return evaluation, pd.read_parquet(folder / "pairs.parquet")


def test_the_worst_group_stands_first_and_few_pairs_last(tmp_path: Path) -> None:
    bad = dict.fromkeys(range(60, 110), 0.1)
    _, pairs = evaluated(tmp_path / "evaluation", {"tuned": bad})
    number = pairs["anchor"].str.removeprefix("question ").astype(int)
    language = pd.Series(np.select([number < 110, number < 176], ["de", "en"], "fr"), pairs.index)
    language[number == 179] = ""
    groups = compare_groups(pairs, language, Shape.PAIRS)
    assert [(one.value, one.examples, one.units) for one in groups] == [("de", 50, 50), ("en", 66, 66), ("fr", 3, 3)]
    german, english, french = groups
    assert german.high < english.low, "the planted difference is clear"
    assert english.change.verdict == "better"
    assert german.change.verdict != "better"
    assert 0 <= german.low <= german.change.tuned <= german.high <= 1
    assert not french.is_measurable
    assert np.isnan(french.low)
    assert french.change.verdict == "no clear change"


def test_one_group_of_all_pairs_has_the_numbers_of_the_verdict(tmp_path: Path) -> None:
    evaluation, pairs = evaluated(tmp_path / "evaluation", {})
    (everything,) = compare_groups(pairs, pd.Series("all", pairs.index), Shape.PAIRS)
    assert everything.change.to_json() == pytest.approx(evaluation.primary.to_json())
    assert everything.change.verdict == evaluation.verdict
    assert (everything.examples, everything.units) == (evaluation.texts, evaluation.groups)


def test_a_query_of_several_targets_counts_once_and_by_its_best() -> None:
    pairs = pd.DataFrame(
        {"anchor": ["a", "a", "b"], "component": [0, 0, 1], "base_rank": [4, 1, 2], "tuned_rank": [9, 9, 1]}
    )
    (group,) = compare_groups(pairs, pd.Series(["x"] * 3), Shape.PAIRS)
    assert (group.examples, group.change.base, group.change.tuned) == (2, 0.5, 0.5)
    (other,) = compare_groups(pairs, pd.Series(["x", "", ""]), Shape.PAIRS)
    assert other.change.base == 1.0, "its right target of another value came first"


def scored(rows: int = 80) -> pd.DataFrame:
    """Build cosines that follow score and label well in the tuned model, and not in the base model."""
    draw = np.random.default_rng(0)
    score = draw.uniform(size=rows)
    return pd.DataFrame(
        {
            "component": np.arange(rows),
            "score": score,
            "label": np.where(score > 0.5, "1", "0"),
            "base_cosine": draw.uniform(size=rows),
            "tuned_cosine": score + draw.normal(0, 0.1, rows),
            "base_neighbours": draw.uniform(0, 0.5, rows),
            "tuned_neighbours": draw.uniform(0.4, 1.0, rows),
        }
    )


@pytest.mark.parametrize("shape", [Shape.SCORED, Shape.LABELLED_PAIRS, Shape.LABELLED_TEXTS])
def test_other_shapes_are_compared_by_their_own_metric(shape: Shape) -> None:
    pairs = scored()
    values = pd.Series(np.where(np.arange(80) < 50, "shop", "blog"))
    groups = {one.value: one for one in compare_groups(pairs, values, shape)}
    some = pairs[values == "shop"]
    is_match = (some["label"] == "1").to_numpy(float)
    expected = {
        Shape.SCORED: lambda model: spearman_correlation(some["score"].to_numpy(), some[f"{model}_cosine"].to_numpy()),
        Shape.LABELLED_PAIRS: lambda model: average_precision(is_match, some[f"{model}_cosine"].to_numpy()),
        Shape.LABELLED_TEXTS: lambda model: some[f"{model}_neighbours"].mean(),
    }[shape]
    shop = groups["shop"]
    assert (shop.change.base, shop.change.tuned) == pytest.approx((expected("base"), expected("tuned")))
    assert shop.low < shop.change.tuned < shop.high <= 1
    assert shop.change.verdict == "better"


def test_a_metric_that_is_undefined_in_a_group_is_no_number() -> None:
    pairs = scored().assign(label="1", score=0.5)
    for shape in (Shape.SCORED, Shape.LABELLED_PAIRS):
        (group,) = compare_groups(pairs, pd.Series(["x"] * 80), shape)
        assert np.isnan(group.change.tuned)
        assert not group.is_measurable


def test_intervals_hold_the_true_share_nearly_as_often_as_they_say() -> None:
    draw, true, inside = np.random.default_rng(1), 0.7, 0
    for _ in range(100):
        ranks = np.where(draw.uniform(size=40) < true, 1, 5)
        pairs = pd.DataFrame({"anchor": np.arange(40).astype(str), "component": np.arange(40), "base_rank": 2})
        (group,) = compare_groups(pairs.assign(tuned_rank=ranks), pd.Series(["x"] * 40), Shape.PAIRS)
        inside += group.low <= true <= group.high
    assert inside >= 92
