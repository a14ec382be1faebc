"""Start a worker as a process of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lib.jobs.worker import JOB_OPTION, WAIT_OPTION
from lib.process import start_module
from lib.settings import cluster_tokens, downloads_allowed


def start_worker(home: Path, *, log: Path, waits: bool = False, job: int | None = None) -> subprocess.Popen[bytes]:
    """Start a detached worker: it outlives the page, the server and a Ctrl-C.

    waits: for jobs, while the server lives, if there are none yet. job: the only one that it takes.
    """
    downloads = downloads_allowed()  # by the worker itself; only then does it get what the Hub asks for
    options = [WAIT_OPTION] if waits else []
    options += [] if job is None else [JOB_OPTION, str(job)]
    environment = {
        "PYTHONUNBUFFERED": "1"
    } | cluster_tokens()  # the worker hands them to who talks to Ray, to nobody else
    return start_module("lib.jobs.worker", str(home), *options, env=environment, log=log, secrets=downloads)
