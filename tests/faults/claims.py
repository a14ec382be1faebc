"""A process that claims and finishes jobs until none waits: `python -m tests.faults.claims HOME FILE`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from lib.store.workspace import open_workspace


def main() -> None:
    """Write the id of every claimed job as one line in one call, then finish the job."""
    workspace = open_workspace(Path(sys.argv[1]))
    out = os.open(sys.argv[2], os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    while waiting := workspace.jobs.all(states=("queued",)):
        job = workspace.jobs.claim(waiting[0].id)
        if job is not None:
            os.write(out, f"{job.id}\n".encode())
            workspace.jobs.finish(job, "succeeded")


if __name__ == "__main__":
    main()
