"""Measure in a real browser how fast Explore shows the map of finished runs.

Writes bench/README.md, section Picture.

    python -m bench.picture RUN [RUN ...]

Each run is opened in a fresh window of a warm server. Page: the run picker can be used. Map: the figure stands with all its marks. Slide: until the marks
of another snapshot stand, and how many messages that sent to the server.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from bench.results import put
from lib.projection.store import load_map
from lib.store.workspace import open_workspace
from tools.browser import get

ROUNDS = 5
MARKS = "() => { const g = document.querySelector('.js-plotly-plot'); return !!(g && g._fullData && g._fullData.length && g.querySelector('.slider-container') && g._transitionData?._frames?.length); }"
MOVED = "before => JSON.stringify([...document.querySelector('.js-plotly-plot')._fullData.find(t => t.mode === 'markers' && t.x.length).x].slice(0, 50)) !== before"


@contextmanager
def serve() -> Iterator[str]:
    """Start the real server over the workspace in use and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tools.serve", "--port", str(port), "--headless"]
    server = subprocess.Popen(command, env={**os.environ, "CI": "1"}, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def visit(browser: Browser, address: str) -> dict[str, float]:
    """Open one link in a fresh window and measure it.

    Seconds to page and map, seconds of a slide, its messages, and megabytes received.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    sent, received = [0], [0]

    def watch(connection: object) -> None:
        connection.on("framesent", lambda _: sent.__setitem__(0, sent[0] + 1))  # type: ignore[attr-defined]
        connection.on("framereceived", lambda data: received.__setitem__(0, received[0] + len(data)))  # type: ignore[attr-defined]

    page.on("websocket", watch)
    begin = time.perf_counter()
    page.goto(address)
    page.get_by_role("combobox", name="Run").wait_for(timeout=60_000)
    opened = time.perf_counter() - begin
    page.wait_for_function(MARKS, timeout=180_000)
    map_seconds = time.perf_counter() - begin
    page.wait_for_timeout(2_000)
    before, asked = (
        page.evaluate(
            "JSON.stringify([...document.querySelector('.js-plotly-plot')._fullData.find(t => t.mode === 'markers' && t.x.length).x].slice(0, 50))"
        ),
        sent[0],
    )
    page.get_by_role("slider", name="Training snapshot").focus()
    begin = time.perf_counter()
    page.keyboard.press("End")
    page.wait_for_function(MOVED, arg=before, timeout=180_000)
    slid = time.perf_counter() - begin
    context.close()
    return {"page": opened, "map": map_seconds, "slide": slid, "asked": sent[0] - asked, "megabytes": received[0] / 1e6}


def line(browser: Browser, server: str, identity: str, view: str) -> str:
    """Write the row of one run in one view: medians over the rounds, the caches filled beforehand."""
    run = open_workspace().runs.get(identity)
    map_data = load_map(run)
    assert map_data is not None, "the run has a map"
    rows = len(open_workspace().datasets.get(run.dataset).frame())
    address = f"{server}/explore?run={run.id}{VIEWS[view]}"
    first = visit(browser, address)
    visits = [visit(browser, address) for _ in range(ROUNDS)]
    found = {name: float(np.median([one[name] for one in visits])) for name in first}
    return (
        f"| {rows:,} | {view} | {map_data.texts:,} | {len(map_data.coordinates)} | {first['page']:.1f} | {first['map'] - first['page']:.1f} | {found['page']:.1f} "
        f"| {found['map'] - found['page']:.1f} | {found['slide']:.2f} | {found['asked']:.0f} | {found['megabytes']:.1f} |"
    )


VIEWS = {"as it opens": "", "all pairs": "&part=All"}
HEAD = """| pairs | view | texts drawn | snapshots | page, first visit | then map | page | then map | slide | messages of a slide | MB received |
|---|---|---|---|---|---|---|---|---|---|---|"""


def main() -> None:
    """Measure every run and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", help="ids of finished runs with a map")
    args = parser.parse_args()
    with serve() as server, sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=get(), args=quiet)
        rows = [line(browser, server, identity, view) for identity in args.runs for view in VIEWS]
        browser.close()
    text = f"{HEAD}\n" + "\n".join(rows)
    print(text)
    put(
        "Picture",
        f"{text}\n\nSeconds; the page opens on the held-out pairs alone. Headless Chromium without a graphics card, {os.cpu_count()} cores. {Path(__file__).stem}: `python -m bench.picture`.",
    )


if __name__ == "__main__":
    main()
