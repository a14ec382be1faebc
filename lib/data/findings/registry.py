"""All checks, in the order they run: repairs of texts first, so that what they make equal is found."""

from __future__ import annotations

from lib.data.findings.cells import EMPTY, NO_VALUE, OUT_OF_RANGE, SMALL_CLASSES, WRONG_WIDTH
from lib.data.findings.check import Check
from lib.data.findings.repeats import CONTRADICTIONS, EQUAL_SIDES, EXACT, NEAR, ONE_SOURCE, ONE_TARGET

CHECKS: tuple[Check, ...] = (
    WRONG_WIDTH,
    EMPTY,
    NO_VALUE,
    OUT_OF_RANGE,
    EQUAL_SIDES,
    EXACT,
    NEAR,
    CONTRADICTIONS,
    ONE_SOURCE,
    ONE_TARGET,
    SMALL_CLASSES,
)
