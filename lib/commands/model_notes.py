"""What a command says of a base model before it is used."""

from __future__ import annotations

import sys
from pathlib import Path

from lib.data.model_inputs import ModelInputs
from lib.models.catalog import resolve
from lib.models.prompts.describe import describe_prompts, warn_of_missing_prompts
from lib.models.text_lengths import measure_lengths
from lib.models.unknown_tokens import unknown_tokens
from lib.recipe.recipe import Recipe
from lib.shapes import TWO_ROLES


def print_model_notes(inputs: ModelInputs, model: str, recipe: Recipe, *, home: Path) -> None:
    """Print on standard error which prompts a model reads, and what of the texts it can't."""
    from lib.models.prompts.choose import expected_prompts

    expected = expected_prompts(model, inputs.shape, home=home)
    for line in describe_prompts(inputs.reading, expected, has_two_roles=inputs.shape in TWO_ROLES):
        print(f"{model}: {line}", file=sys.stderr)
    if warning := warn_of_missing_prompts(inputs.reading, expected, model=model):
        print(f"warning: {warning}", file=sys.stderr)
    folder = resolve(model, home=home)
    lengths = measure_lengths(folder, inputs, model=model, max_length=recipe.max_length)
    if lengths and lengths.truncated:
        print(f"{model}: {lengths.describe()}", file=sys.stderr)
    unknown = unknown_tokens(folder, inputs, model=model)
    if unknown and unknown.is_much:
        print(f"warning: {unknown.describe()}", file=sys.stderr)
