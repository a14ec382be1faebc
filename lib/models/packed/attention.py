"""Attention on the CPU for texts packed into one row, registered with transformers under the name "closer_packed".

transformers lets anyone register an attention function (AttentionInterface) and its mask (AttentionMaskInterface):
https://huggingface.co/docs/transformers/attention_interface. Padding then exists nowhere but inside attention, and there
only up to the longest of a few texts of nearly one length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "closer_packed"
MOST_TEXTS = 32
"""Texts that share one call: few enough that they have nearly one length, many enough that calls cost little."""
MOST_SCORES = 2**17
"""Scores of one head in one call: what stays in the cache of a core."""


@dataclass(frozen=True)
class Group:
    """Texts of nearly one length: where they lie among the gathered rows; `bias` hides keys that aren't there (None: all are)."""

    begin: int
    end: int
    texts: int
    length: int
    bias: torch.Tensor | None


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
        known = _plan(boundaries.detach().long())
        boundaries.closer_plan = known  # type: ignore[attr-defined]
    return known


def _plan(boundaries: torch.Tensor) -> Plan:
    starts, lengths = boundaries[:-1], boundaries.diff()
    back = torch.empty(int(boundaries[-1]), dtype=torch.long)
    parts, groups, begin = [], [], 0
    for chosen in _cut(lengths):
        longest = int(lengths[chosen].max())
        place = torch.arange(longest)
        real = place < lengths[chosen, None]
        index = starts[chosen, None] + place
        parts.append(torch.where(real, index, starts[chosen, None]).flatten())
        back[index[real]] = begin + torch.arange(real.numel()).view_as(real)[real]
        bias = None if bool(real.all()) else torch.zeros(real.shape).masked_fill(~real, -torch.inf)[:, None, None, :]
        groups.append(Group(begin, begin + real.numel(), len(chosen), longest, bias))
        begin += real.numel()
    return Plan(torch.cat(parts), back, tuple(groups))


def _cut(lengths: torch.Tensor) -> list[torch.Tensor]:
    """Return the texts, longest first, in groups that keep to MOST_TEXTS and MOST_SCORES."""
    order = torch.argsort(lengths, descending=True, stable=True)
    out, begin = [], 0
    while begin < len(order):
        room = max(1, MOST_SCORES // max(1, int(lengths[order[begin]]) ** 2))
        out.append(order[begin : begin + min(room, MOST_TEXTS)])
        begin += len(out[-1])
    return out


class PackedAttention(torch.autograd.Function):
    """softmax(q k' scale) v within each text, as one step of the gradient tape.

    Written out, because on a CPU most of the stock way is waste at these sizes: the gradient of a gather is a scatter (here
    it is the gather back), bf16 scores take the slow softmax, and flash attention's backward is several times slower.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        plan: Plan,
        heads: int,
        scaling: float,
        dropout: float,
    ) -> torch.Tensor:
        """Take (tokens, heads * width) three times and return the same shape."""
        gathered = [part.index_select(0, plan.gather) for part in (query, key, value)]
        out = torch.empty_like(gathered[0])
        kept = []
        for group in plan.groups:
            q, k, v = (_split(part, group, heads) for part in gathered)
            chances = _softmax(torch.bmm(q, k.transpose(1, 2)), group, heads, scaling)
            used, drop = _dropped(chances, dropout)
            used = used.to(v.dtype)
            _join(torch.bmm(used, v), group, out)
            kept.append((used if drop is None else chances.to(v.dtype), drop))
        ctx.known = (plan, heads, scaling, gathered, kept)
        return out.index_select(0, plan.back)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[Any, ...]:  # type: ignore[override]
        """Return the gradients of query, key and value."""
        plan, heads, scaling, gathered, kept = ctx.known
        there = torch.zeros_like(gathered[0])
        there[plan.back] = gradient.to(there.dtype)
        out = [torch.empty_like(part) for part in gathered]
        for group, (chances, drop) in zip(plan.groups, kept, strict=True):
            q, k, v = (_split(part, group, heads) for part in gathered)
            above = _split(there, group, heads)
            used = chances if drop is None else (chances * drop).to(chances.dtype)
            slope = torch.bmm(above, v.transpose(1, 2)).float()
            if drop is not None:
                slope.mul_(drop)
            plain = chances.float()
            slope.mul_(plain)
            slope.addcmul_(plain, slope.sum(-1, keepdim=True), value=-1.0).mul_(scaling)
            slope = slope.to(q.dtype)
            _join(torch.bmm(slope, k), group, out[0])
            _join(torch.bmm(slope.transpose(1, 2), q), group, out[1])
            _join(torch.bmm(used.transpose(1, 2), above), group, out[2])
        return (*(part.index_select(0, plan.back) for part in out), None, None, None, None)


def _split(rows: torch.Tensor, group: Group, heads: int) -> torch.Tensor:
    """Return a group's rows as (texts * heads, length, width), laid out for batched products."""
    part = rows[group.begin : group.end].view(group.texts, group.length, heads, -1)
    return part.transpose(1, 2).reshape(group.texts * heads, group.length, -1)


def _join(part: torch.Tensor, group: Group, rows: torch.Tensor) -> None:
    """Write (texts * heads, length, width) back to a group's rows."""
    target = rows[group.begin : group.end].view(group.texts, group.length, -1, part.shape[-1])
    target.copy_(part.view(group.texts, -1, group.length, part.shape[-1]).transpose(1, 2))


def _softmax(scores: torch.Tensor, group: Group, heads: int, scaling: float) -> torch.Tensor:
    """Return fp32 attention weights: in bf16 the softmax is both slower and coarser."""
    scores = scores.float().mul_(scaling)
    if group.bias is not None:
        scores.view(group.texts, heads, group.length, group.length).add_(group.bias)
    return torch.softmax(scores, dim=-1, out=scores)


def _dropped(chances: torch.Tensor, dropout: float) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the weights after dropout, and the factors (None without dropout)."""
    if not dropout:
        return chances, None
    drop = torch.empty_like(chances).bernoulli_(1 - dropout).div_(1 - dropout)
    return chances * drop, drop


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
    """Attend within each packed text; query, key, value are (1, heads, tokens, width), the result (1, tokens, heads, width).

    Without `cu_seq_lens_q` the batch is a padded one and goes to the stock function.
    """
    boundaries = kwargs.get("cu_seq_lens_q")
    if boundaries is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
    heads, tokens, width = query.shape[1:]
    rows = [part.transpose(1, 2).reshape(tokens, heads * width) for part in (query, key, value)]
    scale = width**-0.5 if scaling is None else scaling
    out = PackedAttention.apply(*rows, plan_of(boundaries), heads, scale, dropout)
    return out.view(1, tokens, heads, width), None


def packed_mask(*args: Any, attention_mask: torch.Tensor | None = None, **kwargs: Any) -> torch.Tensor | None:
    """Return no mask for a packed row (it comes without one), the stock mask for a padded batch."""
    return None if attention_mask is None else sdpa_mask(*args, attention_mask=attention_mask, **kwargs)


AttentionInterface.register(NAME, packed_attention)
AttentionMaskInterface.register(NAME, packed_mask)
