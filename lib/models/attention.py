"""Attention on the CPU for texts packed into one row, registered with transformers under the name "closer_packed".

transformers lets anyone register an attention function (AttentionInterface) and its mask (AttentionMaskInterface):
https://huggingface.co/docs/transformers/attention_interface. Padding then exists nowhere but inside attention, and there
only up to the longest text of a group of texts of nearly one length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "closer_packed"
GROUP = 32
"""Texts that share one call: small enough that they have nearly one length, large enough that calls cost little."""


@dataclass(frozen=True)
class Group:
    """Texts of nearly one length: where they lie among the gathered rows, and which keys are real (None: all)."""

    begin: int
    end: int
    texts: int
    length: int
    mask: torch.Tensor | None


@dataclass(frozen=True)
class Plan:
    """How a packed row is cut into groups: `gather` (padded tokens) reads it, `back` (tokens) undoes that."""

    gather: torch.Tensor
    back: torch.Tensor
    groups: tuple[Group, ...]


def plan_of(boundaries: torch.Tensor) -> Plan:
    """Return the plan for cu_seq_lens (texts + 1); made once a batch and kept on the tensor for all layers."""
    known = getattr(boundaries, "closer_plan", None)
    if known is None:
        known = _plan(boundaries)
        boundaries.closer_plan = known  # type: ignore[attr-defined]
    return known


def _plan(boundaries: torch.Tensor) -> Plan:
    boundaries = boundaries.detach().long()
    starts, lengths = boundaries[:-1], boundaries.diff()
    order = torch.argsort(lengths, stable=True)
    back = torch.empty(int(boundaries[-1]), dtype=torch.long, device=boundaries.device)
    parts, groups, begin = [], [], 0
    for chosen in order.split(GROUP):
        longest = int(lengths[chosen].max())
        place = torch.arange(longest, device=boundaries.device)
        real = place < lengths[chosen, None]
        index = starts[chosen, None] + place
        parts.append(torch.where(real, index, starts[chosen, None]).flatten())
        back[index[real]] = begin + torch.arange(real.numel(), device=boundaries.device).view_as(real)[real]
        whole = bool(real.all())
        groups.append(
            Group(begin, begin + real.numel(), len(chosen), longest, None if whole else real[:, None, None, :])
        )
        begin += real.numel()
    return Plan(torch.cat(parts), back, tuple(groups))


def packed_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attend within each packed text; query, key and value are (1, heads, tokens, width), the result (1, tokens, heads, width).

    Without `cu_seq_lens_q` the batch is a padded one and goes to the stock function. While gradients are recorded the
    plain matrix form is forced: the backward of the CPU's flash attention is several times slower at these sizes.
    """
    boundaries = kwargs.get("cu_seq_lens_q")
    if boundaries is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
    plan = plan_of(boundaries)
    rows = [_rows(part).index_select(0, plan.gather) for part in (query, key, value)]
    heads, width = query.shape[1], query.shape[3]
    if torch.is_grad_enabled():
        with sdpa_kernel(SDPBackend.MATH):
            parts = [_attend(rows, group, heads, width, dropout, scaling) for group in plan.groups]
    else:
        parts = [_attend(rows, group, heads, width, dropout, scaling) for group in plan.groups]
    return torch.cat(parts).index_select(0, plan.back).view(1, -1, heads, width), None


def _rows(part: torch.Tensor) -> torch.Tensor:
    """Turn (1, heads, tokens, width) into (tokens, heads * width)."""
    return part.transpose(1, 2).reshape(part.shape[2], -1)


def _attend(
    rows: list[torch.Tensor], group: Group, heads: int, width: int, dropout: float, scaling: float | None
) -> torch.Tensor:
    """Return the attention of one group as (its padded tokens, heads * width)."""
    shape = (group.texts, group.length, heads, width)
    query, key, value = (part[group.begin : group.end].view(shape).transpose(1, 2) for part in rows)
    out = scaled_dot_product_attention(query, key, value, attn_mask=group.mask, dropout_p=dropout, scale=scaling)
    return out.transpose(1, 2).reshape(group.texts * group.length, -1)


def packed_mask(*args: Any, attention_mask: torch.Tensor | None = None, **kwargs: Any) -> torch.Tensor | None:
    """Return no mask for a packed row (it comes without one), the stock mask for a padded batch."""
    return None if attention_mask is None else sdpa_mask(*args, attention_mask=attention_mask, **kwargs)


AttentionInterface.register(NAME, packed_attention)
AttentionMaskInterface.register(NAME, packed_mask)
