"""What a worker says while it works: one JSON line per event in the run's folder, and their fold to a status."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lib.errors import CancelledError
from lib.process import resident_memory
from lib.store.jobs import Job
from lib.store.layout import WorkspacePaths
from lib.store.workspace import Workspace

ADVANCE_SECONDS = 0.5
CHECK_SECONDS = 0.5
ALIVE_SECONDS = 10.0
"""Work that has nothing to say for so long says that it lives."""
LOOKING = "looking at"
"""What a stage's detail says while the validation part is measured."""


class EventWriter:
    """A Progress that appends to a run's events file; `cancelled` is asked at most twice a second.

    A disk that takes no more ends the work where the work itself writes, with its reason, not where it is told of.
    """

    def __init__(
        self,
        path: Path,
        *,
        cancelled: Callable[[], bool] = lambda: False,
        echo: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self._path, self._cancelled, self._echo = path, cancelled, echo
        self._advanced = self._checked = self._spoke = 0.0
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._end_torn_line()

    def stage(self, name: str, detail: str = "") -> None:
        self._advanced = 0.0
        self.write("stage", stage=name, detail=detail)

    def advance(self, done: float, total: float, **facts: float) -> None:
        now = time.monotonic()
        if now - self._advanced < ADVANCE_SECONDS and done < total:
            return
        self._advanced = now
        self.write("advance", done=done, total=total, memory=resident_memory(), **facts)

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None:
        self.write("loss", step=step, epoch=epoch, loss=loss, learning_rate=learning_rate)

    def measured(self, *, part: str, moment: str, epoch: float, metrics: Mapping[str, float], seconds: float) -> None:
        self.write("measured", part=part, moment=moment, epoch=epoch, metrics=dict(metrics), seconds=seconds)

    def resumed(self, *, step: int, epoch: float) -> None:
        self.write("resumed", step=step, epoch=epoch)

    def log(self, text: str, *, level: str = "info") -> None:
        self.write("log", text=text, level=level)

    def check(self) -> None:
        now = time.monotonic()
        if now - self._checked < CHECK_SECONDS:
            return
        self._checked = now
        if now - self._spoke > ALIVE_SECONDS:
            self.write("alive")
        if self._cancelled():
            raise CancelledError("Cancelled.")

    def write(self, kind: str, **facts: Any) -> None:
        """Append one event; a line is written in one call, so that a kill tears at most the last one."""
        event = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "clock": time.monotonic(),
            "kind": kind,
            **facts,
        }
        self._spoke = time.monotonic()
        with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(event, ensure_ascii=False) + "\n")
        if self._echo is not None:
            self._echo(event)

    def _end_torn_line(self) -> None:
        if self._path.exists() and self._path.stat().st_size:
            with self._path.open("rb+") as file:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")


def events_path(workspace: Workspace, job: Job) -> Path:
    """Build the path of a job's events: its run's, or its own. Raises NotFoundError when the run is gone."""
    if job.run:
        return workspace.runs.get(job.run).paths.events
    return WorkspacePaths(workspace.home).job_events(job.id)


def read_events(path: Path, *, after: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Return the whole events after a byte offset, and the offset to go on from; torn lines are left out."""
    if not path.exists():
        return [], 0
    with path.open("rb") as file:
        file.seek(after)
        data = file.read()
    end = data.rfind(b"\n") + 1
    return [event for line in data[:end].splitlines() if (event := parse(line)) is not None], after + end


def parse(line: bytes) -> dict[str, Any] | None:
    """Return one event, or None for a line that a kill tore."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "kind" in event else None


REMEMBERED = 0.15
"""The pace is that of about so large a share of the steps, the latest: caches fill, other programs come and go."""


@dataclass
class Pace:
    """How fast a stage goes: seconds of its steps apart from the looks at the validation part between its epochs."""

    last: tuple[float, float] | None = None
    seconds: float = 0.0
    steps: float = 0.0
    look_began: float | None = None
    look_seconds: list[float] = field(default_factory=list)
    looked: bool = False

    def advance(self, clock: float, done: float, total: float) -> None:
        """Take a point; the time since the last one counts unless a look lay between, and less and less as more comes after it."""
        if self.last is not None and not self.looked and clock > self.last[0] and done > self.last[1]:
            kept = math.exp(-(done - self.last[1]) / max(1.0, REMEMBERED * total))
            self.seconds = self.seconds * kept + clock - self.last[0]
            self.steps = self.steps * kept + done - self.last[1]
        self.last, self.looked = (clock, done), False

    def detail(self, clock: float, text: str) -> None:
        """Take a change of detail: a look begins, or ends."""
        if self.look_began is not None:
            self.look_seconds.append(clock - self.look_began)
            self.look_began, self.looked = None, True
        if LOOKING in text:
            self.look_began = clock

    def left(self, steps: float, *, looks: float, look_steps: float) -> float | None:
        """Return the seconds left for that many steps and looks; None before anything was measured.

        look_steps: what a look is expected to cost before there was one, in steps.
        """
        if not self.steps:
            return None
        step = self.seconds / self.steps
        usual = sum(self.look_seconds) / len(self.look_seconds) if self.look_seconds else look_steps * step
        return steps * step + looks * usual


@dataclass
class Status:
    """Where a run is: the fold of its events. Losses and measures are lists of the events' own facts."""

    stage: str = ""
    detail: str = ""
    done: float = 0.0
    total: float = 0.0
    pairs_per_second: float | None = None
    memory: int | None = None
    seconds_left: float | None = None
    last: str = ""
    clock: float | None = None
    losses: list[dict[str, Any]] = field(default_factory=list)
    measures: list[dict[str, Any]] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    pace: Pace = field(default_factory=lambda: Pace())

    @property
    def fraction(self) -> float:
        """Return how far the present stage is, from 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def seconds_silent(self) -> float:
        """Return the seconds since the last event; shown to a person, never used to decide who lives.

        By the machine's own clock, which nobody sets; by the wall's where the machine was started anew since.
        """
        if not self.last:
            return 0.0
        if self.clock is not None and time.monotonic() >= self.clock:
            return time.monotonic() - self.clock
        return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(self.last)).total_seconds())


def fold(events: Iterable[dict[str, Any]], status: Status | None = None) -> Status:
    """Take events into a status (a new one, or one to go on with) and return it."""
    status = status or Status()
    for event in events:
        status.last, status.clock = event.get("time", status.last), event.get("clock", status.clock)
        handler = _HANDLERS.get(event["kind"])
        if handler is not None:
            handler(status, event)
    return status


def _attempt(status: Status, event: dict[str, Any]) -> None:
    """Begin again: what an earlier attempt had after the point it goes on from is measured anew."""
    status.stage, status.detail, status.done, status.total = "starting", "", 0.0, 0.0
    status.pace, status.seconds_left = Pace(), None


def _resumed(status: Status, event: dict[str, Any]) -> None:
    status.losses = [point for point in status.losses if point["step"] <= event["step"]]
    status.measures = [m for m in status.measures if m["epoch"] <= event["epoch"]]


def _stage(status: Status, event: dict[str, Any]) -> None:
    same = event["stage"] == status.stage
    status.stage, status.detail = event["stage"], event["detail"]
    if not same:
        status.done = status.total = 0.0
        status.pace, status.seconds_left = Pace(), None
    status.pace.detail(event.get("clock", 0.0), event["detail"])


def _advance(status: Status, event: dict[str, Any]) -> None:
    status.done, status.total = event["done"], event["total"]
    status.memory = event.get("memory", status.memory)
    status.pairs_per_second = event.get("pairs_per_second", status.pairs_per_second)
    clock = event.get("clock", 0.0)
    status.pace.advance(clock, status.done, status.total)
    looks, look_steps = event.get("looks_left", 0.0), event.get("look_steps", 0.0)
    left = status.pace.left(status.total - status.done, looks=looks, look_steps=look_steps)
    status.seconds_left = status.seconds_left if left is None else left


def _loss(status: Status, event: dict[str, Any]) -> None:
    status.losses.append({name: event[name] for name in ("step", "epoch", "loss", "learning_rate")})


def _measured(status: Status, event: dict[str, Any]) -> None:
    status.measures.append({name: event[name] for name in ("part", "moment", "epoch", "metrics", "seconds")})


def _log(status: Status, event: dict[str, Any]) -> None:
    status.log.append({"time": event["time"], "level": event["level"], "text": event["text"]})


_HANDLERS: dict[str, Callable[[Status, dict[str, Any]], None]] = {
    "attempt": _attempt,
    "resumed": _resumed,
    "stage": _stage,
    "advance": _advance,
    "loss": _loss,
    "measured": _measured,
    "log": _log,
}
