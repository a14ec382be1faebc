"""One metric of base and tuned model on the same examples: difference, interval and test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isfinite, nan
from typing import Any, Literal, get_args

CONFIDENCE = 0.95
"""Coverage of every interval; the test's level is 1 minus this."""

Verdict = Literal["better", "worse", "no clear change"]

STORED_NUMBERS = ("base", "tuned", "difference", "low", "high", "p_value", "detectable")
"""What is stored of a difference, beside its verdict."""


@dataclass(frozen=True)
class Difference:
    """Base and tuned value of one metric, the 95% interval of tuned minus base, and the test's p-value.

    detectable: the smallest true difference that so many examples would show with 80% power. A value that cannot be measured
    is nan; an interval that so few groups cannot have is infinite, or nan once it was stored. stored_verdict: that of the
    version of Closer that evaluated; empty where it follows from the numbers.
    """

    base: float
    tuned: float
    low: float = -inf
    high: float = inf
    p_value: float = 1.0
    detectable: float = inf
    lower_is_better: bool = False
    stored_verdict: Verdict | Literal[""] = field(default="", compare=False)

    @property
    def difference(self) -> float:
        """Tuned minus base."""
        return self.tuned - self.base

    @property
    def has_interval(self) -> bool:
        """Whether both ends of the interval are known."""
        return isfinite(self.low) and isfinite(self.high)

    @property
    def verdict(self) -> Verdict:
        """Better or worse where interval and test agree that there is a change, else no clear change."""
        if self.stored_verdict:
            return self.stored_verdict
        if not self.p_value <= 1 - CONFIDENCE or not (self.low > 0 or self.high < 0):
            return "no clear change"
        return "better" if (self.low > 0) != self.lower_is_better else "worse"

    @classmethod
    def from_json(
        cls, stored: Mapping[str, Any], *, verdict: str | None = None, lower_is_better: bool = False
    ) -> Difference:
        """Read stored numbers, null being nan; the verdict beside them, or the passed one, holds."""
        base, tuned, low, high, p_value, detectable = (
            read_number(stored.get(name)) for name in STORED_NUMBERS if name != "difference"
        )
        text = stored.get("verdict", "") if verdict is None else verdict
        known: Verdict | Literal[""] = next((one for one in get_args(Verdict) if one == text), "")
        return cls(base, tuned, low, high, p_value, detectable, lower_is_better, known)

    def to_json(self) -> dict[str, float | None]:
        """Build what is stored of the numbers: null for one that is not finite."""
        return {name: finite_or_none(float(getattr(self, name))) for name in STORED_NUMBERS}

    def to_json_with_verdict(self) -> dict[str, float | str | None]:
        """Build what is stored where no table of verdicts stands beside the numbers."""
        return {**self.to_json(), "verdict": self.verdict}


def finite_or_none(value: float) -> float | None:
    """Replace a number that JSON cannot hold by None."""
    return value if isfinite(value) else None


def read_number(value: float | None) -> float:
    """Read a stored number: null is nan."""
    return nan if value is None else float(value)
