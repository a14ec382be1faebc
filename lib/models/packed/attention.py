"""CPU attention for texts packed into one row, registered with transformers as "closer_packed".

transformers lets anyone register an attention function (AttentionInterface) and its mask (AttentionMaskInterface):
https://huggingface.co/docs/transformers/attention_interface. Padding then exists nowhere but inside attention, and there
only up to the longest of a few texts of nearly one length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from lib.models.packed.long_texts import LONG
from lib.models.packed.plan import ALL, Group, Plan, Visibility, plan_of, relative_positions

NAME = "closer_packed"
BLOCK = 512
"""Queries of a long text that share a mask of their window."""


@dataclass(frozen=True)
class AttentionCall:
    """What one attention computes with besides its tensors.

    scaling: factor of the scores. dropout: probability, 0 outside training.
    """

    plan: Plan
    heads: int
    scaling: float
    dropout: float = 0.0
    visibility: Visibility = ALL


class PackedAttention(torch.autograd.Function):
    """Scaled dot-product attention within each text, with dropout, as one autograd function.

    softmax(scale Q K^T + B) V.

    With S = scale Q K^T + B, scale = 1 / sqrt(d) unless the model sets another, B a learned bias for the distance of key and
    query where the model has one (Raffel et al. 2020, T5; MPNet), and Z the dropout factors (Z = 1 without dropout; * is the
    elementwise product; gradients as in Dao et al. 2022, FlashAttention, appendix B):

        forward     P = softmax(S), O = (P * Z) V
        backward    dV = (P * Z)^T dO
                    dP = (dO V^T) * Z
                    dS = P * (dP - rowsum(dP * P))
                    dQ = scale dS K, dK = scale dS^T Q
                    dB(d) = sum of dS over the texts and over the places of distance d

    P is stored for the backward pass, not recomputed. Written out, because on a CPU most of the stock way is waste at
    these sizes: the gradient of a gather is a scatter (here it is the gather back), bf16 scores take the slow softmax,
    and flash attention's backward is several times slower. Texts above LONG tokens take the stock way.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        relative: torch.Tensor | None,
        call: AttentionCall,
    ) -> torch.Tensor:
        """Compute O = (P * Z) V for each group of texts: three (tokens, heads * width) to one of that shape.

        relative: B by distance, (heads, 2 * longest - 1), distance 0 in the middle.
        """
        gathered = [part.index_select(0, call.plan.gather) for part in (query, key, value)]
        out = torch.empty_like(gathered[0])
        saved: list[tuple[torch.Tensor, torch.Tensor | None] | None] = []
        differentiates = any(ctx.needs_input_grad)
        for number, group in enumerate(call.plan.groups):
            q, k, v = (_split(part, group, call.heads) for part in gathered)
            if _is_long(group, call, relative):
                _join(_long_attention(q, k, v, call), group, out)
                saved.append(None)
                continue
            chances = _softmax(torch.bmm(q, k.transpose(1, 2)), call, number, relative)  # P
            weights, drop = _apply_dropout(chances, call.dropout)  # P * Z, Z
            weights = weights.to(v.dtype)
            _join(torch.bmm(weights, v), group, out)  # O = (P * Z) V
            # without dropout P * Z is P: what is stored is P in any case, in the dtype of the products
            if differentiates:
                saved.append((weights if drop is None else chances.to(v.dtype), drop))
        ctx.saved = (call, relative, gathered, saved) if differentiates else None
        return out.index_select(0, call.plan.back)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[Any, ...]:  # type: ignore[override]
        """Compute the gradients of query, key and value, (tokens, heads * width) each, and of `relative`."""
        call, relative, gathered, saved = ctx.saved
        # dO of padding is 0, so that padded rows add nothing to the sums below
        there = torch.zeros_like(gathered[0])
        there[call.plan.back] = gradient.to(there.dtype)
        out = [torch.empty_like(part) for part in gathered]
        by_distance = None if relative is None else torch.zeros_like(relative)
        for group, stored in zip(call.plan.groups, saved, strict=True):
            q, k, v = (_split(part, group, call.heads) for part in gathered)
            above = _split(there, group, call.heads)  # dO
            if stored is None:
                parts = _long_gradients(q, k, v, above, call)
            else:
                chances, drop = stored
                slope = _score_gradient(chances, drop, torch.bmm(above, v.transpose(1, 2)).float())  # dS
                if by_distance is not None:
                    _add_by_distance(slope, call.plan, group, by_distance)
                slope = slope.mul_(call.scaling).to(q.dtype)
                weights = chances if drop is None else (chances * drop).to(chances.dtype)  # P * Z
                # dQ = scale dS K, dK = scale dS^T Q, dV = (P * Z)^T dO
                across = slope.transpose(1, 2)
                parts = torch.bmm(slope, k), torch.bmm(across, q), torch.bmm(weights.transpose(1, 2), above)
            for part, rows in zip(parts, out, strict=True):
                _join(part, group, rows)
        return (*(part.index_select(0, call.plan.back) for part in out), by_distance, None)


def _softmax(scores: torch.Tensor, call: AttentionCall, number: int, relative: torch.Tensor | None) -> torch.Tensor:
    """Compute the attention weights P = softmax(scale Q K^T + B) in fp32; keys that are not seen weigh 0.

    In bf16 it is both slower and less precise.
    """
    group, bias = call.plan.groups[number], call.plan.bias(number, call.visibility)
    scores = scores.float().mul_(call.scaling)
    by_head = scores.view(group.texts, call.heads, group.length, group.length)
    if relative is not None:
        by_head.add_(relative[:, _distance_index(call.plan, group)])
    if bias is not None:
        by_head.add_(bias)
    return torch.softmax(scores, dim=-1, out=scores)


def _score_gradient(chances: torch.Tensor, drop: torch.Tensor | None, slope: torch.Tensor) -> torch.Tensor:
    """Compute dS = P * (dP - rowsum(dP * P)), the Jacobian of softmax by rows, in place. slope: dO V^T."""
    if drop is not None:
        slope.mul_(drop)  # dP = (dO V^T) * Z: the forward pass's Z
    plain = chances.float()
    slope.mul_(plain)
    return slope.addcmul_(plain, slope.sum(-1, keepdim=True), value=-1.0)


def _distance_index(plan: Plan, group: Group) -> torch.Tensor:
    """Find the column of `relative` for every query and key of a group: (length, length)."""
    return relative_positions(group.length) + plan.longest - 1


def _add_by_distance(slope: torch.Tensor, plan: Plan, group: Group, total: torch.Tensor) -> None:
    """Add dB: the sum of dS, (texts * heads, length, length), over texts and places of one distance."""
    by_head = slope.view(group.texts, -1, group.length, group.length).sum(0).flatten(1)
    total.index_add_(1, _distance_index(plan, group).flatten(), by_head.to(total.dtype))


def _is_long(group: Group, call: AttentionCall, relative: torch.Tensor | None) -> bool:
    """Check whether a group is one text above LONG tokens that flash attention can take."""
    return group.length > LONG and relative is None and not call.dropout


def _long_attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, call: AttentionCall) -> torch.Tensor:
    """Attend within one long text by PyTorch's flash attention: (heads, length, width) each.

    Its memory grows with the length, not with its square; a window is computed by blocks of queries.
    """
    if call.visibility.window:
        return torch.cat([_window_block(q, k, v, call, begin) for begin in range(0, q.shape[1], BLOCK)], dim=1)
    return scaled_dot_product_attention(
        q[None], k[None], v[None], is_causal=call.visibility.causal, scale=call.scaling
    )[0]


def _window_block(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, call: AttentionCall, begin: int) -> torch.Tensor:
    """Attend from BLOCK queries to the keys that one of them sees: (heads, queries, width)."""
    visibility, end = call.visibility, min(q.shape[1], begin + BLOCK)
    reach = visibility.window - 1
    low, high = max(0, begin - reach), min(k.shape[1], end + (0 if visibility.causal else reach))
    distance = torch.arange(low, high)[None, :] - torch.arange(begin, end)[:, None]
    parts = q[None, :, begin:end], k[None, :, low:high], v[None, :, low:high]
    return scaled_dot_product_attention(*parts, attn_mask=visibility.sees(distance), scale=call.scaling)[0]


def _long_gradients(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, above: torch.Tensor, call: AttentionCall
) -> tuple[torch.Tensor, ...]:
    """Compute attention within a long text again, and its gradients dQ, dK, dV."""
    parts = [part.detach().requires_grad_() for part in (q, k, v)]
    with torch.enable_grad():
        return torch.autograd.grad(_long_attention(parts[0], parts[1], parts[2], call), parts, above)


def _split(rows: torch.Tensor, group: Group, heads: int) -> torch.Tensor:
    """Copy a group's rows to (texts * heads, length, width), contiguous for batched products."""
    part = rows[group.begin : group.end].view(group.texts, group.length, heads, -1)
    return part.transpose(1, 2).reshape(group.texts * heads, group.length, -1)


def _join(part: torch.Tensor, group: Group, rows: torch.Tensor) -> None:
    """Write (texts * heads, length, width) back to a group's rows."""
    target = rows[group.begin : group.end].view(group.texts, group.length, -1, part.shape[-1])
    target.copy_(part.view(group.texts, -1, group.length, part.shape[-1]).transpose(1, 2))


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
    visibility = Visibility(bool(getattr(module, "is_causal", False)), kwargs.get("sliding_window") or 0)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return attend(query, key, value, plan_of(boundaries), scaling=scale, dropout=dropout, visibility=visibility), None


def attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    plan: Plan,
    *,
    scaling: float,
    dropout: float = 0.0,
    visibility: Visibility = ALL,
    relative: torch.Tensor | None = None,
) -> torch.Tensor:
    """Attend within each text of a plan: (1, heads, tokens, width) to (1, tokens, heads, width).

    Keys and values may have fewer heads, each for as many queries' heads in turn (grouped-query attention).
    relative: a bias by distance, (heads, 2 * longest - 1).
    """
    heads, tokens, width = query.shape[1:]
    if key.shape[1] != heads:
        key, value = (part.repeat_interleave(heads // key.shape[1], dim=1) for part in (key, value))
    # under autocast rotary positions leave queries and keys in fp32 beside bf16 values
    parts = (part.to(value.dtype).transpose(1, 2) for part in (query, key, value))
    rows = [part.reshape(tokens, heads * width) for part in parts]
    out = PackedAttention.apply(*rows, relative, AttentionCall(plan, heads, scaling, dropout, visibility))
    return out.view(1, tokens, heads, width)


def packed_mask(*args: Any, attention_mask: torch.Tensor | None = None, **kwargs: Any) -> torch.Tensor | None:
    """Build the stock mask for a padded batch, none for a packed row, which comes without one."""
    return None if attention_mask is None else sdpa_mask(*args, attention_mask=attention_mask, **kwargs)


AttentionInterface.register(NAME, packed_attention)
AttentionMaskInterface.register(NAME, packed_mask)
