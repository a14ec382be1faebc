"""Notify idle pages that work began, whoever asked for it.

A page holds one socket to the server, silent while nothing runs. When work begins the server sends one word on it; the page reruns,
sees the work and polls until it ends.
"""

from __future__ import annotations

import asyncio

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from lib.ui.shared.open_pages import open_page
from lib.ui.shared.push_listener import PUSH_PATH

_CHECK_SECONDS = 1.0
"""Seconds between two reads of the counter by a socket; another thread raises it."""

_work_count = 0


def notify_work_began() -> None:
    """Notify every open page that work began; call it from any thread."""
    global _work_count  # one counter for the whole server, read by every socket
    _work_count += 1


async def _serve_socket(socket: WebSocket) -> None:
    """Send a word on a page's socket whenever work begins, until the page disconnects."""
    await socket.accept()
    last = _work_count
    disconnected = asyncio.ensure_future(_wait_for_disconnect(socket))
    try:
        with open_page():
            while not disconnected.done():
                await asyncio.wait({disconnected}, timeout=_CHECK_SECONDS)
                if last != _work_count and not disconnected.done():
                    last = _work_count
                    await socket.send_text("begun")
    except (WebSocketDisconnect, RuntimeError):
        return  # the page disconnected during the send
    finally:
        disconnected.cancel()


async def _wait_for_disconnect(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        continue


PUSH_ROUTES = [WebSocketRoute(PUSH_PATH, _serve_socket)]
