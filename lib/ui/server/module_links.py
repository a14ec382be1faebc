"""The header by which a browser loads the largest module of a page while the page starts.

Source: RFC 8288 (Link), HTML Living Standard, section 4.6.7.12 (modulepreload).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import streamlit
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PAGE_MODULES = {"explore": "PlotlyChart"}
"""Page -> Streamlit's name of its largest module: plotly, 4.7 MB, which the map asks for, late in the page."""


def module_files(name: str) -> list[str]:
    """List the files of a module of Streamlit's frontend, by their path in the URL.

    Without those that its start page loads anyway; none where Streamlit knows no module of that name.
    """
    path = Path(streamlit.__file__).parent / "static" / "manifest.json"
    chunks: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    key = next((key for key, chunk in chunks.items() if chunk.get("name") == name and "imports" in chunk), None)
    if key is None or "index.html" not in chunks:
        return []
    known = set(_with_imports(chunks, ["index.html"]))
    return [chunks[one]["file"] for one in _with_imports(chunks, [key]) if one not in known]


def _with_imports(chunks: dict[str, dict[str, Any]], keys: Iterable[str]) -> Iterator[str]:
    """Walk over chunks and all that they import, each once."""
    waiting, seen = list(keys), set(keys)
    while waiting:
        key = waiting.pop()
        yield key
        new = [one for one in chunks[key].get("imports", ()) if one not in seen]
        seen.update(new)
        waiting += new


class ModuleLinks:
    """ASGI middleware that names a page's largest module in the header of the page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._links = {page: _link_header(module_files(name)) for page, name in _PAGE_MODULES.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        link = self._links.get(scope["path"].rpartition("/")[2]) if scope["type"] == "http" else None
        if not link:
            await self._app(scope, receive, send)
            return

        async def send_with_link(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), (b"link", link)]}
            await send(message)

        await self._app(scope, receive, send_with_link)


def _link_header(files: Iterable[str]) -> bytes:
    """Write the header: behind all that the page itself loads."""
    return ", ".join(f"<./{file}>; rel=modulepreload; fetchpriority=low" for file in files).encode()
