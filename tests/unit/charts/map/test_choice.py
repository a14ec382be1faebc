"""What is drawn of how much: all extremes and a sample."""

from __future__ import annotations

from lib.charts.map.choice import sample_map
from tests.unit.charts.planted import planted_map


def test_what_is_drawn_is_limited_with_every_extreme() -> None:
    _, lines, _ = planted_map(pairs=5_000)
    choice = sample_map(lines, 12_000, marked=(2_600,), most=4_000)
    assert choice.points <= 4_000
    assert choice.all_points == 12_000
    assert set(range(200)) <= set(choice.lines)
    assert set(range(4_800, 5_000)) <= set(choice.lines)
    assert 2_500 in choice.lines
    middle = choice.lines[(choice.lines > 1_000) & (choice.lines < 4_000)]
    assert abs(middle.mean() - 2_500) < 150
    assert sample_map(lines, 12_000).points == 12_000
