"""Quick mode: lower layers stay as they are, so what they make of each training text is computed once and looked up.

While training, the model's embeddings are replaced by a look-up in those kept activations, and its layers by the upper
ones; `thaw` puts the whole model back for evaluation, checkpoints and saving.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from lib.errors import TrainingError
from lib.training.packing import Tokens

BLOCK = 256
"""Texts whose activations are computed at once."""


class Remembered(torch.nn.Module):
    """Stands for embeddings and lower layers: `input_ids` are rows of what these made of the training texts."""

    def __init__(self, rows: torch.Tensor) -> None:
        super().__init__()
        self.rows = torch.nn.Buffer(rows, persistent=False)

    def forward(self, input_ids: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        """Return (1, tokens, width) in fp32."""
        return self.rows[input_ids].float()


@dataclass
class Lower:
    """The parts that were taken out, to be put back by `thaw`."""

    embeddings: torch.nn.Module
    layers: torch.nn.ModuleList
    upper: torch.nn.ModuleList
    remembered: Remembered


def can_freeze(model: SentenceTransformer, layers: int) -> bool:
    """Say whether the model has the parts that this needs, and enough layers."""
    inner = getattr(model[0], "model", None)
    stack = getattr(getattr(inner, "encoder", None), "layer", None)
    return stack is not None and hasattr(inner, "embeddings") and 0 < layers < len(stack)


def freeze(model: SentenceTransformer, tokens: Tokens, *, layers: int) -> Lower:
    """Freeze embeddings and the lowest `layers`, and train on their kept activations. The unpadded path has to be on.

    From here on the batches of `tokens` name kept rows, not tokens. Raises TrainingError for a model without such layers.
    """
    if not can_freeze(model, layers):
        raise TrainingError(f"This model has no {layers} lower layers to freeze.", todo="Set frozen layers to 0.")
    inner = model[0].model
    stack = inner.encoder.layer
    for part in (inner.embeddings, *stack[:layers]):
        part.requires_grad_(False)
    whole = Lower(inner.embeddings, stack, torch.nn.ModuleList(list(stack[layers:])), Remembered(torch.empty(0)))
    whole.remembered.rows = _activations(model, tokens, layers)
    tokens.ids = np.arange(len(tokens.ids), dtype=np.int64)
    refreeze(model, whole)
    return whole


def thaw(model: SentenceTransformer, lower: Lower) -> None:
    """Put the whole model back."""
    inner = model[0].model
    inner.embeddings, inner.encoder.layer = lower.embeddings, lower.layers


def refreeze(model: SentenceTransformer, lower: Lower) -> None:
    """Go on training on the kept activations."""
    inner = model[0].model
    inner.embeddings, inner.encoder.layer = lower.remembered, lower.upper


@torch.no_grad()
def _activations(model: SentenceTransformer, tokens: Tokens, layers: int) -> torch.Tensor:
    """Return (all tokens of all texts, width), in bf16 where the run computes in it: what the frozen part makes of them."""
    inner, training = model[0].model, model.training
    stack, count = inner.encoder.layer, len(tokens.starts) - 1
    model.eval()
    inner.encoder.layer = torch.nn.ModuleList(list(stack[:layers]))
    try:
        parts = [_block(model, tokens, begin, min(begin + BLOCK, count)) for begin in range(0, count, BLOCK)]
    finally:
        inner.encoder.layer = stack
        model.train(training)
    return torch.cat(parts)


def _block(model: SentenceTransformer, tokens: Tokens, begin: int, end: int) -> torch.Tensor:
    features = tokens.features(range(begin, end))
    return model(features)["token_embeddings"][0].clone()
