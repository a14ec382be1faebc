"""Streamlit's scripts, styles and fonts, each read whole and sent in one message.

Starlette sends a file by way of a thread, in pieces of 64 kB: on the event loop a page of 140 files costs a third of the time.
"""

from __future__ import annotations

from email.utils import formatdate
from pathlib import Path

import streamlit
from starlette.types import ASGIApp, Receive, Scope, Send

_CONTENT_TYPES = {".js": b"application/javascript", ".css": b"text/css; charset=utf-8", ".woff2": b"font/woff2"}

_PARTIAL_REQUEST = frozenset({b"range", b"if-range", b"if-none-match", b"if-modified-since"})
"""Headers of a request that wants less than the whole file: Streamlit answers those."""


def streamlit_files() -> dict[str, Path]:
    """List the files of Streamlit's frontend by their path in the URL.

    Each has a hash of its content in its name.
    """
    root = Path(streamlit.__file__).parent / "static"
    files = (file for folder in ("js", "css", "media") for file in (root / "static" / folder).glob("*.*"))
    return {file.relative_to(root).as_posix(): file for file in files if file.suffix in _CONTENT_TYPES}


class StreamlitFiles:
    """ASGI middleware that answers for the files of Streamlit's frontend and hands on every other request.

    base_path: Streamlit's server.baseUrlPath.
    """

    def __init__(self, app: ASGIApp, *, base_path: str = "") -> None:
        base = base_path.strip("/")
        self._app, self._start = app, f"/{base}/" if base else "/"
        self._files = {f"{self._start}{name}": file for name, file in streamlit_files().items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        file = self._files.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if file is None or any(name in _PARTIAL_REQUEST for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
        else:
            await _send_file(file, send)


async def _send_file(file: Path, send: Send) -> None:
    """Send a file that never changes under its name."""
    body = file.read_bytes()
    headers = [
        (b"content-type", _CONTENT_TYPES[file.suffix]),
        (b"content-length", str(len(body)).encode()),
        (b"last-modified", formatdate(file.stat().st_mtime, usegmt=True).encode()),
        (b"cache-control", b"public, immutable, max-age=31536000"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
