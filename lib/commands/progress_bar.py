"""The progress of a job, or of a command's own work, as one line on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Self

from tqdm import tqdm

from lib.jobs.events import AdvanceEvent, EndEvent, Event, LogEvent, StageEvent
from lib.jobs.in_process import Follower, trains_side_by_side
from lib.jobs.kinds import title_of
from lib.progress import Silent
from lib.recipe.recipe import Recipe

_LINE = "{desc} {percentage:3.0f}%"
"""Format of the bar: no rate and no time left, as the stages of a job have different units.

The first stage is in the description.
"""

_STAGE_CHARACTERS = 70

LINE_SECONDS = 10.0
"""Between two lines of one stage of a run."""


class JobProgressBar:
    """Show a job's events as one tqdm line: run, stage, percent of the stage; warnings go above it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._bar = tqdm(desc=name, total=100, bar_format=_LINE, mininterval=0.1, file=sys.stderr)

    def __call__(self, event: Event) -> None:
        """Take one event of the job."""
        if isinstance(event, LogEvent) and event.level == "warning":
            self._bar.write(f"{self._name}: {event.text}", file=sys.stderr)
        elif isinstance(event, StageEvent):
            stage = f"{event.stage} {event.detail}".strip()
            self._bar.set_description_str(f"{self._name}: {stage[:_STAGE_CHARACTERS]}", refresh=False)
            self._bar.reset()
        elif isinstance(event, AdvanceEvent) and event.total:
            self._bar.update(100 * event.done / event.total - self._bar.n)

    def close(self) -> None:
        """End the line."""
        self._bar.close()


class JobProgressLines:
    """Show a job's events as lines that begin with the run's name: those of several runs come in turns.

    A line when a stage begins, some more while it lasts, and one at the end; warnings too.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._stage, self._detail, self._written = "", "", 0.0

    def __call__(self, event: Event) -> None:
        """Take one event of the job."""
        if isinstance(event, LogEvent) and event.level == "warning":
            self._write(event.text)
        elif isinstance(event, StageEvent):
            is_same = event.stage == self._stage
            self._stage, self._detail = event.stage, event.detail[:_STAGE_CHARACTERS]
            if not is_same:
                self._write(f"{self._stage} {self._detail}")
                self._written = time.monotonic()
        elif isinstance(event, AdvanceEvent) and event.total and time.monotonic() - self._written > LINE_SECONDS:
            self._write(f"{self._stage} {self._detail} {100 * event.done / event.total:.0f}%")
            self._written = time.monotonic()
        elif isinstance(event, EndEvent):
            self._write(f"{title_of(event.job)}: {event.state}")

    def close(self) -> None:
        """End the lines."""

    def _write(self, text: str) -> None:
        sys.stderr.write(f"{self._name}: {text.strip()}\n")  # in one piece, beside other threads' lines


def choose_follower(planned: Sequence[tuple[str, Recipe]]) -> Callable[[str], Follower]:
    """Choose how the progress of these runs is shown: a bar, or lines of several at once."""
    return JobProgressLines if trains_side_by_side(planned) else JobProgressBar


class CommandProgress(Silent):
    """A Progress, for the block of a `with`, that is shown as a job's is. name: what is worked on."""

    def __init__(self, name: str) -> None:
        self._bar = JobProgressBar(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def stage(self, name: str, detail: str = "", *, is_validation: bool = False) -> None:
        self._bar(StageEvent(stage=name, detail=detail))

    def advance(self, done: float, total: float, **facts: float) -> None:
        self._bar(AdvanceEvent(done=done, total=total))

    def log(self, text: str, *, level: str = "info") -> None:
        self._bar(LogEvent(text=text, level=level))
