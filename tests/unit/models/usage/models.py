"""Tiny models of every kind that a snippet has to load."""

from __future__ import annotations

from pathlib import Path

from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, Transformer

from lib.data.model_inputs import Reading
from lib.models.portable import save_portable
from lib.models.prompts.apply import apply_reading

READINGS = {
    "prompts": Reading("query: ", "passage:\n", default_prompt=False),
    "query-prompt": Reading("Find it: ", "", default_prompt=False),
    "one-prompt": Reading("text: ", "text: ", default_prompt=False),
    "plain": Reading("", "", default_prompt=False),
    "not-normal": Reading("query: ", "", default_prompt=False),
    "truncated": Reading("query: ", "", default_prompt=False),
}
"""How a run reads texts, by the kind of model."""


def save_model(kind: str, tiny_model: Path, folder: Path) -> Path:
    """Save a tuned model of this kind as a run does."""
    model = SentenceTransformer(str(tiny_model), device="cpu")
    if kind == "not-normal":
        transformer = Transformer(str(tiny_model), max_seq_length=128)
        model = SentenceTransformer(modules=[transformer, Pooling(32, pooling_mode="cls")], device="cpu")
    if kind == "truncated":
        model.truncate_dim = 16
    reading = READINGS[kind]
    apply_reading(model, reading)
    save_portable(model, folder, reading=reading)
    return folder
