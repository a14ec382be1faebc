"""Write in words which prompts a model reads, where they are from, and which are missing."""

from __future__ import annotations

import json

from lib.data.model_inputs import Reading
from lib.models.prompts.choose import ExpectedPrompts
from lib.recipe.options import PromptSource

MISSING_PROMPTS = "Read without prompts"
"""Name of the warning about a base model that expects prompts and has none."""


def describe_prompts(reading: Reading, expected: ExpectedPrompts, *, has_two_roles: bool) -> list[str]:
    """Write a line for each prompt, and where they are from; none where nothing stands before texts."""
    if reading.default_prompt or not (reading.query or reading.document):
        return []
    source = describe_source(reading, expected)
    if not has_two_roles:
        return [f"Prompt before every text, {source}: {quote_prompt(reading.query)}"]
    sides = (("sources", reading.query), ("targets", reading.document))
    return [f"Prompt before {side}, {source}: {quote_prompt(prompt)}" for side, prompt in sides]


def describe_source(reading: Reading, expected: ExpectedPrompts) -> str:
    """Write where prompts are from: other than what the model expects is by hand."""
    if (reading.query, reading.document) != (expected.query, expected.document):
        return "set by hand"
    return {
        PromptSource.MODEL: "from the model's own config_sentence_transformers.json",
        PromptSource.TABLE: f"as stated on {expected.where}",
    }.get(expected.source, "set by hand")


def quote_prompt(prompt: str) -> str:
    """Quote a prompt so that blanks and line breaks show; a word for none."""
    return json.dumps(prompt, ensure_ascii=False) if prompt else "none"


def warn_of_missing_prompts(reading: Reading, expected: ExpectedPrompts, *, model: str) -> str:
    """Warn where a model that expects prompts reads bare texts; empty where it doesn't."""
    if expected.is_empty or reading.query or reading.document:
        return ""
    wanted = [quote_prompt(prompt) for prompt in dict.fromkeys((expected.query, expected.document)) if prompt]
    stated = f" ({expected.where})" if expected.where else ""
    return (
        f"{model} was trained with prompts before its texts, {' and '.join(wanted)}{stated}, and reads these without: its "
        "numbers, before and after, are likely to be worse than it can do."
    )
