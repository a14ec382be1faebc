"""CPU attention for texts packed into one row, registered with transformers as "closer_packed".

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
"""Texts that share one call.

Few enough that they have nearly one length, many enough that calls cost little.
"""
MOST_SCORES = 2**17
"""Scores of one head in one call: what stays in the cache of a core."""


@dataclass(frozen=True)
class Group:
    """Texts of nearly one length, padded to the longest: their range of gathered rows, and the key mask.

    bias: (texts, 1, 1, length), 0 for a token and -inf for padding; None where no text has padding.
    """

    begin: int
    end: int
    texts: int
    length: int
    bias: torch.Tensor | None


@dataclass(frozen=True)
class Plan:
    """How a packed row is cut into groups.

    `gather` (padded tokens) indexes the row, `back` (tokens) inverts it.
    """

    gather: torch.Tensor
    back: torch.Tensor
    groups: tuple[Group, ...]


def plan_of(boundaries: torch.Tensor) -> Plan:
    """Build the plan for cu_seq_lens (texts + 1), once a batch: it is stored on the tensor for all layers."""
    plan = getattr(boundaries, "closer_plan", None)
    if plan is None:
        plan = _plan(boundaries.detach().long())
        boundaries.closer_plan = plan  # type: ignore[attr-defined]
    return plan


def _plan(boundaries: torch.Tensor) -> Plan:
    starts, lengths = boundaries[:-1], boundaries.diff()
    back = torch.empty(int(boundaries[-1]), dtype=torch.long)
    parts, groups, begin = [], [], 0
    for group in _cut(lengths):
        longest = int(lengths[group].max())
        offsets = torch.arange(longest)
        real = offsets < lengths[group, None]
        index = starts[group, None] + offsets
        # padding repeats its text's first row, so that every index is valid; `bias` masks it as a key
        parts.append(torch.where(real, index, starts[group, None]).flatten())
        back[index[real]] = begin + torch.arange(real.numel()).view_as(real)[real]
        bias = None if bool(real.all()) else torch.zeros(real.shape).masked_fill(~real, -torch.inf)[:, None, None, :]
        groups.append(Group(begin, begin + real.numel(), len(group), longest, bias))
        begin += real.numel()
    return Plan(torch.cat(parts), back, tuple(groups))


def _cut(lengths: torch.Tensor) -> list[torch.Tensor]:
    """Cut the texts, longest first, into groups within MOST_TEXTS and MOST_SCORES."""
    order = torch.argsort(lengths, descending=True, stable=True)
    out, begin = [], 0
    while begin < len(order):
        # (length^2 scores a head and text) * texts <= MOST_SCORES
        room = max(1, MOST_SCORES // max(1, int(lengths[order[begin]]) ** 2))
        out.append(order[begin : begin + min(room, MOST_TEXTS)])
        begin += len(out[-1])
    return out


class PackedAttention(torch.autograd.Function):
    """Scaled dot-product attention within each text, with dropout, as one autograd function.

    softmax(scale Q K^T) V.

    With S = scale Q K^T, scale = 1 / sqrt(d) unless the model sets another, and Z the dropout factors (Z = 1 without
    dropout; * is the elementwise product; gradients as in Dao et al. 2022, FlashAttention, appendix B):

        forward     P = softmax(S), O = (P * Z) V
        backward    dV = (P * Z)^T dO
                    dP = (dO V^T) * Z
                    dS = P * (dP - rowsum(dP * P))
                    dQ = scale dS K, dK = scale dS^T Q

    P is stored for the backward pass, not recomputed. Written out, because on a CPU most of the stock way is waste at
    these sizes: the gradient of a gather is a scatter (here it is the gather back), bf16 scores take the slow softmax,
    and flash attention's backward is several times slower.
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
        """Compute O = (P * Z) V for each group of texts: three (tokens, heads * width) to one of that shape."""
        gathered = [part.index_select(0, plan.gather) for part in (query, key, value)]
        out = torch.empty_like(gathered[0])
        saved = []
        for group in plan.groups:
            q, k, v = (_split(part, group, heads) for part in gathered)
            # P = softmax(scale Q K^T): fp32, padded keys have the bias -inf and so the weight 0
            chances = _softmax(torch.bmm(q, k.transpose(1, 2)), group, heads, scaling)
            weights, drop = _apply_dropout(chances, dropout)  # P * Z, Z
            weights = weights.to(v.dtype)
            _join(torch.bmm(weights, v), group, out)  # O = (P * Z) V
            # without dropout P * Z is P: what is stored is P in any case, in the dtype of the products
            saved.append((weights if drop is None else chances.to(v.dtype), drop))
        ctx.saved = (plan, heads, scaling, gathered, saved)
        return out.index_select(0, plan.back)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[Any, ...]:  # type: ignore[override]
        """Compute the gradients of query, key and value, (tokens, heads * width) each."""
        plan, heads, scaling, gathered, saved = ctx.saved
        # dO of padding is 0, so that padded rows add nothing to the sums below
        there = torch.zeros_like(gathered[0])
        there[plan.back] = gradient.to(there.dtype)
        out = [torch.empty_like(part) for part in gathered]
        for group, (chances, drop) in zip(plan.groups, saved, strict=True):
            q, k, v = (_split(part, group, heads) for part in gathered)
            above = _split(there, group, heads)  # dO
            weights = chances if drop is None else (chances * drop).to(chances.dtype)  # P * Z
            slope = torch.bmm(above, v.transpose(1, 2)).float()  # dO V^T
            if drop is not None:
                slope.mul_(drop)  # dP = (dO V^T) * Z: the forward pass's Z
            plain = chances.float()
            # scale dS = scale (P * dP - P * rowsum(P * dP)), the Jacobian of softmax by rows
            slope.mul_(plain)
            slope.addcmul_(plain, slope.sum(-1, keepdim=True), value=-1.0).mul_(scaling)
            slope = slope.to(q.dtype)
            _join(torch.bmm(slope, k), group, out[0])  # dQ = scale dS K
            _join(torch.bmm(slope.transpose(1, 2), q), group, out[1])  # dK = scale dS^T Q
            _join(torch.bmm(weights.transpose(1, 2), above), group, out[2])  # dV = (P * Z)^T dO
        return (*(part.index_select(0, plan.back) for part in out), None, None, None, None)


def _split(rows: torch.Tensor, group: Group, heads: int) -> torch.Tensor:
    """Copy a group's rows to (texts * heads, length, width), contiguous for batched products."""
    part = rows[group.begin : group.end].view(group.texts, group.length, heads, -1)
    return part.transpose(1, 2).reshape(group.texts * heads, group.length, -1)


def _join(part: torch.Tensor, group: Group, rows: torch.Tensor) -> None:
    """Write (texts * heads, length, width) back to a group's rows."""
    target = rows[group.begin : group.end].view(group.texts, group.length, -1, part.shape[-1])
    target.copy_(part.view(group.texts, -1, group.length, part.shape[-1]).transpose(1, 2))


def _softmax(scores: torch.Tensor, group: Group, heads: int, scaling: float) -> torch.Tensor:
    """Compute the attention weights P = softmax(scale S) in fp32.

    In bf16 it is both slower and less precise.
    """
    scores = scores.float().mul_(scaling)
    if group.bias is not None:
        scores.view(group.texts, heads, group.length, group.length).add_(group.bias)
    return torch.softmax(scores, dim=-1, out=scores)


def _apply_dropout(chances: torch.Tensor, dropout: float) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Apply dropout to the weights: P Z and the factors Z (P and None without dropout)."""
    if not dropout:
        return chances, None
    # inverted dropout (Srivastava et al. 2014): Z = Bernoulli(1 - p) / (1 - p), so that E[P * Z] = P
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
    """Attend within each packed text: (1, heads, tokens, width) to (1, tokens, heads, width).

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
    """Build the stock mask for a padded batch, none for a packed row, which comes without one."""
    return None if attention_mask is None else sdpa_mask(*args, attention_mask=attention_mask, **kwargs)


AttentionInterface.register(NAME, packed_attention)
AttentionMaskInterface.register(NAME, packed_mask)
