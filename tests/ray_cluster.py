"""A Ray cluster on this machine, with token authentication: a head and nodes of one CPU each."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from lib.process import kill_tree
from tests.object_store import CREDENTIALS

STARTED = "Ray runtime started"
PATIENCE = 180.0
"""Seconds that a node on a busy machine is waited for."""

QUIET = {
    "OMP_NUM_THREADS": "1",
    "GLOO_SOCKET_IFNAME": "lo" if sys.platform == "linux" else "",
    "RAY_worker_niceness": "0",  # beside other tests a worker of niceness 15 would hardly ever run
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_raylet_start_wait_time_s": "180",
    "RAY_memory_monitor_refresh_ms": "0",  # it would kill processes for what other tests need
}


@dataclass(frozen=True)
class LocalCluster:
    """The cluster's address, and what a process that talks to it has in its environment."""

    address: str
    folder: Path
    token: str
    environment: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def local_cluster(*, nodes: int = 2, token: bool = True) -> Iterator[LocalCluster]:
    """Start a cluster for the block. token: whether it asks for one."""
    folder = Path(tempfile.mkdtemp(prefix="ray-"))  # a short path: it holds Unix sockets
    secret = secrets.token_hex(32) if token else ""
    mode = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secret} if token else {"RAY_AUTH_MODE": "disabled"}
    port = free_port()
    cluster = LocalCluster(f"127.0.0.1:{port}", folder, secret, mode)
    head = ["--head", f"--port={port}", "--num-cpus=0", "--include-dashboard=false", "--disable-usage-stats"]
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        wait_for_node(stack.enter_context(ray_node(cluster, head)))
        for _ in range(nodes):  # one after another: of two started at once on one machine, one may never come up
            wait_for_node(stack.enter_context(ray_node(cluster, node_options(cluster))))
        yield cluster


def node_options(cluster: LocalCluster) -> list[str]:
    """Write the options of a node of one CPU."""
    return [f"--address={cluster.address}", "--num-cpus=1"]


@contextmanager
def ray_node(
    cluster: LocalCluster, options: Sequence[str], *, environment: Mapping[str, str] | None = None
) -> Iterator[Path]:
    """Run `ray start` for the block; its output is in the file that is given. No other cluster is touched when it ends."""
    log = Path(tempfile.mkstemp(suffix=".log", dir=cluster.folder)[1])
    limits = ["--min-worker-port=0", "--max-worker-port=0", "--object-store-memory=100000000", "--block"]
    places = {"RAY_TMPDIR": str(cluster.folder), "XDG_CACHE_HOME": str(cluster.folder / "cache")}
    variables = os.environ | QUIET | CREDENTIALS | cluster.environment | places | (environment or {})
    with log.open("wb") as output:
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", *options, *limits]
        process = subprocess.Popen(
            command, env=variables, cwd=cluster.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        yield log
    finally:
        kill_tree(process.pid)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)


def wait_for_node(log: Path) -> None:
    """Wait until a node says that it runs."""
    deadline = time.monotonic() + PATIENCE
    while STARTED not in log.read_text(encoding="utf-8", errors="replace"):
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8", errors="replace")
        time.sleep(0.1)


def free_port() -> int:
    """Find a port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
