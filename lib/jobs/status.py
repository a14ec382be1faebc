"""Where a job is: its events folded to a status, with the time left by the pace so far."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lib.jobs.events import (
    AdvanceEvent,
    AttemptEvent,
    Event,
    LogEvent,
    LossEvent,
    MeasuredEvent,
    PlacesEvent,
    ResumedEvent,
    StageEvent,
)
from lib.progress import LogLine, LossPoint, SnapshotMeasurement

PACE_SHARE = 0.15
"""Share of the latest steps over which the pace is measured.

Caches fill, other programs come and go.
"""


@dataclass
class Pace:
    """How fast a stage goes: seconds of its steps apart from the validations between its epochs.

    Seconds and steps are sums with exponential decay: what came n steps ago has the weight exp(-n / (PACE_SHARE total)).
    """

    last: tuple[float, float] | None = None
    seconds: float = 0.0
    steps: float = 0.0
    validation_began: float | None = None
    validation_seconds: list[float] = field(default_factory=list)
    was_validating: bool = False

    def advance(self, clock: float, done: float, total: float) -> None:
        """Add a point; the time since the last one counts unless a validation was between, older times less."""
        if self.last is not None and not self.was_validating and clock > self.last[0] and done > self.last[1]:
            weight = math.exp(-(done - self.last[1]) / max(1.0, PACE_SHARE * total))
            self.seconds = self.seconds * weight + clock - self.last[0]
            self.steps = self.steps * weight + done - self.last[1]
        self.last, self.was_validating = (clock, done), False

    def begin_part(self, clock: float, *, is_validation: bool) -> None:
        """Take a change of what the stage does: a validation begins, or ends."""
        if self.validation_began is not None:
            self.validation_seconds.append(clock - self.validation_began)
            self.validation_began, self.was_validating = None, True
        if is_validation:
            self.validation_began = clock

    def seconds_left(self, steps: float, *, validations: float, validation_steps: float) -> float | None:
        """Estimate the seconds for that many steps and validations; None before anything was measured.

        validation_steps: what a validation is expected to cost before there was one, in steps.
        """
        if not self.steps:
            return None
        step = self.seconds / self.steps
        past = self.validation_seconds
        validation = sum(past) / len(past) if past else validation_steps * step
        seconds = steps * step + validations * validation
        return seconds if math.isfinite(seconds) else None  # damaged events can hold any number


@dataclass
class Status:
    """Where a job is: the fold of its events."""

    stage: str = ""
    detail: str = ""
    done: float = 0.0
    total: float = 0.0
    pairs_per_second: float | None = None
    memory: int | None = None
    seconds_left: float | None = None
    last: str = ""
    clock: float | None = None
    losses: list[LossPoint] = field(default_factory=list)
    measurements: list[SnapshotMeasurement] = field(default_factory=list)
    log: list[LogLine] = field(default_factory=list)
    places: tuple[str, ...] = ()
    pace: Pace = field(default_factory=Pace)

    @property
    def fraction(self) -> float:
        """How far the present stage is, from 0 to 1."""
        return max(0.0, min(1.0, self.done / self.total)) if self.total else 0.0

    @property
    def seconds_silent(self) -> float:
        """Seconds since the last event; shown to a person, never used to decide who lives.

        By the machine's own clock, which nobody sets; by the wall's where the machine was restarted since.
        """
        if not self.last:
            return 0.0
        if self.clock is not None and time.monotonic() >= self.clock:
            return time.monotonic() - self.clock
        return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(self.last)).total_seconds())


def fold(events: Iterable[Event], status: Status | None = None) -> Status:
    """Take events into a status: a new one, or one to go on with."""
    status = status or Status()
    for event in events:
        status.last, status.clock = event.time or status.last, event.clock if event.clock is not None else status.clock
        _take(status, event)
    return status


def _take(status: Status, event: Event) -> None:
    match event:
        case AttemptEvent():
            _begin_attempt(status)
        case ResumedEvent():
            _resume(status, event)
        case StageEvent():
            _begin_stage(status, event)
        case AdvanceEvent():
            _advance(status, event)
        case LossEvent():
            status.losses.append(event.point)
        case MeasuredEvent():
            status.measurements.append(event.measurement)
        case PlacesEvent():
            status.places = tuple(event.places)
        case LogEvent():
            status.log.append(event.line)


def _begin_attempt(status: Status) -> None:
    status.stage, status.detail, status.done, status.total = "starting", "", 0.0, 0.0
    status.pace, status.seconds_left = Pace(), None


def _resume(status: Status, event: ResumedEvent) -> None:
    """Forget what an earlier attempt had after the point that this one goes on from: it is measured again."""
    status.losses = [point for point in status.losses if point.step <= event.step]
    status.measurements = [one for one in status.measurements if one.epoch <= event.epoch]


def _begin_stage(status: Status, event: StageEvent) -> None:
    is_same = event.stage == status.stage
    status.stage, status.detail = event.stage, event.detail
    if not is_same:
        status.done = status.total = 0.0
        status.pace, status.seconds_left = Pace(), None
    status.pace.begin_part(event.clock or 0.0, is_validation=event.is_validation)


def _advance(status: Status, event: AdvanceEvent) -> None:
    status.done, status.total = event.done, event.total
    status.memory = status.memory if event.memory is None else event.memory
    status.pairs_per_second = status.pairs_per_second if event.pairs_per_second is None else event.pairs_per_second
    status.pace.advance(event.clock or 0.0, event.done, event.total)
    left = status.pace.seconds_left(
        event.total - event.done, validations=event.validations_left, validation_steps=event.validation_steps
    )
    status.seconds_left = status.seconds_left if left is None else left
