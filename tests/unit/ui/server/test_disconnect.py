"""A page that closes while the server sends: a disconnect, as ASGI has it, and no other error."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.sync.client import connect
from websockets.typing import Origin

from lib.ui.server.disconnect import translate_disconnect
from lib.ui.server.guard import Guard

outcomes: list[type[Exception]] = []


async def flood(connection: WebSocket) -> None:
    """Send until the other end has closed, as Streamlit's sender does, without a look at what comes in."""
    await connection.accept()
    try:
        while True:
            await connection.send_bytes(b"x")
            await asyncio.sleep(0)
    except (WebSocketDisconnect, RuntimeError, OSError) as error:
        outcomes.append(type(error))


@pytest.fixture
def port() -> Iterator[int]:
    """Serve it by uvicorn, with the protocol that Streamlit chooses."""
    guard = Middleware(Guard, inserted_html="", allowed_hosts=lambda: ["127.0.0.1"])
    app = Starlette(routes=[WebSocketRoute("/", flood)], middleware=[guard])
    config = uvicorn.Config(app, host="127.0.0.1", port=0, ws="websockets-sansio", log_level=logging.CRITICAL)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def test_a_page_that_closes_is_a_disconnect(port: int) -> None:
    outcomes.clear()
    origin = Origin(f"http://127.0.0.1:{port}")
    for _ in range(8):
        with connect(f"ws://127.0.0.1:{port}/", origin=origin, max_queue=None, close_timeout=1) as page:
            page.recv()
    for _ in range(1000):
        if len(outcomes) == 8:
            break
        threading.Event().wait(0.02)
    assert outcomes == [WebSocketDisconnect] * 8


@pytest.mark.parametrize("before", [[], ["websocket.accept", "websocket.close"]], ids=["not accepted", "closed by us"])
def test_an_error_of_our_own_stays_one(before: list[str]) -> None:
    async def send(message: Message) -> None:
        if message["type"] == "websocket.send":
            raise RuntimeError

    async def run() -> None:
        sender = translate_disconnect(send)
        for kind in [*before, "websocket.send"]:
            await sender({"type": kind})

    with pytest.raises(RuntimeError):
        asyncio.run(run())
