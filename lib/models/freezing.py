"""Freeze the embeddings and lower layers of a transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from lib.errors import TrainingError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def freeze_lower_layers(model: SentenceTransformer, count: int) -> None:
    """Freeze the embeddings and `count` lower layers. Raises TrainingError for a model without layers."""
    inner = getattr(model[0], "model", None)
    layers = next((m for m in inner.modules() if isinstance(m, nn.ModuleList)), None) if inner is not None else None
    if inner is None or layers is None or not hasattr(inner, "embeddings"):
        raise TrainingError("This base model has no layers that could be frozen.", todo="Set frozen layers to 0.")
    if count >= len(layers):
        raise TrainingError(f"The model has {len(layers)} layers; {count} cannot be frozen.", todo="Freeze fewer.")
    # no gradient, no optimizer state, no weight decay: the weights stay bit for bit
    shared = getattr(getattr(inner, "encoder", None), "relative_attention_bias", None)
    # MPNet's bias by distance is in the lower layers' attention too: trained, it would change what they compute
    for part in (inner.embeddings, *layers[:count], *([shared] if shared is not None else [])):
        part.requires_grad_(False)
