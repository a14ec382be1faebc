"""The model of docs/scaling.md follows its formulas, and its tables are those of the measured rates."""

from __future__ import annotations

from dataclasses import replace
from math import isinf

import pytest

from bench import results, scaling
from bench.scaling import DAY, Estimate, Rates

RATES = Rates(
    prepare=1e-4,
    base_memory=1e8,
    memory=500.0,
    file=60.0,
    dataset=70.0,
    step=0.5,
    encoded=1_000.0,
    ranked=2e-8,
    vector=1_536.0,
    doubling=2**0.5,
)


def test_an_estimate_follows_the_formulas() -> None:
    small, large = Estimate(10**6, RATES), Estimate(10**8, RATES)
    assert (small.prepare, small.memory) == (pytest.approx(100), pytest.approx(6e8))
    assert small.epoch == pytest.approx(0.7 * 10**6 / 64 * 0.5)
    assert (small.encode, small.vectors) == (pytest.approx(2_000), pytest.approx(2 * 1_536e6))
    assert (small.rank(1_000), large.rank(1_000)) == (pytest.approx(20), pytest.approx(2_000))
    assert (small.epoch_nodes, large.epoch / DAY) == (1, pytest.approx(6.33, abs=0.01))
    assert large.epoch_nodes == 64  # 2 nodes are sqrt 2 times as fast, so 64 of them 8 times
    assert isinf(Estimate(10**8, replace(RATES, doubling=1.0)).epoch_nodes)


def test_what_is_beyond_a_limit_is_named() -> None:
    assert Estimate(10**6, RATES).breaks == []
    assert [name.split(" (")[0] for name in Estimate(10**8, RATES).breaks] == [
        "rows of an upload",
        "memory to prepare it",
        "ranking all held-out questions",
        "encoding on one node",
        "an epoch on one node",
    ]


def test_the_page_shows_the_measured_rates() -> None:
    rates, page = Rates.measured(), scaling.PAGE.read_text(encoding="utf-8")
    assert results.table_rows("Encoding")[1]["way"] == "ours"
    assert scaling.rate_table(rates) in page
    assert scaling.size_table(rates) in page
