"""The protocol by which long work reports its progress; jobs, commands and tests implement it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lib.errors import CancelledError


@dataclass(frozen=True)
class LossPoint:
    """One point of the training curve."""

    step: int
    epoch: float
    loss: float
    learning_rate: float


@dataclass(frozen=True)
class SnapshotMeasurement:
    """The metrics of one snapshot on validation or held_out, and their seconds.

    Snapshots: base, epoch-001, ..., best.
    """

    part: str
    snapshot: str
    epoch: float
    metrics: Mapping[str, float]
    seconds: float


@dataclass(frozen=True)
class LogLine:
    """One line of a log. time: UTC, ISO; level: info, warning or error."""

    time: str
    level: str
    text: str


class Progress(Protocol):
    """Receive what long work has to say. Every method is cheap and never raises but `check`."""

    def stage(self, name: str, detail: str = "", *, is_validation: bool = False) -> None:
        """Begin a named stage, in the user's words: loading, training, evaluating, drawing the map.

        is_validation: the model is measured on the validation part between two epochs of a training.
        """

    def advance(self, done: float, total: float, **facts: float) -> None:
        """Report how far the present stage is.

        facts may hold pairs_per_second, validations_left (between epochs), validation_steps (the expected cost of a
        validation, in steps) and memory (bytes, where other processes work too).
        """

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None:
        """Report one point of the training curve."""

    def snapshot_metrics(
        self, *, part: str, snapshot: str, epoch: float, metrics: Mapping[str, float], seconds: float
    ) -> None:
        """Report the metrics of one snapshot (base, epoch-001, ..., best) on validation or held_out."""

    def resume(self, *, step: int, epoch: float) -> None:
        """Report that work goes on from a checkpoint: events of later steps will come again."""

    def places(self, places: Sequence[str]) -> None:
        """Report where the processes of a training run: machine and device of each, in order of rank."""

    def log(self, text: str, *, level: str = "info") -> None:
        """Write one line for the log that a person can read. Never training texts."""

    def check(self) -> None:
        """Raise CancelledError when the user asked to stop; call it often (each step, each block)."""


class Silent:
    """A Progress that says nothing and never stops the work."""

    def stage(self, name: str, detail: str = "", *, is_validation: bool = False) -> None: ...

    def advance(self, done: float, total: float, **facts: float) -> None: ...

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None: ...

    def snapshot_metrics(
        self, *, part: str, snapshot: str, epoch: float, metrics: Mapping[str, float], seconds: float
    ) -> None: ...

    def resume(self, *, step: int, epoch: float) -> None: ...

    def places(self, places: Sequence[str]) -> None: ...

    def log(self, text: str, *, level: str = "info") -> None: ...

    def check(self) -> None: ...


class Heartbeat(Silent):
    """A Progress for a step inside another's work.

    It shows that it lives, lets it be stopped, and reports nothing else.

    stoppable: false for a step that is better finished, such as saving what was reached.
    """

    def __init__(self, parent: Progress, *, stoppable: bool = True) -> None:
        self._parent, self._stoppable = parent, stoppable

    def check(self) -> None:
        try:
            self._parent.check()
        except CancelledError:
            if self._stoppable:
                raise
