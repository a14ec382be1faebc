"""All checks, in the order they run: repairs of texts first, so that what they make equal is found."""

from __future__ import annotations

from lib.data.audit.cells import EMPTY, NO_VALUE, OUT_OF_RANGE, SMALL_CLASSES, WRONG_WIDTH
from lib.data.audit.characters import BROKEN_CHARACTERS, HTML, INVISIBLE_CHARACTERS
from lib.data.audit.check import Check
from lib.data.audit.lengths import TOO_LONG
from lib.data.audit.repeats import CONTRADICTIONS, EQUAL_SIDES, EXACT, NEAR, ONE_SOURCE, ONE_TARGET
from lib.data.audit.scripts import SCRIPTS

CHECKS: tuple[Check, ...] = (
    WRONG_WIDTH,
    INVISIBLE_CHARACTERS,
    BROKEN_CHARACTERS,
    HTML,
    EMPTY,
    NO_VALUE,
    OUT_OF_RANGE,
    EQUAL_SIDES,
    EXACT,
    NEAR,
    CONTRADICTIONS,
    ONE_SOURCE,
    ONE_TARGET,
    TOO_LONG,
    SCRIPTS,
    SMALL_CLASSES,
)
