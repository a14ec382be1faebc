"""Freeze the embeddings and lower layers of a transformer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from lib.errors import TrainingError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_STACKS = (("encoder", "layer"), ("transformer", "layer"), ("", "layers"))
"""Where transformers has the list of layers, inside a model: BERT and its kin, MPNet; DistilBERT; ModernBERT, Qwen, Gemma and most newer ones."""


@dataclass(frozen=True)
class LayerStack:
    """A transformer's parts in the order they compute.

    embeddings: name of the module that looks tokens up; before, after: names of those between it and the layers, and behind
    them, which may be none. owner, name: of the list of layers.
    """

    inner: nn.Module
    embeddings: str
    before: tuple[str, ...]
    owner: nn.Module
    name: str
    after: tuple[str, ...]

    @property
    def layers(self) -> nn.ModuleList:
        """The list of layers."""
        found: nn.ModuleList = getattr(self.owner, self.name)
        return found

    def lower_parts(self, count: int) -> Sequence[nn.Module]:
        """List what the output of the lower layers depends on."""
        parts = [getattr(self.inner, name) for name in (self.embeddings, *self.before)]
        # MPNet's bias by distance is in the lower layers' attention too: trained, it would change what they compute
        shared = getattr(self.owner, "relative_attention_bias", None)
        return [*parts, *self.layers[:count], *([shared] if shared is not None else [])]


def find_stack(inner: Any) -> LayerStack | None:
    """Find embeddings and layers of a transformer; None where it has no stack of them."""
    if inner is None:
        return None
    embeddings = next((name for name in ("embeddings", "embed_tokens") if hasattr(inner, name)), "")
    owners = ((getattr(inner, place, None) if place else inner, name) for place, name in _STACKS)
    owner, name = next(((one, name) for one, name in owners if hasattr(one, name)), (None, ""))
    if not embeddings or owner is None or not isinstance(getattr(owner, name), nn.ModuleList):
        return None
    before = ("embeddings_project",) if hasattr(inner, "embeddings_project") else ()  # ELECTRA's
    after = tuple(norm for norm in ("final_norm", "norm") if hasattr(inner, norm))
    return LayerStack(inner, embeddings, before, owner, name, after)


def freeze_lower_layers(model: SentenceTransformer, count: int) -> None:
    """Freeze the embeddings and `count` lower layers. Raises TrainingError for a model without layers."""
    stack = find_stack(getattr(model[0], "model", None))
    if stack is None:
        raise TrainingError("This base model has no layers that could be frozen.", todo="Set frozen layers to 0.")
    if count >= len(stack.layers):
        raise TrainingError(
            f"The model has {len(stack.layers)} layers; {count} cannot be frozen.", todo="Freeze fewer."
        )
    # no gradient, no optimizer state, no weight decay: the weights stay bit for bit
    for part in stack.lower_parts(count):
        part.requires_grad_(False)
