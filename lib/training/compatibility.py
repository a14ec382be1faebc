"""Fit a recipe to a model: remove settings without effect, each with a line for the log."""

from __future__ import annotations

from dataclasses import replace

from sentence_transformers import SentenceTransformer

from lib.errors import InputError
from lib.models import static
from lib.recipe.options import STATIC_RATE
from lib.recipe.recipe import FIELDS, Recipe


def adapt_recipe(recipe: Recipe, model: SentenceTransformer) -> tuple[Recipe, list[str]]:
    """Reset settings that this model cannot use.

    Returns the recipe and a line for each thing a person should know.
    """
    said = []
    if static.is_static_model(model):
        if recipe.loss and recipe.loss_record.needs_transformer:
            raise InputError(
                f"The loss {recipe.loss} needs a transformer; a static model has none.",
                todo="Choose another loss or another base model.",
            )
        if recipe.asks_of_transformer:
            names = ", ".join(FIELDS[name].label for name in recipe.asks_of_transformer)
            said.append(f"A static model has no transformer; left out: {names}.")
        recipe = recipe.without_transformer()
    whole = model.get_embedding_dimension() or 0
    shorter = tuple(dimension for dimension in recipe.matryoshka if dimension < whole)
    if shorter != recipe.matryoshka:
        longer = ", ".join(str(dimension) for dimension in recipe.matryoshka if dimension >= whole)
        said.append(f"The model's vectors have {whole} dimensions; left out of the Matryoshka ones: {longer}.")
    return replace(recipe, matryoshka=shorter), said


def check_max_length(model: SentenceTransformer, recipe: Recipe) -> None:
    """Raise InputError where the recipe's max length leaves no room for a token between the special ones."""
    tokenizer = getattr(model, "tokenizer", None)
    if not recipe.max_length or static.is_static_model(model) or tokenizer is None:
        return
    special = int(tokenizer.num_special_tokens_to_add())
    if recipe.max_length <= special:
        raise InputError(
            f"{recipe.max_length} tokens are too few: this model adds {special} special ones to each text.",
            where=FIELDS["max_length"].label,
            todo=f"Set it to {special + 1} or more, or to 0 for the model's own maximum.",
        )


def learning_rate_of(recipe: Recipe, model: SentenceTransformer) -> float:
    """Compute the learning rate for this kind of model: for a static one, 50 times the recipe's."""
    return recipe.learning_rate * (STATIC_RATE if static.is_static_model(model) else 1.0)
