"""Settings are checked by name, survive being stored, and know where they matter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lib.errors import InputError
from lib.recipe.losses import LOSSES, losses_for
from lib.recipe.options import PromptSource
from lib.recipe.presets import CLASSIC, RECOMMENDED, changed_settings, recommended_recipe
from lib.recipe.recipe import FIELDS, Recipe
from lib.settings import MAX_PROMPT_CHARACTERS
from lib.shapes import Shape

WRONG = {
    "loss": "Nothing",
    "epochs": 0,
    "pooling": "median",
    "batch_size": 1,
    "learning_rate": float("nan"),
    "warmup": 1.5,
    "schedule": "steps",
    "weight_decay": -0.1,
    "max_length": 2.5,
    "precision": "fp8",
    "dropout": 1.0,
    "seed": -1,
    "threads": 1000,
    "evaluate_every": 0,
    "patience": -1,
    "frozen_layers": 1000,
    "lora_rank": -2,
    "matryoshka": (0,),
    "hard_negatives": 99,
    "negative_margin": 2.0,
    "negative_relative_margin": -1.0,
    "negative_skip": -1,
    "negative_range": 0,
    "directions": "up",
    "scale": 0.0,
    "margin": -1.0,
    "query_prompt": 7,
    "document_prompt": 8,
    "device": "tpu",
    "where": "moon",
    "processes": -1,
    "address": "nowhere",
}


@pytest.mark.parametrize("name", list(WRONG))
def test_a_value_out_of_bounds_names_field_and_value(name: str) -> None:
    """The message says which setting and what was given."""
    value = WRONG[name]
    with pytest.raises(InputError) as caught:
        Recipe(**{name: value})  # type: ignore[arg-type]
    assert caught.value.where == FIELDS[name].label
    assert str(value[0] if isinstance(value, tuple) else value) in str(caught.value)


@pytest.mark.parametrize("prompt", ["query\0: ", "\ud800", "\x1b[31m", "q" * (MAX_PROMPT_CHARACTERS + 1)])
def test_a_prompt_is_a_text_that_can_be_stored_and_shown(prompt: str) -> None:
    with pytest.raises(InputError) as caught:
        Recipe(query_prompt=prompt)
    assert caught.value.where == FIELDS["query_prompt"].label


def test_prompts_are_stored_with_their_source() -> None:
    """Blanks and line breaks count; an older recipe has none decided, and only those set by hand are a difference."""
    recipe = Recipe().with_prompts("Instruct: find\nQuery: ", "", PromptSource.TABLE)
    assert Recipe.from_text(recipe.to_text()) == recipe
    assert (Recipe.from_text("{}").has_prompts_set, recipe.has_prompts_set) == (False, True)
    assert Recipe.from_text("{}").prompt_source is PromptSource.UNDECIDED
    assert changed_settings(recipe) == {}
    assert changed_settings(Recipe(query_prompt="q: ")) == {"query_prompt": "q: "}
    with pytest.raises(InputError):
        Recipe.from_json({"prompt_source": "rumour"})
    with pytest.raises(InputError, match="source of prompts"):
        Recipe.from_json({"prompt_source": []})


DAMAGED = [
    None,
    "",
    "text",
    -1,
    2.5,
    10**400,
    float("inf"),
    float("nan"),
    [],
    {},
    [None],
    [[1]],
    (),
    True,
    b"x",
    object(),
]


@pytest.mark.parametrize("name", list(FIELDS))
def test_a_damaged_value_is_taken_or_refused_in_words(name: str) -> None:
    """Whatever a damaged store holds, the recipe is usable or an InputError names the field."""
    for value in DAMAGED:
        fault = fault_of({name: value})
        assert fault is None or fault.where == FIELDS[name].label


def fault_of(values: object) -> InputError | None:
    """Catch the error that stored values meet, None where they are a recipe."""
    try:
        Recipe.from_json(values)  # type: ignore[arg-type]
    except InputError as error:
        return error
    return None


@pytest.mark.parametrize("values", [None, 3, "epochs", ["epochs"], {1: 2}, {"": 1}])
def test_what_is_no_recipe_is_refused_in_words(values: object) -> None:
    with pytest.raises(InputError):
        Recipe.from_json(values)  # type: ignore[arg-type]


def test_every_field_but_switches_is_in_that_list() -> None:
    """A new setting needs a bad value here."""
    assert {name for name, field in FIELDS.items() if field.kind is not bool} == set(WRONG)


def test_every_field_says_what_it_does() -> None:
    """A label, a line of help, and for numbers both bounds."""
    for field in FIELDS.values():
        assert field.label
        assert field.help.endswith(".")
        if field.kind in (int, float):
            assert field.low is not None
            assert field.high is not None


@pytest.mark.parametrize("recipe", [RECOMMENDED, CLASSIC, Recipe(matryoshka=(64, 32), hard_negatives=2, epochs=500)])
def test_stored_and_read_again(recipe: Recipe) -> None:
    """JSON and back gives the same recipe; a setting added later takes its default."""
    import json

    values = json.loads(json.dumps(recipe.to_json()))
    assert Recipe.from_json(values) == recipe
    values.pop("negative_skip")
    assert Recipe.from_json(values) == recipe


def test_unknown_setting_is_refused() -> None:
    with pytest.raises(InputError, match="learningrate"):
        Recipe.from_json({"learningrate": 1})


def test_classic_is_the_well_known_recipe() -> None:
    """Batches of 64, 10% warm-up, AdamW 2e-5, no early stop, dropout of the model, fp32, padding."""
    found = (CLASSIC.batch_size, CLASSIC.warmup, CLASSIC.learning_rate, CLASSIC.patience, CLASSIC.dropout)
    assert found == (64, 0.1, 2e-5, 0, -1.0)
    assert CLASSIC.for_shape(Shape.PAIRS).loss == "MultipleNegativesRanking"
    assert (CLASSIC.precision, CLASSIC.packed) == ("fp32", False)
    assert changed_settings(RECOMMENDED) == {}
    assert changed_settings(CLASSIC)["learning_rate"] == 2e-5


@pytest.mark.parametrize("shape", list(Shape))
def test_losses_fit_their_shape(shape: Shape) -> None:
    """Empty means the first; one of another shape is refused by name."""
    assert Recipe().for_shape(shape).loss == losses_for(shape)[0].name
    foreign = next(loss.name for loss in LOSSES.values() if shape not in loss.shapes)
    with pytest.raises(InputError, match=foreign):
        Recipe(loss=foreign).for_shape(shape)


def test_a_loss_that_needs_a_transformer_is_not_for_static_models() -> None:
    needing = {loss.name for loss in LOSSES.values() if loss.needs_transformer}
    assert needing == {"CachedMultipleNegativesRanking", "GISTEmbed", "CachedGISTEmbed"}
    assert not needing & {loss.name for shape in Shape for loss in losses_for(shape, static=True)}
    for name in needing:
        Recipe(loss=name).for_shape(Shape.PAIRS)
        with pytest.raises(InputError, match=f"{name} needs a transformer") as caught:
            Recipe(loss=name).for_shape(Shape.PAIRS, static=True)
        assert "MultipleNegativesRanking" in caught.value.todo


def test_several_labels_of_pairs_need_softmax() -> None:
    """The contrastive losses know two labels only."""
    assert [loss.name for loss in losses_for(Shape.LABELLED_PAIRS, classes=3)] == ["Softmax"]
    assert Recipe().for_shape(Shape.LABELLED_PAIRS, classes=3).loss == "Softmax"
    with pytest.raises(InputError, match="3 labels"):
        Recipe(loss="Contrastive").for_shape(Shape.LABELLED_PAIRS, classes=3)


def test_settings_show_only_where_they_do_something() -> None:
    """Directions for ranking, margins for margin losses, mining for pairs that have no negatives."""
    assert FIELDS["directions"].applies("MultipleNegativesRanking")
    assert not FIELDS["directions"].applies("CoSENT")
    assert not FIELDS["margin"].applies("MultipleNegativesRanking")
    assert FIELDS["hard_negatives"].applies("MultipleNegativesRanking", Shape.PAIRS)
    assert not FIELDS["hard_negatives"].applies("MultipleNegativesRanking", Shape.TRIPLETS)


def test_small_data_get_more_epochs() -> None:
    """At least 20 steps, at most 5 epochs."""
    assert recommended_recipe(100_000).epochs == RECOMMENDED.epochs
    assert recommended_recipe(64).epochs == 5


def test_a_loss_that_is_no_default_is_a_difference() -> None:
    """GISTEmbed is not what Recommended means; a shape's own default is."""
    assert changed_settings(Recipe(loss="GISTEmbed")) == {"loss": "GISTEmbed"}
    assert all(changed_settings(Recipe().for_shape(shape)) == {} for shape in Shape)
    assert changed_settings(Recipe(epochs=RECOMMENDED.epochs)) == {}


def test_softmax_has_no_prefixes_to_train() -> None:
    assert not FIELDS["matryoshka"].applies("Softmax")
    with pytest.raises(InputError, match="Softmax") as caught:
        Recipe(loss="Softmax", matryoshka=(64,)).for_shape(Shape.LABELLED_PAIRS)
    assert caught.value.where == "Matryoshka dimensions"
    with pytest.raises(InputError) as caught:
        Recipe(matryoshka=(64,)).for_shape(Shape.LABELLED_PAIRS, classes=3)
    assert caught.value.where == "Matryoshka dimensions"


def test_only_a_transformer_has_some_settings() -> None:
    """They are not shown for static models, and have a value at which nothing is done."""
    own = {name for name, field in FIELDS.items() if field.needs_transformer}
    assert own == {"max_length", "pooling", "precision", "dropout", "packed", "frozen_layers", "lora_rank"}
    assert all(not FIELDS[name].applies("CoSENT", static=True) and FIELDS[name].applies("CoSENT") for name in own)
    assert Recipe(lora_rank=8, dropout=0.3).without_transformer() == Recipe().without_transformer()
    assert Recipe(lora_rank=8, epochs=9).asks_of_transformer == ("lora_rank",)


def test_a_setting_that_needs_another_names_it() -> None:
    needing = {name: field.needs for name, field in FIELDS.items() if field.needs}
    mining = ("negative_margin", "negative_relative_margin", "negative_skip", "negative_range")
    assert needing == dict.fromkeys(mining, "hard_negatives") | {"processes": "where", "address": "where"}


def test_range_must_hold_what_is_passed_over() -> None:
    with pytest.raises(InputError, match="Range of hard negatives"):
        Recipe(hard_negatives=2, negative_skip=49)


def test_importing_the_recipe_is_light() -> None:
    """Pages read it: no torch, no transformers."""
    code = "import sys, lib.recipe.recipe; print([m for m in ('torch', 'transformers', 'sentence_transformers') if m in sys.modules])"
    root = Path(__file__).resolve().parents[3]
    out = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
