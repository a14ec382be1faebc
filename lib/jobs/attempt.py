"""One attempt at a job: whatever happens inside, the queue is told truly how it ended."""

from __future__ import annotations

import errno
import traceback
from types import TracebackType

from lib.errors import CancelledError, CloserError
from lib.jobs.events import EventWriter
from lib.store.jobs import Job
from lib.store.workspace import Workspace

OUT_OF_MEMORY = (
    "The memory was not enough. Lower the batch size or the max length, or close other programs; then press Retry."
)


class Attempt:
    """A context: leaving it normally means success; an exception means failed or cancelled, and is told as such.

    Errors meant for users and cancellation end here; anything else goes on, so that the process ends with its traceback
    in the log.
    """

    def __init__(self, workspace: Workspace, job: Job, progress: EventWriter) -> None:
        self.workspace, self.job, self.progress = workspace, job, progress
        self.follow_ups: tuple[str, ...] = ()
        self.state = "running"

    def __enter__(self) -> Attempt:
        self.progress.write("attempt", job=self.job.kind, number=self.job.attempts)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            return self._end("succeeded", "")
        if isinstance(error, CancelledError):
            return self._end("cancelled", error.what)
        self.progress.log("".join(traceback.format_exception(error)).strip(), level="error")
        self._end("failed", reason_of(error))
        return isinstance(error, CloserError)

    def _end(self, state: str, reason: str) -> bool:
        self.state = state
        follow_ups = self.follow_ups if state in ("succeeded", "cancelled") else ()
        if self.workspace.jobs.finish(self.job, state, reason, follow_ups=follow_ups):
            self.progress.write("end", job=self.job.kind, state=state, reason=reason)
        return True


def reason_of(error: BaseException) -> str:
    """Return why an attempt failed, in the user's words."""
    if isinstance(error, CloserError):
        return str(error)
    if is_out_of_memory(error):
        return OUT_OF_MEMORY
    if is_disk_full(error):
        return "The disk is full. Free some space (the Overview page says what each run takes), then press Retry."
    return f"Something unforeseen happened ({type(error).__name__}: {str(error)[:300]}). The log has the details."


def is_disk_full(error: BaseException) -> bool:
    """Say whether an error means that the disk took no more: Python's own, or the text of libraries that wrap it."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    text = str(error).lower()
    return any(mark in text for mark in ("no space left", "file too large", "disk quota", "disk is full"))


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error means that memory ran out: Python's own, torch's on the CPU, CUDA's."""
    text = str(error).lower()
    return (
        isinstance(error, MemoryError)
        or "out of memory" in text
        or "can't allocate memory" in text
        or "not enough memory" in text
    )
