"""Which settings a comparison of runs shows."""

from __future__ import annotations

import json
from dataclasses import replace

from lib.recipe.options import PromptSource
from lib.recipe.presets import RECOMMENDED
from lib.store.run_settings import differing_settings
from tests.builders import fake_run

RUN = fake_run(id="abc", name="Mine [x](http://evil)")


def test_only_the_settings_that_differ_are_compared() -> None:
    other = replace(RUN, recipe_text=replace(RECOMMENDED, epochs=9).to_text())
    assert differing_settings([RUN, RUN]) == []
    assert differing_settings([RUN, other]) == ["epochs"]
    assert differing_settings([RUN, replace(other, model="n")]) == ["model", "epochs"]


def test_a_setting_that_an_older_run_does_not_know_has_its_default() -> None:
    settings = {name: value for name, value in RUN.recipe.to_json().items() if name != "epochs"}
    older = replace(RUN, recipe_text=json.dumps(settings))
    assert differing_settings([RUN, older]) == []


def test_prompts_differ_where_one_run_has_some() -> None:
    none = replace(RUN, recipe_text=RECOMMENDED.with_prompts("", "", PromptSource.NONE).to_text())
    some = replace(RUN, recipe_text=RECOMMENDED.with_prompts("q: ", "", PromptSource.TABLE).to_text())
    assert differing_settings([RUN, none]) == []
    assert differing_settings([RUN, some]) == ["query_prompt"]
