"""Measure in a real browser how fast the pages and the map of finished runs come.

Beside an empty Streamlit app. Writes bench/README.md, sections Picture and First render.

    python -m bench.picture RUN [RUN ...]

Each run is opened in fresh windows: the first visit to a fresh server, then later visits. Page: the run picker can be used. Seen: a picture of the
map's marks and lines stands. Map: the figure stands with all its marks, and answers. Slide: until the marks of another snapshot stand, and how many messages that sent to the server. First render: until a page shows its
first element, in turn with an empty Streamlit app, whose median is the unit.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from bench.results import put
from lib.projection.store import load_map
from lib.store.workspace import open_workspace
from tools.browser import get

ROUNDS = 5
SETTLE_SECONDS = 5.0
"""Between the start of a fresh server and the first visit: a person has to open a browser, too."""
MARKS = "() => { const g = document.querySelector('.js-plotly-plot'); return !!(g && g._fullData && g._fullData.length && g.querySelector('.slider-container') && g._transitionData?._frames?.length); }"
SEEN_MAP = f"() => {{ const p = document.querySelector('.map-preview'); return !!(p && p.complete && p.naturalWidth) || ({MARKS})(); }}"
MOVED = "before => JSON.stringify([...document.querySelector('.js-plotly-plot')._fullData.find(t => t.mode === 'markers' && t.x.length).x].slice(0, 50)) !== before"


EMPTY_APP = """import streamlit as st

st.title("Empty")
"""
PAGES = ("", "upload", "train", "explore")
SEEN = "() => document.querySelector('[data-testid=stMain]')?.innerText.trim().length > 0"
"""Something of the page itself is drawn: the navigation is not part of stMain."""


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(command: Sequence[str], port: int, **options: object) -> Iterator[str]:
    """Start a server by this command and give its address once it answers."""
    server = subprocess.Popen(
        command, env={**os.environ, "CI": "1", "CLOSER_TOKEN": "off"}, stdout=subprocess.DEVNULL, **options
    )
    try:
        for _ in range(400):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


@contextmanager
def serve_closer() -> Iterator[str]:
    """Start the real server over the workspace in use."""
    port = free_port()
    with serve([sys.executable, "-m", "tools.serve", "--port", str(port), "--headless"], port) as address:
        yield address


@contextmanager
def serve_empty() -> Iterator[str]:
    """Start an app of Streamlit alone that shows a title."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "empty.py").write_text(EMPTY_APP)
        options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
        command = [sys.executable, "-m", "streamlit", "run", "empty.py", *options, "--browser.gatherUsageStats=false"]
        with serve(command, port, cwd=folder) as address:
            yield address


def first_render(browser: Browser, address: str) -> float:
    """Open an address in a fresh window; seconds until its first element is seen."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    begin = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function(SEEN, timeout=120_000)
    seconds = time.perf_counter() - begin
    context.close()
    return seconds


def compare_first_renders(browser: Browser, closer: str, empty: str) -> str:
    """Measure each page's first render in turn with the empty app's, and write the table."""
    seconds: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        seconds.setdefault("empty app", []).append(first_render(browser, empty))
        for page in PAGES:
            seconds.setdefault(page or "overview", []).append(first_render(browser, f"{closer}/{page}"))
    unit = float(np.median(seconds["empty app"]))
    rows = [
        f"| {name} | {np.median(some):.2f} | {min(some):.2f} to {max(some):.2f} | {np.median(some) / unit:.2f} |"
        for name, some in seconds.items()
    ]
    return "\n".join(["| page | s, median | min to max | of the empty app |", "|---|---:|---:|---:|", *rows])


def visit(browser: Browser, address: str) -> dict[str, float]:
    """Open one link in a fresh window and measure it.

    Seconds to page, picture and map, seconds of a slide, its messages, and megabytes received.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 1800})
    page = context.new_page()
    sent, received = [0], [0]

    def watch(connection: object) -> None:
        connection.on("framesent", lambda _: sent.__setitem__(0, sent[0] + 1))  # type: ignore[attr-defined]
        connection.on("framereceived", lambda data: received.__setitem__(0, received[0] + len(data)))  # type: ignore[attr-defined]

    page.on("websocket", watch)
    begin = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.get_by_role("combobox", name="Run").wait_for(timeout=60_000)
    opened = time.perf_counter() - begin
    page.wait_for_function(SEEN_MAP, timeout=180_000)
    seen = time.perf_counter() - begin
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
    return {
        "page": opened,
        "seen": seen,
        "map": map_seconds,
        "slide": slid,
        "asked": sent[0] - asked,
        "megabytes": received[0] / 1e6,
    }


def line(browser: Browser, identity: str, view: str) -> str:
    """Write the row of one run in one view: the first visit to a fresh server, medians of later ones."""
    run = open_workspace().runs.get(identity)
    map_data = load_map(run)
    assert map_data is not None, "the run has a map"
    rows = len(open_workspace().datasets.get(run.dataset).frame())
    with serve_closer() as server:
        time.sleep(SETTLE_SECONDS)
        address = f"{server}/explore?run={run.id}&frame=base{VIEWS[view]}"
        first = visit(browser, address)
        visits = [visit(browser, address) for _ in range(ROUNDS)]
    found = {name: float(np.median([one[name] for one in visits])) for name in first}
    return (
        f"| {rows:,} | {view} | {map_data.texts:,} | {len(map_data.coordinates)} | {first['page']:.1f} | {first['seen']:.1f} | {first['map']:.1f} "
        f"| {found['page']:.1f} | {found['seen']:.1f} | {found['map']:.1f} | {found['slide']:.2f} | {found['asked']:.0f} | {found['megabytes']:.1f} |"
    )


VIEWS = {"as it opens": "", "all pairs": "&part=All"}
HEAD = """| pairs | view | texts drawn | snapshots | page, first visit | seen, first visit | map, first visit | page | seen | map | slide | messages of a slide | MB received |
|---|---|---|---|---|---|---|---|---|---|---|---|---|"""


def main() -> None:
    """Measure every run and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", help="ids of finished runs with a map")
    args = parser.parse_args()
    with sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=get(), args=quiet)
        with serve_closer() as closer, serve_empty() as empty:
            first_renders = compare_first_renders(browser, closer, empty)
        print(first_renders)
        rows = [line(browser, identity, view) for identity in args.runs for view in VIEWS]
        browser.close()
    text = f"{HEAD}\n" + "\n".join(rows)
    print(text)
    put("First render", f"{first_renders}\n\nMedians of {ROUNDS} rounds, each in a fresh window, in turn.")
    put(
        "Picture",
        f"{text}\n\nSeconds; the page opens on the held-out pairs alone. Headless Chromium without a graphics card, {os.cpu_count()} cores. {Path(__file__).stem}: `python -m bench.picture`.",
    )


if __name__ == "__main__":
    main()
