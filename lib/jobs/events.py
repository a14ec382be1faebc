"""Progress events of a job: one JSON line each, in its run's folder or in a file of its own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from lib.errors import CancelledError
from lib.memory import resident_memory
from lib.process import open_to_append
from lib.progress import LogLine, LossPoint, SnapshotMeasurement
from lib.store.jobs import Job
from lib.store.layout import WorkspacePaths
from lib.store.workspace import Workspace
from lib.typed_json import JsonError, build, parse_stored, typed

ADVANCE_SECONDS = 0.5
CHECK_SECONDS = 0.5
ALIVE_SECONDS = 10.0
"""Work that has written nothing for so long writes that it is alive."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """What every event has. time: UTC, ISO; clock: the machine's monotonic clock, which nobody sets."""

    time: str = ""
    clock: float | None = None


@dataclass(frozen=True, kw_only=True)
class AttemptEvent(Event):
    """A worker begins the job, or begins it again."""

    job: str = ""
    number: int = 0


@dataclass(frozen=True, kw_only=True)
class StageEvent(Event):
    """A stage of the work begins, or its detail changes."""

    stage: str
    detail: str = ""
    is_validation: bool = False


@dataclass(frozen=True, kw_only=True)
class AdvanceEvent(Event):
    """How far the stage is. memory: bytes; validations_left and validation_steps: see `Progress.advance`."""

    done: float
    total: float
    memory: int | None = None
    pairs_per_second: float | None = None
    validations_left: float = 0.0
    validation_steps: float = 0.0


@dataclass(frozen=True, kw_only=True)
class LossEvent(Event):
    """A point of the training curve."""

    step: int
    epoch: float
    loss: float
    learning_rate: float

    @property
    def point(self) -> LossPoint:
        """The point alone."""
        return LossPoint(self.step, self.epoch, self.loss, self.learning_rate)


@dataclass(frozen=True, kw_only=True)
class MeasuredEvent(Event):
    """Metrics of a snapshot. moment: the snapshot's name."""

    part: str
    moment: str
    epoch: float
    metrics: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def measurement(self) -> SnapshotMeasurement:
        """The measurement alone."""
        return SnapshotMeasurement(self.part, self.moment, self.epoch, self.metrics, self.seconds)


@dataclass(frozen=True, kw_only=True)
class ResumedEvent(Event):
    """The training goes on from a checkpoint: what came after it is measured again."""

    step: int
    epoch: float


@dataclass(frozen=True, kw_only=True)
class PlacesEvent(Event):
    """Where the processes of a training run: machine and device of each."""

    places: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class LogEvent(Event):
    """A line for the log."""

    text: str
    level: str = "info"

    @property
    def line(self) -> LogLine:
        """The line alone."""
        return LogLine(self.time, self.level, self.text)


@dataclass(frozen=True, kw_only=True)
class AliveEvent(Event):
    """The work has nothing to say, but goes on."""


@dataclass(frozen=True, kw_only=True)
class EndEvent(Event):
    """The attempt has ended."""

    job: str = ""
    state: str = ""
    reason: str = ""


EVENTS: dict[str, type[Event]] = {
    "attempt": AttemptEvent,
    "stage": StageEvent,
    "advance": AdvanceEvent,
    "loss": LossEvent,
    "measured": MeasuredEvent,
    "resumed": ResumedEvent,
    "places": PlacesEvent,
    "log": LogEvent,
    "alive": AliveEvent,
    "end": EndEvent,
}
"""By the word in the file, which older workspaces have too."""

_KINDS = {event: kind for kind, event in EVENTS.items()}


def parse_event(line: bytes) -> Event | None:
    """Parse one line; None where it is torn by a kill, damaged, or of a kind that is not known here."""
    try:
        event: Event = build(_make_event, parse_stored(line))
    except JsonError:
        return None
    return event


def _make_event(facts: dict[str, Any]) -> Event:
    """Make an event of a line's values. Raises ValueError and KeyError where they cannot be used."""
    event: Event = typed(EVENTS[facts["kind"]], facts)
    if not _is_time(event.time):
        event = replace(event, time="")
    if not all(isfinite(value) for value in vars(event).values() if isinstance(value, float)):
        raise ValueError("a number is not finite")
    return event


def _is_time(text: str) -> bool:
    """Check whether a text is a time with its zone, as events have it."""
    try:
        return datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        return False


class EventWriter:
    """A Progress that appends to an events file; `cancelled` is asked at most twice a second.

    A full disk ends the work where the work itself writes, with its reason, and not where it reports.
    """

    def __init__(
        self,
        path: Path,
        *,
        cancelled: Callable[[], bool] = lambda: False,
        echo: Callable[[Event], None] | None = None,
    ) -> None:
        self._path, self._cancelled, self._echo = path, cancelled, echo
        self._advanced = self._checked = self._written = 0.0
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._end_torn_line()

    def begin_attempt(self, job: Job) -> None:
        """Write that a worker begins the job."""
        self._write(AttemptEvent, job=job.kind, number=job.attempts)

    def end_attempt(self, job: Job, state: str, reason: str) -> None:
        """Write how the attempt ended."""
        self._write(EndEvent, job=job.kind, state=state, reason=reason)

    def stage(self, name: str, detail: str = "", *, is_validation: bool = False) -> None:
        self._advanced = 0.0
        self._write(StageEvent, stage=name, detail=detail, is_validation=is_validation)

    def advance(self, done: float, total: float, **facts: float) -> None:
        now = time.monotonic()
        if now - self._advanced < ADVANCE_SECONDS and done < total:
            return
        self._advanced = now
        self._write(AdvanceEvent, done=done, total=total, **({"memory": resident_memory()} | facts))

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None:
        self._write(LossEvent, step=step, epoch=epoch, loss=loss, learning_rate=learning_rate)

    def snapshot_metrics(
        self, *, part: str, snapshot: str, epoch: float, metrics: Mapping[str, float], seconds: float
    ) -> None:
        self._write(MeasuredEvent, part=part, moment=snapshot, epoch=epoch, metrics=dict(metrics), seconds=seconds)

    def resume(self, *, step: int, epoch: float) -> None:
        self._write(ResumedEvent, step=step, epoch=epoch)

    def places(self, places: Sequence[str]) -> None:
        self._write(PlacesEvent, places=list(places))

    def log(self, text: str, *, level: str = "info") -> None:
        self._write(LogEvent, text=text, level=level)

    def check(self) -> None:
        now = time.monotonic()
        if now - self._checked < CHECK_SECONDS:
            return
        self._checked = now
        if now - self._written > ALIVE_SECONDS:
            self._write(AliveEvent)
        if self._cancelled():
            raise CancelledError("Cancelled.")

    def _write(self, kind: type[Event], **facts: Any) -> None:
        """Append one event; a line is written in one call, so that a kill tears at most the last one."""
        self._written = time.monotonic()
        event = kind(time=datetime.now(UTC).isoformat(timespec="milliseconds"), clock=self._written, **facts)
        with suppress(OSError), os.fdopen(open_to_append(self._path), "a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": _KINDS[kind], **asdict(event)}, ensure_ascii=False) + "\n")
        if self._echo is not None:
            self._echo(event)

    def _end_torn_line(self) -> None:
        if self._path.is_file() and not self._path.is_symlink() and self._path.stat().st_size:
            with self._path.open("rb+") as file:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")


def events_path(workspace: Workspace, job: Job) -> Path:
    """Build the path of a job's events: its run's, or its own. Raises NotFoundError when the run is gone."""
    if job.run:
        return workspace.runs.get(job.run).paths.events
    return WorkspacePaths(workspace.home).job_events(job.id)


def read_events(path: Path, *, after: int = 0) -> tuple[list[Event], int]:
    """Read the events after a byte offset, and the offset to go on from.

    Torn and damaged lines are left out; a pipe in the file's place is not opened.
    """
    if not path.is_file():
        return [], 0
    with path.open("rb") as file:
        file.seek(after)
        data = file.read()
    end = data.rfind(b"\n") + 1
    return [event for line in data[:end].splitlines() if (event := parse_event(line)) is not None], after + end
