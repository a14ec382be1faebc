"""Give a loaded model its prompts, tokenise texts that bear them, and save them with the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling

from lib.data.model_inputs import Reading


def apply_reading(model: SentenceTransformer, reading: Reading) -> None:
    """Let a model expect texts as a reading converts them: no default prompt stands before them any more.

    Where pooling leaves prompts out, the model remembers them, so that their tokens are found in such a text.
    """
    if reading.default_prompt:
        return
    model.prompts = {**model.prompts, "query": reading.query, "document": reading.document}
    model.default_prompt_name = None
    pools_all = all(module.include_prompt for module in model if isinstance(module, Pooling))
    prompts = {reading.query, reading.document} - {""}
    model.closer_prompts = () if pools_all else tuple(sorted(prompts, key=lambda prompt: (-len(prompt), prompt)))


@contextmanager
def saved_prompts(model: SentenceTransformer, reading: Reading) -> Iterator[None]:
    """Let `save_pretrained` write the prompts as `encode_query` and `encode_document` take them.

    `encode` takes the prompt too where both roles have the same; where they differ it can't know the role.
    """
    before = model.default_prompt_name
    if not reading.default_prompt and reading.query and not reading.has_two_roles:
        model.default_prompt_name = "query"
    try:
        yield
    finally:
        model.default_prompt_name = before


def default_prompt(model: SentenceTransformer) -> str:
    """Look up the prompt that the model sets before every text by default; empty where there is none."""
    return model.prompts.get(model.default_prompt_name or "", "") or ""


def unpooled_prompt(model: SentenceTransformer, text: str) -> str:
    """Look up the prompt at the start of a text whose tokens pooling leaves out.

    Empty where there is none, else the longest that fits. So a plain document that begins with the words of the query prompt counts as a query, where
    only queries have a prompt.
    """
    return next((prompt for prompt in getattr(model, "closer_prompts", ()) if text.startswith(prompt)), "")


def unpooled_prompt_of_all(model: SentenceTransformer, texts: Sequence[str]) -> str:
    """Look up the prompt that all texts (of one role) begin with; empty where they have none in common."""
    prompts = {unpooled_prompt(model, text) for text in texts} if getattr(model, "closer_prompts", ()) else set()
    return prompts.pop() if len(prompts) == 1 else ""


def tokenize_read(
    model: SentenceTransformer, texts: Sequence[str], *, default: str = "", **options: Any
) -> dict[str, Any]:
    """Tokenise texts of one role, as the model reads them, by its own preprocessing.

    A prompt that pooling leaves out is handed over apart, so that pooling knows its length. default: the model's default
    prompt, where it stands before every text.
    """
    prompt = unpooled_prompt_of_all(model, texts)
    plain = [text[len(prompt) :] for text in texts]
    features: dict[str, Any] = model.preprocess(plain, prompt=prompt or default or None, **options)
    return features
