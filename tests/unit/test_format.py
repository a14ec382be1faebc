"""How numbers are written: each metric in its own way, differences with sign and interval, units."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf, isnan, nan

import pytest

from lib.evaluation.difference import Difference
from lib.format import (
    format_bytes,
    format_change,
    format_cosine,
    format_count,
    format_detectable,
    format_difference,
    format_duration,
    format_headline,
    format_interval,
    format_magnitude,
    format_metric,
    format_p_value,
    format_points,
    format_step,
    metric_title,
)
from lib.store.headline import Headline

CHANGE = Difference(0.5, 0.625, 0.05, 0.2, detectable=0.09)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.14, "+14"), (-0.031, "-3"), (0.002, "+0.2"), (-0.0049, "-0.5"), (0.0, "0"), (-0.0001, "0.0"), (-1e-12, "0.0")],
)
def test_points_are_whole_from_one_on_and_zero_has_no_sign(value: float, text: str) -> None:
    assert format_points(value) == text


def test_each_metric_is_written_in_its_own_way() -> None:
    assert format_metric("median_rank", 1.5) == "1.5"
    assert format_metric("median_rank", 2.0) == "2"
    assert format_metric("median_rank", 12_345.0) == "12,345"
    assert format_metric("mrr@10", 0.51234) == "0.512"
    assert format_metric("recall@1", 0.5) == format_metric("accuracy@1", 0.5) == "50%"
    assert format_metric("recall@1", 0.502, difference=0.004) == "50.2%"
    assert format_difference("median_rank", -0.5) == "-0.5"
    assert format_difference("median_rank", -0.0) == "0"
    assert format_difference("mrr@10", -0.0001) == "0.000"
    assert format_magnitude("recall@1", 0.004) == "0.4 points"
    assert format_magnitude("recall@1", -0.01) == "1 point"
    assert format_magnitude("median_rank", 1.0) == "1 rank"
    assert format_magnitude("mrr@10", 0.09) == "0.090"


def test_a_change_is_base_tuned_difference_and_interval() -> None:
    assert format_change("recall@1", CHANGE) == "50% → 62% (+12 points, 95% CI +5 to +20)"
    assert format_change("mrr@10", CHANGE, arrow="->") == "0.500 -> 0.625 (+0.125, 95% CI +0.050 to +0.200)"
    assert format_change("median_rank", Difference(7.5, 2.0, -8.0, -1.0)) == "7.5 → 2 (-5.5 ranks, 95% CI -8 to -1)"


@pytest.mark.parametrize("bound", [None, -inf, nan])
def test_a_bound_that_does_not_exist_is_no_interval(bound: float | None) -> None:
    change = Difference.from_json({"base": 0.5, "tuned": 0.7, "difference": 0.2, "low": bound, "high": 0.3})
    assert format_interval("mrr@10", change) == "no interval"
    assert format_step("mrr@10", change) == "+0.200, no interval"
    assert format_step("recall@1", Difference(0.5, 0.51, -0.05, 0.07)) == "+1 point, 95% CI -5 to +7"


def test_a_stored_change_may_lack_its_difference() -> None:
    assert Difference.from_json({"base": 0.5, "tuned": 0.625, "metric": "mrr@10"}).difference == 0.125


def test_a_headline_has_both_values_and_the_interval() -> None:
    headline = Headline("mrr@10", "better", 12, base=0.5, tuned=0.625, difference=0.125, low=0.05, high=0.2)
    assert format_headline(headline) == "MRR@10 0.500 → 0.625 (+0.125, 95% CI +0.050 to +0.200)"
    assert format_headline(replace(headline, low=nan)) == "MRR@10 0.500 → 0.625 (+0.125, no interval)"
    assert format_headline(replace(headline, metric="accuracy@1")).startswith("Top-1 accuracy 50% → 62% (+12 points")
    assert format_headline(None) == ""


def test_a_stored_headline_comes_back_and_a_damaged_one_is_none() -> None:
    headline = Headline("mrr@10", "better", 12, base=0.5, tuned=0.625, difference=0.125, low=0.05)
    assert headline.to_json()["high"] is None
    again = Headline.from_text(json.dumps(headline.to_json()))
    assert again is not None
    assert isnan(again.high)
    assert replace(again, high=0.0) == replace(headline, high=0.0)
    for damaged in ("{}", None, "", "null", "[", '{"metric": "mrr@10", "base": "x"}'):
        assert Headline.from_text(damaged) is None


def test_what_a_sample_can_show_is_in_the_metrics_unit() -> None:
    assert "about 6 points" in format_detectable("recall@1", 0.06)
    assert "about 0.060" in format_detectable("ndcg@10", 0.06)
    assert format_detectable("recall@1", inf) == format_detectable("recall@1", nan) == ""


def test_a_metric_of_another_version_goes_by_its_key() -> None:
    assert metric_title("hit@7") == "hit@7"
    assert format_metric("hit@7", 0.5) == "0.500"


def test_cosines_and_p_values_have_three_digits() -> None:
    assert (format_cosine(0.8), format_cosine(-0.00001)) == ("0.800", "0.000")
    assert (format_cosine(0.8, signed=True), format_cosine(-0.00001, signed=True)) == ("+0.800", "0.000")
    assert (format_p_value(0.0004), format_p_value(0.0421)) == ("p < 0.001", "p = 0.042")


def test_counts_agree_with_their_noun() -> None:
    assert [format_count(number, "row") for number in (0, 1, 1204)] == ["0 rows", "1 row", "1,204 rows"]
    assert format_count(2, "query", "queries") == "2 queries"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.4, "0 s"),
        (59, "59 s"),
        (180, "3 min"),
        (200, "3 min 20 s"),
        (1800, "30 min"),
        (7500, "2 h 5 min"),
        (7200, "2 h"),
    ],
)
def test_durations_read_well(seconds: float | None, words: str) -> None:
    assert format_duration(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (None, ""),
        (12, "12 bytes"),
        (87e6, "87 MB"),
        (1.23e9, "1.23 GB"),
        (5_000, "5 kB"),
        (999.7e6, "1,000 MB"),
        (1e15, "1,000 TB"),
    ],
)
def test_sizes_read_well(number: float | None, words: str) -> None:
    assert format_bytes(number) == words
