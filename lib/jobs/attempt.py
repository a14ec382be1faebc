"""One attempt at a job: whatever happens inside, the queue is told truly how it ended."""

from __future__ import annotations

import errno
import shutil
import time
import traceback
from pathlib import Path
from types import TracebackType

from lib.errors import CancelledError, CloserError, DamagedError, StoreError, is_out_of_memory
from lib.jobs.events import EventWriter
from lib.store.jobs import Job
from lib.store.workspace import Workspace

TELL_AGAIN_SECONDS = 1.0
OUT_OF_MEMORY = (
    "The memory was not enough. Lower the batch size or the max length, or close other programs; then try again."
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
        if isinstance(error, CloserError):
            self.follow_ups = error.follow_ups
        if isinstance(error, CancelledError):
            return self._end("cancelled", error.what)
        self._end("failed", reason_of(error, self.workspace.home))
        self.progress.log("".join(traceback.format_exception(error)).strip(), level="error")
        return isinstance(error, CloserError)

    def _end(self, state: str, reason: str) -> bool:
        self.state = state
        if self._told(state, reason):
            self.progress.write("end", job=self.job.kind, state=state, reason=reason)
        return True

    def _told(self, state: str, reason: str) -> bool:
        """Tell the queue; a disk that is full at first may take the few bytes a moment later (a reserve is given back)."""
        for tries_left in (2, 1, 0):
            try:
                return self.workspace.jobs.finish(self.job, state, reason, follow_ups=self.follow_ups)
            except DamagedError:
                raise
            except StoreError:
                if not tries_left:
                    raise
                time.sleep(TELL_AGAIN_SECONDS)
        return False


def reason_of(error: BaseException, home: Path) -> str:
    """Return why an attempt failed, in the user's words."""
    cause = error.__cause__
    if is_disk_full(error) or (cause is not None and is_disk_full(cause)):
        free = shutil.disk_usage(home).free
        return (
            f"The disk is full: {free / 1e9:.2f} GB are free. Free some space (the Overview page says what each run takes; "
            "the Train page says how much a training needs), then try again: it goes on from its newest checkpoint."
        )
    if isinstance(error, CloserError):
        return str(error)
    if is_out_of_memory(error):
        return OUT_OF_MEMORY
    return f"Something unforeseen happened ({type(error).__name__}: {str(error)[:300]}). The log has the details."


def is_disk_full(error: BaseException) -> bool:
    """Say whether an error means that the disk took no more: Python's own, or the text of libraries that wrap it."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    text = str(error).lower()
    return any(mark in text for mark in ("no space left", "file too large", "disk quota", "disk is full"))
