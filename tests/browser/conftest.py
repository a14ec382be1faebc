"""Shared by the browser tests: the server as `make run` starts it, and a browser.

The workspace is empty, the port a free one.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from lib.jobs.locks import kill_worker
from lib.store.jobs import LIVE
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from tools.browser import find_installed

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
expect.set_options(timeout=20_000)  # a busy machine draws late; what never comes still fails
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Server:
    """The app's server over one workspace; it can be ended and started again on the same port."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.process: subprocess.Popen[bytes] | None = None
        self.variables: dict[str, str] = {}
        """Variables of the environment that a test sets, over the usual ones."""

    @property
    def url(self) -> str:
        """The address without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def watched(self) -> Path:
        """The file in which the server and what it starts write the addresses that they look up or connect to."""
        return self.home.parent / "addresses.txt"

    def environment(self) -> dict[str, str]:
        """Build the server's environment, in which its addresses are written down."""
        return (
            os.environ
            | {
                "CLOSER_HOME": str(self.home),
                "CI": "1",
                "HF_HUB_OFFLINE": "1",
                "CLOSER_TOKEN": "off",
                "CLOSER_WATCHED_ADDRESSES": str(self.watched),
                "PYTHONPATH": str(Path(__file__).parent / "watched"),
            }
            | self.variables
        )

    def start(self) -> None:
        """Start by the command that `make run` runs, and wait until it answers."""
        command = [sys.executable, "-m", "tools.serve", "--port", str(self.port), "--headless"]
        with (self.home.parent / "server.txt").open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                self.get("/_stcore/health")
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise AssertionError((self.home.parent / "server.txt").read_text()[-2000:])

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End the server; a worker that runs goes on."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)

    def get(self, path: str) -> bytes:
        """Get what the server answers on a path."""
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return answer.read()

    def heavy_modules(self) -> list[str]:
        """List the heavy packages that are in the server's sys.modules."""
        return json.loads(self.get("/health"))["heavy_modules"]


def standing(part: Locator) -> FloatRect:
    """Scroll a part of the page into view and wait until its box has not moved for a second.

    What is above it may grow.
    """
    part.scroll_into_view_if_needed()
    box, since = part.bounding_box(), time.monotonic()
    until = since + START_SECONDS
    while box is None or time.monotonic() - since < 1:
        assert time.monotonic() < until, "it does not stand still"
        part.page.wait_for_timeout(100)
        if (now := part.bounding_box()) != box:
            box, since = now, time.monotonic()
            part.scroll_into_view_if_needed()
    return box


def choose(box: Locator, option: str) -> None:
    """Open a list and choose an option.

    A list that opens while the page still moves or runs closes again: it is opened anew then, as a person would.
    """
    choice = box.page.get_by_role("option", name=option)
    until = time.monotonic() + START_SECONDS
    while not choice.is_visible():
        assert time.monotonic() < until, f"the list does not open, or lacks {option}"
        standing(box)
        box.click()
        with suppress(PlaywrightTimeout):
            choice.wait_for(timeout=3_000)
    choice.click()


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    """Run a server on an empty workspace; at the end neither server nor worker is left."""
    running = Server(home)
    running.start()
    try:
        yield running
    finally:
        running.stop()
        kill_worker(home)
        for job in open_workspace(home).jobs.all(states=LIVE):  # on a cluster each has a worker of its own
            kill_worker(home, job.id)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start a browser for all the journeys."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_installed(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Browser) -> Iterator[Page]:
    """Open one window of a new visitor."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def used(run: Run) -> Iterator[Server]:
    """Start the real server over the workspace of the module's own `run`."""
    server = Server(run.folder.parent.parent)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def address(used: Server, run: Run) -> str:
    """Build the address of the run's Explore."""
    return f"{used.url}/explore?run={run.id}"
