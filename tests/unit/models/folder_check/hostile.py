"""Every hostile model folder: the file that its refusal names, and how it is spoilt."""

from __future__ import annotations

from tests.unit.models.folder_check.hostile_code import RUN_CODE
from tests.unit.models.folder_check.hostile_exhaust import EXHAUST
from tests.unit.models.folder_check.hostile_noise import MISLEAD
from tests.unit.models.folder_check.hostile_reach import REACH_OUT

HOSTILE = RUN_CODE | REACH_OUT | EXHAUST | MISLEAD
