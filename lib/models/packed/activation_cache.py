"""Cache the activations of frozen lower layers.

Each training text passes through them once, not in every epoch.

    tokens = batches.Tokens(model, texts)
    activation_cache.cache_activations(model, tokens, layers=3)  # batches of `tokens` start at layer 3 from now on

Only the forward pass of such a batch sees the shortened model: evaluation, checkpoints and saving need not know of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from torch.nn import Identity, ModuleList

from lib.models.freezing import find_stack, freeze_lower_layers
from lib.models.packed.batches import CACHED_MARK, Tokens

TEXTS_PER_PASS = 256
"""Texts whose activations are computed at once."""
MOST_BYTES = 4_000_000_000
"""Activations above this are not kept: then the frozen layers compute them again in every step."""


class CachedLayers(torch.nn.Module):
    """Replaces embeddings and frozen layers by their cached output, (all tokens, width).

    `input_ids` index its rows.
    """

    def __init__(self, rows: torch.Tensor) -> None:
        super().__init__()
        self.rows = rows

    def forward(self, input_ids: torch.Tensor, *rest: Any, **kwargs: Any) -> torch.Tensor:
        """Read the cached activations of these token rows: (1, tokens, width) fp32."""
        return self.rows[input_ids].float()


class PassedLayer(torch.nn.Module):
    """Stands where a layer is left out.

    So that the others keep their places, by which a model finds their kind.
    """

    def __init__(self, layer: torch.nn.Module) -> None:
        super().__init__()
        self.attention_type = getattr(layer, "attention_type", None)

    def forward(self, hidden_states: torch.Tensor, *rest: Any, **kwargs: Any) -> torch.Tensor:
        """Give back what came."""
        return hidden_states


def can_freeze(model: SentenceTransformer, layers: int) -> bool:
    """Check whether the model has embeddings and a stack of more than `layers` layers."""
    stack = find_stack(getattr(model[0], "model", None))
    return stack is not None and 0 < layers < len(stack.layers)


def cache_activations(model: SentenceTransformer, tokens: Tokens, *, layers: int) -> bool:
    """Freeze lower layers, compute their output for every text once, and let batches start from it.

    The batches are those of `tokens`.

    The unpadded path has to be on. Returns False, having frozen all the same, where that would take too much memory.
    """
    freeze_lower_layers(model, layers)
    width, bf16 = model[0].model.config.hidden_size, model.closer_switch.bf16
    # bytes of (all tokens, width): 2 an entry in bf16, 4 in fp32
    if len(tokens.ids) * width * (2 if bf16 else 4) > MOST_BYTES:
        return False
    rows = _activations(model, tokens, layers)
    # h_l = f_l(... f_1(embed(x))) depends on no trained weight and is computed in evaluation mode (no dropout), so it is
    # the same in every epoch; a training step computes only f_L(... f_(l+1)(h_l)), exact up to the rounding to bf16
    cached_layers = CachedLayers(rows.to(torch.bfloat16) if bf16 else rows)
    tokens.ids, tokens.mark = np.arange(len(tokens.ids), dtype=np.int64), CACHED_MARK
    whole = model.forward

    def forward(features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        if CACHED_MARK not in features:
            return whole(features, **kwargs)
        with _shorten_model(model, layers, cached_layers):
            return whole({key: value for key, value in features.items() if key != CACHED_MARK}, **kwargs)

    model.forward = forward
    return True


@contextmanager
def _shorten_model(model: SentenceTransformer, layers: int, below: torch.nn.Module | None) -> Iterator[None]:
    """Shorten the model for the block to its upper layers over `below`.

    None: to embeddings and lower layers.
    """
    stack = find_stack(model[0].model)
    assert stack is not None, "its layers were frozen"
    whole = stack.layers
    left_out = set(range(layers)) if below is not None else set(range(layers, len(whole)))
    replaced: dict[str, torch.nn.Module] = dict.fromkeys(stack.after if below is None else stack.before, Identity())
    if below is not None:
        replaced[stack.embeddings] = below
    before = {name: getattr(stack.inner, name) for name in replaced}
    setattr(stack.owner, stack.name, _leave_out(whole, left_out, keeps_places=stack.owner is stack.inner))
    for name, module in replaced.items():
        setattr(stack.inner, name, module)
    try:
        yield
    finally:
        setattr(stack.owner, stack.name, whole)
        for name, module in before.items():
            setattr(stack.inner, name, module)


def _leave_out(layers: ModuleList, left_out: set[int], *, keeps_places: bool) -> ModuleList:
    """Leave layers out of a list. keeps_places: put a `PassedLayer` into the place of each."""
    if keeps_places:
        return ModuleList(PassedLayer(one) if place in left_out else one for place, one in enumerate(layers))
    return ModuleList(one for place, one in enumerate(layers) if place not in left_out)


@torch.no_grad()
def _activations(model: SentenceTransformer, tokens: Tokens, layers: int) -> torch.Tensor:
    """Compute the frozen part's output for all texts in evaluation mode: (tokens of all texts, width)."""
    training, count = model.training, len(tokens.starts) - 1
    model.eval()
    try:
        with _shorten_model(model, layers, None):
            blocks = [
                tokens.features(range(begin, min(begin + TEXTS_PER_PASS, count)))
                for begin in range(0, count, TEXTS_PER_PASS)
            ]
            return torch.cat([model(features)["token_embeddings"][0].float() for features in blocks])
    finally:
        model.train(training)
