"""Correct the verdicts of several comparisons of one question, of which the best would be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lib.evaluation.difference import CONFIDENCE, Difference


def adjust_p_values(p_values: Sequence[float]) -> np.ndarray:
    """Adjust p-values for the number of comparisons: (k,) in the order given.

    Holm 1979 (Scandinavian Journal of Statistics 6:65-70): with the p-values in rising order,
    adjusted p_(i) = max over j <= i of min(1, (k - j + 1) p_(j)). The chance that any true "no change" is called a change
    stays below the level, whatever their dependence.
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    factors = len(values) - np.arange(len(values))
    rising = np.maximum.accumulate(np.minimum(1.0, factors * values[order]))
    adjusted = np.empty(len(values))
    adjusted[order] = rising
    return adjusted


def correct_differences(changes: Sequence[Difference]) -> list[Difference]:
    """Correct the verdicts of comparisons that compete, by Holm's adjusted p-values.

    What they leave open is no clear change.

    The interval of each stays that of a single comparison; only p-value and verdict know of the others.
    """
    adjusted = adjust_p_values([change.p_value for change in changes])
    return [_with_p_value(change, float(p_value)) for change, p_value in zip(changes, adjusted, strict=True)]


def _with_p_value(change: Difference, p_value: float) -> Difference:
    verdict = change.verdict if p_value <= 1 - CONFIDENCE else "no clear change"
    return replace(change, p_value=p_value, stored_verdict=verdict)
