"""Which settings a comparison of runs shows."""

from __future__ import annotations

from dataclasses import replace

from lib.training.presets import RECOMMENDED
from lib.ui.overview.compare import differing_settings
from tests.unit.ui.runs import RUN


def test_only_the_settings_that_differ_are_compared() -> None:
    other = replace(RUN, recipe=replace(RECOMMENDED, epochs=9).to_json())
    assert differing_settings([RUN, RUN]) == []
    assert differing_settings([RUN, other]) == ["epochs"]
    assert differing_settings([RUN, replace(other, model="n")]) == ["model", "epochs"]


def test_a_setting_that_an_older_run_does_not_know_has_its_default() -> None:
    older = replace(RUN, recipe={name: value for name, value in RUN.recipe.items() if name != "epochs"})
    assert differing_settings([RUN, older]) == []
