"""Which settings a comparison of runs shows."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

from lib.recipe.options import PromptSource
from lib.recipe.presets import RECOMMENDED
from lib.store.run_settings import differing_settings, train_command
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


def test_a_command_names_what_differs_from_the_defaults_and_no_prompt_that_the_model_brings() -> None:
    recipe = replace(RECOMMENDED, epochs=9, lora_rank=8, packed=False, matryoshka=(128, 64), dropout=-1.0)
    run = replace(RUN, model="my models/it's", recipe_text=recipe.with_prompts("q: ", "", PromptSource.MODEL).to_text())
    assert shlex.split(train_command(run)) == [
        *["python", "-m", "lib", "train", "--dataset=dataset", "--model=my models/it's", "--epochs=9"],
        *[option for option in shlex.split(train_command(run))[7:] if "prompt" not in option],
    ]
    assert {"--lora-rank=8", "--no-packed", "--matryoshka", "128", "64", "--dropout=-1.0"} <= set(
        shlex.split(train_command(run))
    )
