"""The progress of a job, or of a command's own work, as one line on standard error."""

from __future__ import annotations

import sys
from typing import Self

from tqdm import tqdm

from lib.jobs.events import AdvanceEvent, Event, LogEvent, StageEvent
from lib.progress import Silent

_LINE = "{desc} {percentage:3.0f}%"
"""Format of the bar: no rate and no time left, as the stages of a job have different units.

The first stage is in the description.
"""

_STAGE_CHARACTERS = 70


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
