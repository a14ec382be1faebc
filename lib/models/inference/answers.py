"""What the inference process answers, typed for the pages that read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class NearestText:
    """A text that a search finds, its score (a cosine, or BM25's), and whether it answers the query."""

    text: str
    score: float
    is_right: bool = False


@dataclass(frozen=True)
class Ranking:
    """The best texts of a search, best first.

    right: the first text that answers the query, and right_rank its rank from 1, also beyond the best ones; None where no answer is known.
    texts: how many were ranked.
    """

    best: tuple[NearestText, ...]
    right: NearestText | None
    right_rank: int | None
    texts: int

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Ranking:
        """Read what `to_json` wrote."""
        right = stored["right"]
        best = tuple(NearestText(**one) for one in stored["best"])
        return cls(best, NearestText(**right) if right else None, stored["right_rank"], stored["texts"])

    def to_json(self) -> dict[str, Any]:
        """Build what is sent from process to process."""
        return asdict(self)
