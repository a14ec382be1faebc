"""The headline of a run in lists: one metric of base and tuned on held-out pairs, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite, nan
from typing import Any

from lib.typed_json import JsonError, build, parse_stored


@dataclass(frozen=True)
class Headline:
    """One metric of base and tuned model with the difference's 95% interval; a missing bound is nan.

    verdict: better, worse or no clear change. held_out: how many examples were evaluated.
    """

    metric: str
    verdict: str
    held_out: int
    base: float
    tuned: float
    difference: float
    low: float = nan
    high: float = nan

    @classmethod
    def from_text(cls, text: str | None) -> Headline | None:
        """Read stored JSON; None where there is none, or none that this version understands."""
        try:
            return build(cls._from_json, parse_stored(text)) if text else None
        except JsonError:
            return None

    @classmethod
    def _from_json(cls, stored: Mapping[str, Any]) -> Headline:
        values = (nan if stored.get(name) is None else stored[name] for name in ("low", "high"))
        numbers = (stored[name] for name in ("base", "tuned", "difference"))
        return cls(stored["metric"], stored["verdict"], stored.get("held_out", 0), *numbers, *values)

    def to_json(self) -> dict[str, Any]:
        """Build what is stored and printed: null for a bound that does not exist."""
        return {
            name: None if isinstance(value, float) and not isfinite(value) else value
            for name, value in asdict(self).items()
        }
