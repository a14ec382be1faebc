"""Save the tuned model as a sentence-transformers folder, checked before and after writing."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from lib.data.model_inputs import Reading
from lib.errors import ModelError, TrainingError
from lib.models.encoder import encode
from lib.models.loader import load_model
from lib.models.portable import save_portable
from lib.models.usage.description import describe_model
from lib.models.usage.snippets import write_snippets
from lib.recipe.recipe import Recipe
from lib.store.publish import publish
from lib.training.card import CARD, FACTS, write_card

SAME_MODEL = 0.9999
COMPARED = 64
"""Texts whose embeddings are compared between the model in memory and the saved one."""
TIMED, WARMING = 256, 16
"""Texts by which the speed of encoding is measured."""


def save_tuned(
    model: SentenceTransformer,
    final: Path,
    *,
    reading: Reading,
    texts: list[str],
    model_name: str,
    recipe: Recipe,
    facts: dict[str, Any],
    epochs: list[dict[str, Any]],
) -> None:
    """Publish model, card and history; what was written is loaded and compared before it takes its place.

    Raises TrainingError for weights that are not finite, ModelError when the saved model is another one.
    """
    check_weights(model)
    expected = encode(model, texts, fast=False)
    with publish(final) as part:
        save_portable(model, part, reading=reading)
        card = write_card(
            folder=final.name,
            model_name=model_name,
            recipe=recipe.to_json(),
            facts=facts,
            epochs=epochs,
            reading=reading,
            snippets=write_snippets(describe_model(part, reading=reading, place=final.name)),
        )
        (part / CARD).write_text(card, encoding="utf-8")
        (part / FACTS).write_text(json.dumps({"history": epochs, **facts}), encoding="utf-8")
        check_saved(part, texts, expected, reading=reading)


def check_weights(model: SentenceTransformer) -> None:
    """Raise TrainingError when a weight is not a finite number."""
    for name, value in model.state_dict().items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise TrainingError(
                f"The weights of {name} are not finite.", todo="Lower the learning rate, then train again."
            )


def weights_digest(model: SentenceTransformer) -> str:
    """Compute the SHA-256 (hex) of a model's weights by name: two models of one digest are the same."""
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(memoryview(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy()))
    return digest.hexdigest()


def check_saved(folder: Path, texts: list[str], expected: np.ndarray, *, reading: Reading) -> None:
    """Raise ModelError unless the folder, loaded again, gives the same embeddings (cosine above 0.9999)."""
    saved = load_model(str(folder), reading=reading, device="cpu")
    cosine = same_cosine(encode(saved, texts, fast=False), expected)
    if len(cosine) and not float(cosine.min()) >= SAME_MODEL:  # also when it is not a number
        raise ModelError(
            f"The saved model gives other embeddings than the trained one (cosine {cosine.min():.5f}).",
            todo="The disk or the memory may be faulty. Press Try again.",
        )


def same_cosine(rows: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Compute by row the cosine of two (n, d) arrays; two rows of zeros (only unknown words) count as 1."""
    lengths, known = np.linalg.norm(rows, axis=1), np.linalg.norm(expected, axis=1)
    cosine = (rows * expected).sum(axis=1) / np.maximum(lengths * known, 1e-12)
    return np.where((lengths == 0) & (known == 0), 1.0, cosine)


def texts_per_second(model: SentenceTransformer, texts: list[str]) -> float | None:
    """Measure the texts a model encodes in a second, after a warm-up; None without texts."""
    if not texts:
        return None
    encode(model, texts[:WARMING])
    began = time.perf_counter()
    encode(model, texts)
    return len(set(texts)) / max(1e-9, time.perf_counter() - began)
