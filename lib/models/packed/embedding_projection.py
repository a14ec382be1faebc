"""Project word vectors to a model's width in fp32: ELECTRA, ALBERT.

Under autocast the projection gives bf16. What a layer adds to it is then rounded too, and with it every sum of the stream:
that costs a cosine of .0002 in the gradient, while BERT's stream, which begins with a lookup, is in fp32 all the way.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

import torch
from torch import nn


def enable_embedding_projection(inner: nn.Module) -> None:
    """Compute the projection in fp32."""
    for module in _projections(inner):
        module.forward = MethodType(_exact_forward, module)  # type: ignore[method-assign]


def disable_embedding_projection(inner: nn.Module) -> None:
    """Restore the stock method."""
    for module in _projections(inner):
        module.__dict__.pop("forward", None)


def _projections(inner: Any) -> list[nn.Module]:
    found = (
        getattr(inner, "embeddings_project", None),
        getattr(getattr(inner, "encoder", None), "embedding_hidden_mapping_in", None),
    )
    return [module for module in found if isinstance(module, nn.Linear)]


def _exact_forward(self: nn.Linear, hidden_states: torch.Tensor) -> torch.Tensor:
    with torch.autocast("cpu", enabled=False):
        return nn.Linear.forward(self, hidden_states.float())
