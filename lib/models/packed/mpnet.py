"""Attention of MPNet for packed texts: it adds a learned bias by the distance of two tokens.

It asks no attention interface.

Song et al. 2020, MPNet; the bias is that of Raffel et al. 2020, T5. all-mpnet-base-v2 is such a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MethodType
from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutput

from lib.models.packed.attention import attend
from lib.models.packed.plan import Plan, plan_of


@dataclass(frozen=True)
class PackedBias:
    """What the layers of MPNet hand to their attention for a packed row.

    relative: the bias by distance, (heads, 2 * longest - 1).
    """

    plan: Plan
    relative: torch.Tensor


def enable_mpnet(inner: nn.Module) -> None:
    """Let an MPNetModel take packed rows; padded batches keep the stock way."""
    # bound methods, because a copy of the model (a guide) then gets methods bound to the copy
    inner.forward = MethodType(_model_forward, inner)
    for layer in _stack(inner):
        layer.attention.attn.forward = MethodType(_attention_forward, layer.attention.attn)


def disable_mpnet(inner: nn.Module) -> None:
    """Restore the stock methods."""
    for module in (inner, *(layer.attention.attn for layer in _stack(inner))):
        module.__dict__.pop("forward", None)


def _stack(inner: Any) -> Any:
    return inner.encoder.layer


def _model_forward(
    self: Any,
    input_ids: torch.Tensor,
    position_ids: torch.Tensor | None = None,
    cu_seq_lens_q: torch.Tensor | None = None,
    **kwargs: Any,
) -> Any:
    """Compute the hidden states of a packed row, (1, tokens, width), as MPNetModel does of a padded batch."""
    if cu_seq_lens_q is None:
        return type(self).forward(self, input_ids, position_ids=position_ids, **kwargs)
    plan = plan_of(cu_seq_lens_q)
    hidden = self.embeddings(input_ids=input_ids, position_ids=position_ids)
    bias = PackedBias(plan, _relative_bias(self.encoder, plan.longest))
    for layer in _stack(self):
        hidden = layer(hidden, None, bias)[0]
    return BaseModelOutput(last_hidden_state=hidden)


def _relative_bias(encoder: Any, longest: int) -> torch.Tensor:
    """Look the bias of each distance up: (heads, 2 * longest - 1), distance 0 in the middle."""
    distances = torch.arange(1 - longest, longest)
    rows: torch.Tensor = encoder.relative_attention_bias(encoder.relative_position_bucket(distances))
    return rows.t().contiguous()


def _attention_forward(
    self: Any, hidden_states: torch.Tensor, attention_mask: Any = None, position_bias: Any = None, **kwargs: Any
) -> Any:
    """Compute attention and its output projection: (1, tokens, width)."""
    if not isinstance(position_bias, PackedBias):
        return type(self).forward(self, hidden_states, attention_mask, position_bias, **kwargs)
    shape = (*hidden_states.shape[:-1], self.num_attention_heads, self.attention_head_size)
    query, key, value = (part(hidden_states).view(shape).transpose(1, 2) for part in (self.q, self.k, self.v))
    mixed = attend(
        query,
        key,
        value,
        position_bias.plan,
        scaling=self.attention_head_size**-0.5,
        dropout=self.dropout.p if self.training else 0.0,
        relative=position_bias.relative,
    )
    return (self.o(mixed.flatten(2)),)
