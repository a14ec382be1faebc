"""Each pair is drawn once, before against after."""

from __future__ import annotations

from lib.charts.pair.before_after import before_after
from tests.unit.charts.planted import planted_map


def test_before_after_draws_each_pair_once_and_the_diagonal() -> None:
    _, lines, texts = planted_map()
    found = before_after(lines, texts, measure="rank", marked=(103,))
    assert len(found.data[0].x) == len(lines)
    assert found.data[1].x == found.data[1].y
    assert list(found.data[0].marker.size).count(14) == 1
