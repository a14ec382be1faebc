"""All checks in the order they run.

Repairs of texts come first, so that the duplicates they make are found.
"""

from __future__ import annotations

from lib.data.audit.cells import (
    CLASS_SPELLINGS,
    EMPTY_CELLS,
    IDS_AS_TEXTS,
    MISSING_VALUE,
    NO_NEGATIVE,
    OUT_OF_RANGE,
    SMALL_CLASSES,
    WRONG_WIDTH,
)
from lib.data.audit.characters import BROKEN_CHARACTERS, HTML, INVISIBLE_CHARACTERS
from lib.data.audit.check import Check
from lib.data.audit.duplicates import (
    CONTRADICTIONS,
    EQUAL_SIDES,
    EXACT_DUPLICATES,
    NEAR_DUPLICATES,
    ONE_SOURCE_MANY_TARGETS,
    ONE_TARGET_MANY_SOURCES,
)
from lib.data.audit.lengths import TOO_LONG
from lib.data.audit.scripts import MIXED_SCRIPTS

CHECKS: tuple[Check, ...] = (
    WRONG_WIDTH,
    INVISIBLE_CHARACTERS,
    BROKEN_CHARACTERS,
    HTML,
    EMPTY_CELLS,
    NO_NEGATIVE,
    MISSING_VALUE,
    OUT_OF_RANGE,
    CLASS_SPELLINGS,
    EQUAL_SIDES,
    EXACT_DUPLICATES,
    NEAR_DUPLICATES,
    CONTRADICTIONS,
    ONE_SOURCE_MANY_TARGETS,
    ONE_TARGET_MANY_SOURCES,
    TOO_LONG,
    MIXED_SCRIPTS,
    IDS_AS_TEXTS,
    SMALL_CLASSES,
)
