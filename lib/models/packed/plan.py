"""How a packed row is cut into groups of nearly one length, and what a token of a text may see."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

MOST_TEXTS = 32
"""Texts that share one call.

Few enough that they have nearly one length, many enough that calls cost little.
"""
MOST_SCORES = 2**17
"""Scores of one head in one call: what stays in the cache of a core."""


@dataclass(frozen=True)
class Visibility:
    """Which keys a query sees within its text.

    causal: none after it. window: only those nearer than so many tokens, 0 for all.
    """

    causal: bool = False
    window: int = 0

    def limits(self, length: int) -> bool:
        """Check whether a text of this length has keys that some query does not see."""
        return self.causal or 0 < self.window < length

    def sees(self, distance: torch.Tensor) -> torch.Tensor:
        """Check for each distance, the key's position less the query's, whether the query sees the key."""
        seen = distance <= 0 if self.causal else torch.ones_like(distance, dtype=torch.bool)
        return seen & (distance.abs() < self.window) if self.window else seen


ALL = Visibility()


@dataclass(frozen=True)
class Group:
    """Texts of nearly one length, padded to the longest.

    begin, end: their range of gathered rows. real: (texts, length), false for padding; None where no text has padding.
    """

    begin: int
    end: int
    texts: int
    length: int
    real: torch.Tensor | None


@dataclass(frozen=True)
class Plan:
    """How a packed row is cut into groups.

    `gather` (padded tokens) indexes the row, `back` (tokens) inverts it.
    """

    gather: torch.Tensor
    back: torch.Tensor
    groups: tuple[Group, ...]
    longest: int
    biases: dict[tuple[int, Visibility], torch.Tensor | None] = field(default_factory=dict)

    def bias(self, number: int, visibility: Visibility) -> torch.Tensor | None:
        """Compute once what is added to a group's scores: 0 for keys that are seen, -inf for others.

        None for nothing.

        (texts or 1, 1, length or 1, length), for the scores (texts, heads, length, length).
        """
        key = (number, visibility)
        if key not in self.biases:
            self.biases[key] = _bias(self.groups[number], visibility)
        return self.biases[key]


def relative_positions(length: int) -> torch.Tensor:
    """Compute the key's position less the query's: (queries, keys)."""
    positions = torch.arange(length)
    return positions[None, :] - positions[:, None]


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
        groups.append(Group(begin, begin + real.numel(), len(group), longest, None if bool(real.all()) else real))
        begin += real.numel()
    return Plan(torch.cat(parts), back, tuple(groups), int(lengths.max()))


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


def _bias(group: Group, visibility: Visibility) -> torch.Tensor | None:
    seen = visibility.sees(relative_positions(group.length))[None, None] if visibility.limits(group.length) else None
    # a causal query is real and sees no padding, which comes after it
    real = group.real[:, None, None, :] if group.real is not None and not visibility.causal else None
    if seen is not None and real is not None:
        # the query of a padded row sees at least itself: a row without any key would be 0 / 0
        allowed = (seen & real) | torch.eye(group.length, dtype=torch.bool)
    elif seen is None and real is None:
        return None
    else:
        allowed = real if seen is None else seen
    return torch.zeros(allowed.shape).masked_fill(~allowed, -torch.inf)
