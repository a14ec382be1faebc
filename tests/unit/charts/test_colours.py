"""Every meaning has a colour of its own."""

from __future__ import annotations

from lib.charts.colours import DARK, LIGHT, palette, with_alpha


def test_every_meaning_has_a_colour_of_its_own_in_both_appearances() -> None:
    for one in (LIGHT, DARK):
        assert len({one.base, one.tuned, one.better, one.worse, one.same}) == 5
    assert palette(dark=True) is DARK
    assert with_alpha("#ff8000", 0.5) == "rgba(255,128,0,0.5)"
