"""The parts of a cosine, by pair of tokens or by word.

They cross from the inference process to the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np


@dataclass(frozen=True)
class TokenParts:
    """An exact decomposition of a cosine: by pair of tokens a part, and all of them sum to it.

    first, second: tokens of each side; parts: (tokens of first, tokens of second).
    """

    kind: ClassVar[str] = "tokens"
    first: list[str]
    second: list[str]
    parts: list[list[float]]

    @property
    def matrix(self) -> np.ndarray:
        """The parts as (tokens of first, tokens of second) float64."""
        return np.asarray(self.parts, dtype=np.float64).reshape(len(self.first), len(self.second))

    @property
    def cosine(self) -> float:
        """The cosine of the two texts: the sum of all parts."""
        return float(self.matrix.sum())


@dataclass(frozen=True)
class WordDrops:
    """How much the cosine falls when a word is left out, by word of each side.

    The drops need not sum to the cosine.
    """

    kind: ClassVar[str] = "words"
    cosine: float
    first: list[str]
    second: list[str]
    first_drops: list[float]
    second_drops: list[float]


CosineExplanation = TokenParts | WordDrops
"""How one model comes to the cosine of two texts.

Exact where the model allows it, otherwise by leaving out words.
"""


@dataclass(frozen=True)
class ExplanationPair:
    """The same two texts explained by the base and by the tuned model."""

    base: CosineExplanation
    tuned: CosineExplanation

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ExplanationPair:
        """Read what the inference process answers."""
        return cls(_read_explanation(stored["base"]), _read_explanation(stored["tuned"]))

    def to_json(self) -> dict[str, Any]:
        """Build what the inference process answers."""
        return {name: {"kind": one.kind, **asdict(one)} for name, one in (("base", self.base), ("tuned", self.tuned))}


def _read_explanation(stored: Mapping[str, Any]) -> CosineExplanation:
    kinds: dict[str, type[TokenParts] | type[WordDrops]] = {one.kind: one for one in (TokenParts, WordDrops)}
    return kinds[stored["kind"]](**{name: value for name, value in stored.items() if name != "kind"})
