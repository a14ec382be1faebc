"""Twenty-five pages that follow one training: what they cost the server, each other and the training.

    python -m bench.load                         ten minutes with 25 sessions, then eight turns of a minute with and without them
    python -m bench.load --minutes 1 --turns 2   a short one

The sessions are clients of Streamlit's websocket (bench/load_session.py): 25 browsers would take two cores for themselves. They run in this
process, whose CPU time is printed too, for it is time that a training on the same machine does not get. Turns with and without sessions
follow each other, so that other work on the machine meets both; beside the wall clock stand CPU seconds, which it changes less.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bench.load_session import Session
from bench.results import append
from lib.data.samples.add import add_sample
from lib.jobs.events import LossEvent, read_events
from lib.jobs.locks import kill_worker
from lib.recipe.presets import RECOMMENDED
from lib.settings import BUNDLED_MODEL, ROOT
from lib.store.runs import Run
from lib.store.workspace import open_workspace

RESULTS = Path(__file__).parent / "results" / "load.jsonl"
SAMPLE_SECONDS = 5.0
WARM_STEPS = 5
"""Steps before anything is measured."""

GROW_SECONDS = 60.0
"""At the start of the sessions, while caches fill; the slope of the memory is measured after them."""


@dataclass(frozen=True)
class Usage:
    """What a process has used.

    clock: monotonic seconds; cpu: seconds; rss: bytes; zombies: ended children that nobody waited for.
    """

    clock: float
    cpu: float
    rss: int
    zombies: int


def usage(process: psutil.Process) -> Usage:
    """Read what a process has used until now."""
    zombies = 0
    for child in process.children():
        with suppress(psutil.NoSuchProcess):
            zombies += child.status() == psutil.STATUS_ZOMBIE
    times = process.cpu_times()
    return Usage(time.monotonic(), times.user + times.system, process.memory_info().rss, zombies)


@contextmanager
def serving(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Start the server over a workspace, as `make run` does; its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = os.environ | {"CLOSER_HOME": str(home), "CI": "1", "HF_HUB_OFFLINE": "1", "CLOSER_TOKEN": "off"}
    command = [sys.executable, "-m", "tools.serve", "--port", str(port), "--headless"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        while not _answers(url):
            assert server.poll() is None
            time.sleep(0.2)
        yield url, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()
        kill_worker(home)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
            return True
    except OSError:
        return False


def start_training(home: Path) -> Run:
    """Queue a training that does not end by itself while it is measured."""
    workspace = open_workspace(home)
    recipe = replace(
        RECOMMENDED.for_shape(add_sample(workspace, "python_api").shape), epochs=500, patience=0, batch_size=16
    )
    return workspace.runs.create(dataset=workspace.datasets.all()[0].id, model=BUNDLED_MODEL, recipe=recipe)


def losses(run: Run) -> list[LossEvent]:
    """Read the training's steps so far."""
    return [event for event in read_events(run.paths.events)[0] if isinstance(event, LossEvent) and event.clock]


def worker_of(run: Run) -> psutil.Process:
    """Wait until a worker trains the run, and look its process up."""
    while len(losses(run)) < WARM_STEPS:
        time.sleep(1)
    home = str(run.folder.parent.parent)
    return next(
        one
        for one in psutil.process_iter(["cmdline"])
        if "lib.jobs.worker" in (one.info["cmdline"] or []) and home in one.info["cmdline"]
    )


def step_seconds(run: Run, begin: float, end: float) -> np.ndarray:
    """Compute the seconds between the steps of a span of the monotonic clock."""
    clocks = np.array([event.clock for event in losses(run)])
    return np.diff(clocks[(clocks >= begin) & (clocks <= end)])


async def look(
    url: str, run: Run, *, sessions: int, seconds: float, server: psutil.Process
) -> tuple[list[Session], list[Usage]]:
    """Let so many sessions follow the run, and sample what the server uses."""
    pages = [Session(url, "train", {"run": run.id}) for _ in range(sessions)]
    samples = [usage(server)]

    async def sample() -> None:
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            samples.append(usage(server))

    sampler = asyncio.create_task(sample())
    await asyncio.gather(*(one.run(seconds) for one in pages), asyncio.sleep(seconds))
    sampler.cancel()
    return pages, [*samples, usage(server)]


def quantiles(latencies: Sequence[tuple[float, float]], begin: float, end: float) -> dict[str, float]:
    """Median and 95% quantile of the reruns that ended in a span, in milliseconds."""
    taken = [seconds * 1000 for clock, seconds in latencies if begin <= clock <= end]
    return {
        "reruns": len(taken),
        "p50": round(float(np.median(taken)), 1),
        "p95": round(float(np.quantile(taken, 0.95)), 1),
    }


def measure_sessions(url: str, run: Run, server: psutil.Process, *, sessions: int, seconds: float) -> dict[str, Any]:
    """Memory and latency while sessions look at the run for so long."""
    own = psutil.Process().cpu_times()
    pages, samples = asyncio.run(look(url, run, sessions=sessions, seconds=seconds, server=server))
    after = psutil.Process().cpu_times()
    begin, end = samples[0].clock, samples[-1].clock
    latencies = [one for page in pages for one in page.latencies]
    late = [one for one in samples if one.clock > begin + min(GROW_SECONDS, (end - begin) / 2)]
    slope = np.polyfit([one.clock / 60 for one in late], [one.rss / 1e6 for one in late], 1)[0]
    window = min(60.0, (end - begin) / 2)
    return {
        "what": "sessions",
        "sessions": sessions,
        "seconds": round(end - begin),
        "rss_mb": [round(one.rss / 1e6) for one in samples],
        "slope_mb_per_minute": round(float(slope), 2),
        "first": quantiles(latencies, begin + 10, begin + 10 + window),
        "last": quantiles(latencies, end - window, end),
        "open_ms": [round(page.first_seconds * 1000) for page in pages],
        "server_cores": round((samples[-1].cpu - samples[0].cpu) / (end - begin), 3),
        "client_cores": round((after.user + after.system - own.user - own.system) / (end - begin), 3),
        "kb_per_rerun": round(sum(page.received_bytes for page in pages) / max(1, len(latencies)) / 1e3, 1),
        "zombies": max(one.zombies for one in samples),
    }


def measure_turn(url: str, run: Run, server: psutil.Process, *, sessions: int, seconds: float) -> dict[str, Any]:
    """The training's steps during one turn, with or without sessions."""
    worker = worker_of(run)
    before = usage(worker)
    pages, samples = asyncio.run(look(url, run, sessions=sessions, seconds=seconds, server=server))
    after = usage(worker)
    steps = step_seconds(run, before.clock + 5, after.clock)
    taken = len(step_seconds(run, before.clock, after.clock))
    return {
        "what": "turn",
        "sessions": sessions,
        "steps": len(steps),
        "step_ms": round(float(np.median(steps)) * 1000, 2) if len(steps) else None,
        "mean_step_ms": round(float(steps.mean()) * 1000, 2) if len(steps) else None,
        "worker_cpu_ms_per_step": round((after.cpu - before.cpu) / max(1, taken) * 1000, 2),
        "server_cores": round((samples[-1].cpu - samples[0].cpu) / (samples[-1].clock - samples[0].clock), 3),
    }


def main() -> None:
    """Measure, print, and append to bench/results/load.jsonl."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=25)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument(
        "--turns", type=int, default=8, help="pairs of turns, each one minute without and one with sessions"
    )
    parser.add_argument("--turn-seconds", type=float, default=60.0)
    args = parser.parse_args()
    about = {"date": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "machine": f"{platform.machine()}, {os.cpu_count()} cores"}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "workspace"
        home.mkdir()
        with serving(home) as (url, server):
            run = start_training(home)
            worker_of(run)
            for turn in range(2 * args.turns):
                count = (
                    args.sessions if (turn + turn // 2) % 2 else 0
                )  # 0 1 1 0 0 1 1 0: a trend of the machine cancels out
                save(about | measure_turn(url, run, server, sessions=count, seconds=args.turn_seconds))
            if args.minutes:
                save(about | measure_sessions(url, run, server, sessions=args.sessions, seconds=60 * args.minutes))


def save(row: dict[str, Any]) -> None:
    """Print a result and append it."""
    print(json.dumps(row), flush=True)
    append(row, to=RESULTS)


if __name__ == "__main__":
    main()
