"""What another page can do to the server, in a real browser: nothing.

The policy breaks nothing on Closer's own pages.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from ast import literal_eval
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from lib.store.runs import Run
from lib.ui.shared.push_listener import PUSH_PATH
from tests.browser.conftest import Server
from tests.unit.projection.finished import evaluate_planted, finished_run

LOOK_UP = "import socket; socket.getaddrinfo('192.0.2.7', 80)"
"""Of an address that is kept for documentation (RFC 5737): nothing is sent."""

VIOLATIONS = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => window.violations.push(
    `${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Finish a run with map and evaluation."""
    made = finished_run(tmp_path_factory.mktemp("guard") / "workspace")
    evaluate_planted(made)
    return made


class Foreign(BaseHTTPRequestHandler):
    """A page of another port of this machine."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p>foreign</p>")

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def foreign() -> Iterator[str]:
    """Serve a page on another port and give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_violates_the_policy(chromium: Browser, used: Server, run: Run, theme: str) -> None:
    context = chromium.new_context(color_scheme=theme, viewport={"width": 1440, "height": 1200})
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.add_init_script(VIOLATIONS)
    for path in ("/", "/upload", "/train", f"/train?run={run.id}"):
        page.goto(f"{used.url}{path}")
        expect(page.get_by_test_id("stMain")).to_contain_text("a")
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
        assert page.evaluate("window.violations") == [], path
    page.goto(f"{used.url}/explore?run={run.id}")
    expect(page.locator(".js-plotly-plot .slider-group[tabindex='0']").first).to_be_visible(
        timeout=60_000
    )  # the map's own script ran
    page.get_by_text(
        "Distributions of the cosines"
    ).first.click()  # in the play view the map has no picture to download
    with page.expect_download() as download:
        page.locator(".js-plotly-plot [data-title*='Download']").first.click()
    assert download.value.path().stat().st_size > 1000
    assert page.evaluate("window.violations") == []
    context.close()


def test_a_script_that_gets_into_a_page_is_not_run(window: Page, used: Server) -> None:
    window.add_init_script(VIOLATIONS)
    window.goto(f"{used.url}/upload")
    expect(window.get_by_role("heading", name="Upload a file")).to_be_visible()
    window.evaluate(
        """() => {
            const script = document.createElement('script'); script.textContent = 'window.ran = 1';
            const image = document.createElement('img'); image.src = 'https://evil.example/x.png'; image.setAttribute('onerror', 'window.ran = 2');
            document.body.append(script, image);
            fetch('https://evil.example/').catch(() => 0);
        }"""
    )
    window.wait_for_function("window.violations.length >= 4")
    assert window.evaluate("window.ran") is None


def test_another_port_opens_no_socket_reads_nothing_and_frames_nothing(
    window: Page, used: Server, foreign: str, run: Run
) -> None:
    window.goto(foreign)
    host = used.url.removeprefix("http://")
    for path in ("/_stcore/stream", PUSH_PATH):
        opened = window.evaluate(
            """(address) => new Promise((done) => {
                const socket = new WebSocket(address);
                socket.onopen = () => done(true); socket.onerror = () => done(false);
            })""",
            f"ws://{host}{path}",
        )
        assert opened is False, path
    for path in ("/health", "/_stcore/host-config", f"/download/{run.id}/log.txt", "/_stcore/upload_file/a/b"):
        for mode in ("cors", "no-cors"):
            read = window.evaluate(
                "([address, mode]) => fetch(address, {mode}).then((answer) => answer.status, () => null)",
                [f"{used.url}{path}", mode],
            )
            assert read is None, (path, mode)
    window.evaluate(
        """(address) => new Promise((done) => {
            const frame = document.createElement('iframe'); frame.id = 'framed';
            frame.onload = done; frame.src = address; document.body.append(frame);
        })""",
        used.url,
    )
    framed = window.frames[-1]
    assert framed.evaluate("document.getElementById('root') === null")


def test_no_page_may_send_messages(used: Server) -> None:
    assert json.loads(used.get("/_stcore/host-config"))["allowedOrigins"] == []


def knock(port: int, path: str, origin: str, *, upgrade: bool) -> bytes:
    """Ask for a page or a socket as a page of another origin does; the first line of the answer."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Origin: {origin}", "Connection: close"]
    if upgrade:
        lines[-1] = "Connection: Upgrade"
        lines += ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection.makefile("rb").readline()


def test_no_address_but_this_machines_is_looked_up_whoever_knocks(window: Page, used: Server) -> None:
    """Streamlit by itself asks for its public address when a foreign origin opens its socket."""
    for origin in (
        "http://evil.example",
        "https://a.streamlit.app",
        "http://192.0.2.7:8501",
        "http://localhost:1",
        "null",
    ):
        for path in ("/_stcore/stream", PUSH_PATH, "/_stcore/health", "/", "/_stcore/upload_file/a/b"):
            for upgrade in (False, True):
                knock(used.port, path, origin, upgrade=upgrade)
        assert b" 403 " in knock(used.port, "/_stcore/stream", origin, upgrade=True)
    window.goto(f"{used.url}/train")
    expect(window.get_by_test_id("stMain")).to_contain_text("Base models")
    looked_up = {literal_eval(line) for line in used.watched.read_text(encoding="utf-8").splitlines()}
    assert {"watched"} <= looked_up <= {"watched", "127.0.0.1", "localhost", "::1", None}
    subprocess.run([sys.executable, "-c", LOOK_UP], env=used.environment(), check=True)
    assert used.watched.read_text(encoding="utf-8").splitlines()[-1] == "'192.0.2.7'"  # the watch works
