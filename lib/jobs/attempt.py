"""One attempt at a job: however the work ends, the queue gets to know how."""

from __future__ import annotations

import errno
import shutil
import time
import traceback
from pathlib import Path
from types import TracebackType

from lib.errors import (
    CancelledError,
    CloserError,
    DamagedError,
    LostProcessError,
    StoreError,
    TrainingError,
    is_out_of_memory,
    is_panic,
    unreadable_text,
)
from lib.format import format_bytes
from lib.jobs.events import EventWriter
from lib.store.jobs import COMMAND, Job
from lib.store.workspace import Workspace

RETRY_SECONDS = 1.0
LESS_MEMORY = "Lower the batch size or the max length, or close other programs; then try again."


class Attempt:
    """A context manager that ends the job.

    Succeeded when left normally, failed or cancelled by an exception.

    Errors for users and cancellation end here; anything else goes on, so that the process ends with its traceback
    in the log.
    """

    def __init__(self, workspace: Workspace, job: Job, progress: EventWriter) -> None:
        self.workspace, self.job, self.progress = workspace, job, progress
        self.follow_ups: tuple[str, ...] = ()
        self.state = "running"

    def __enter__(self) -> Attempt:
        self.progress.begin_attempt(self.job)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            return self._end("succeeded", "")
        if isinstance(error, CloserError):
            self.follow_ups = error.follow_ups
        if isinstance(error, CancelledError):
            return self._end("cancelled", error.what)
        if isinstance(error, KeyboardInterrupt):  # of a command; a worker ignores them
            self._end("cancelled", "Its command was interrupted; another try goes on from the newest checkpoint.")
            return False
        if isinstance(error, LostProcessError) and not self.job.payload.get(COMMAND):
            return self._return_to_queue(str(error))
        failure = failure_of(error, self.workspace.home)
        self._end("failed", str(failure), error=failure)
        self.progress.log("".join(traceback.format_exception(error)).strip(), level="error")
        return isinstance(error, CloserError) or is_panic(error)

    def _return_to_queue(self, reason: str) -> bool:
        """End the attempt as if this worker had died: the queue begins another, while any are left."""
        self.state = "interrupted"
        self.workspace.jobs.record_interruption(self.job)
        self.progress.end_attempt(self.job, self.state, reason)
        return True

    def _end(self, state: str, reason: str, *, error: CloserError | None = None) -> bool:
        self.state = state
        if self._report(state, reason, error):
            self.progress.end_attempt(self.job, state, reason)
        return True

    def _report(self, state: str, reason: str, error: CloserError | None) -> bool:
        """Write the end of an attempt to the queue.

        On a full disk, try again after freeing the reserved space.
        """
        for tries_left in (2, 1, 0):
            try:
                return self.workspace.jobs.finish(self.job, state, reason, error=error, follow_ups=self.follow_ups)
            except DamagedError:
                raise
            except StoreError:
                if not tries_left:
                    raise
                time.sleep(RETRY_SECONDS)
        return False


def failure_of(error: BaseException, home: Path) -> CloserError:
    """Convert an attempt's exception to an error for the user."""
    cause = error.__cause__
    if is_disk_full(error) or (cause is not None and is_disk_full(cause)):
        free = shutil.disk_usage(home).free
        return StoreError(
            f"The disk is full: {format_bytes(free)} are free.",
            todo="Free some space (the Overview page says what each run takes; the Train page says how much a training "
            "needs), then try again: it continues from its newest checkpoint.",
        )
    if isinstance(error, CloserError):
        return error
    if is_panic(error):
        return unreadable_text(error)
    if is_out_of_memory(error):
        return TrainingError("Out of memory.", todo=LESS_MEMORY)
    return CloserError(
        f"Unexpected error ({type(error).__name__}: {str(error)[:300]}).", todo="See the log for details."
    )


def is_disk_full(error: BaseException) -> bool:
    """Check whether an error means that the disk is full.

    Python's own, or the text of libraries that wrap it.
    """
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    text = str(error).lower()
    return any(mark in text for mark in ("no space left", "file too large", "disk quota", "disk is full"))
