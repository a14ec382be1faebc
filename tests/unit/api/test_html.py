"""Results as a notebook shows them: every text escaped, no script, numbers as everywhere else."""

from __future__ import annotations

from math import nan

from lib.api.html import failure_html, verdict_html
from lib.evaluation.difference import Difference
from lib.evaluation.result import Evaluation, ExampleCounts

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


def evaluation(**metrics: Difference) -> Evaluation:
    return Evaluation(
        shape="pairs",
        metric="mrr@10",
        sentence=HOSTILE,
        examples=10,
        groups=10,
        documents=10,
        texts=10,
        counts=ExampleCounts(1, 8, 1),
        metrics={"mrr@10": Difference(0.5, 0.75, 0.1, 0.4, 0.01), **metrics},
    )


def test_texts_are_shown_and_never_become_html() -> None:
    for shown in (verdict_html(HOSTILE, evaluation(), HOSTILE), failure_html(HOSTILE, HOSTILE)):
        assert "<script" not in shown
        assert "<img" not in shown
        assert "&lt;script&gt;alert(1)" in shown


def test_numbers_have_their_interval_and_what_is_not_measured_says_so() -> None:
    shown = verdict_html("model", evaluation(spearman=Difference(nan, nan)))
    assert "<th>MRR@10</th><td>0.500</td><td>0.750</td><td>+0.250</td><td>+0.100 to +0.400</td>" in shown
    assert "cannot be measured" in shown
    assert "nan" not in shown
