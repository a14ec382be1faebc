"""The progress of a job as one line on standard error."""

from __future__ import annotations

import sys

from tqdm import tqdm

from lib.jobs.events import AdvanceEvent, Event, LogEvent, StageEvent

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
