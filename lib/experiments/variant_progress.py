"""Progress of an experiment's own trainings, apart from the curves of the run itself."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from lib.errors import CancelledError
from lib.progress import Progress


class VariantProgress:
    """Pass on where the work is, and keep the experiment's curves out of the run's own."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress, self._name = progress, name

    def stage(self, name: str, detail: str = "", *, is_validation: bool = False) -> None:
        detail = f"{self._name}: {detail}" if detail else self._name
        self._progress.stage(name, detail, is_validation=is_validation)

    def advance(self, done: float, total: float, **facts: float) -> None:
        self._progress.advance(done, total, **facts)

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None: ...

    def snapshot_metrics(
        self, *, part: str, snapshot: str, epoch: float, metrics: Mapping[str, float], seconds: float
    ) -> None: ...

    def resume(self, *, step: int, epoch: float) -> None: ...

    def places(self, places: Sequence[str]) -> None: ...

    def log(self, text: str, *, level: str = "info") -> None:
        self._progress.log(f"{self._name}: {text}", level=level)

    def check(self) -> None:
        self._progress.check()


class SharedProgress:
    """The progress of trainings that run side by side as that of one: one stage, the mean of their shares.

    Each reports from a thread of its own.
    """

    def __init__(self, progress: Progress, names: Sequence[str]) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._stages = dict.fromkeys(names, "waiting")
        self._shares = dict.fromkeys(names, 0.0)
        self._is_stopped = False

    def of(self, name: str) -> Progress:
        """Give the progress of one training."""
        return _PartProgress(self, name)

    def stop(self) -> None:
        """Let the trainings that still run stop."""
        self._is_stopped = True

    def stage(self, part: str, stage: str) -> None:
        """Note where one training is."""
        with self._lock:
            self._stages[part] = stage
            self._progress.stage("training", "; ".join(f"{name}: {there}" for name, there in self._stages.items()))

    def advance(self, part: str, share: float) -> None:
        """Note how far one training is, from 0 to 1."""
        with self._lock:
            self._shares[part] = max(share, self._shares[part])
            self._progress.advance(sum(self._shares.values()), len(self._shares))

    def log(self, text: str, *, level: str) -> None:
        """Write one line for the log."""
        with self._lock:
            self._progress.log(text, level=level)

    def check(self) -> None:
        """Raise CancelledError when the user asked to stop, or another training has failed."""
        with self._lock:
            self._progress.check()
        if self._is_stopped:
            raise CancelledError("Another training of this job has failed.")


class _PartProgress(VariantProgress):
    """Of one of several trainings."""

    def __init__(self, shared: SharedProgress, name: str) -> None:
        self._shared, self._name = shared, name

    def stage(self, name: str, detail: str = "", *, is_validation: bool = False) -> None:
        self._shared.stage(self._name, f"{name} {detail}".strip())

    def advance(self, done: float, total: float, **facts: float) -> None:
        self._shared.advance(self._name, done / total if total else 0.0)

    def log(self, text: str, *, level: str = "info") -> None:
        self._shared.log(f"{self._name}: {text}", level=level)

    def check(self) -> None:
        self._shared.check()
