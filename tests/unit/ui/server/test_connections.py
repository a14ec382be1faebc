"""The limits of connections, on uvicorn's own server: late headers, messages on the push socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.http.h11_impl import H11Protocol
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from lib.ui.server import connections
from lib.ui.shared.push_listener import PUSH_PATH

HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def echo(connection: WebSocket) -> None:
    await connection.accept()
    while (message := await connection.receive())["type"] == "websocket.receive":
        await connection.send_text(str(len(message.get("text") or "")))


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Serve two sockets on uvicorn, which waits half a second for headers."""
    connections.limit_connections()
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.5)
    app = Starlette(routes=[WebSocketRoute(PUSH_PATH, echo), WebSocketRoute("/other", echo)])
    server = uvicorn.Server(uvicorn.Config(app, ws="websockets-sansio", log_level="critical"))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(timeout=10)


def opened(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def test_it_is_the_protocol_that_the_server_uses() -> None:
    assert AutoHTTPProtocol is H11Protocol


@pytest.mark.parametrize("sent", [b"", HEALTH[:-2], b"G"])
def test_headers_that_do_not_come_end_the_connection(port: int, sent: bytes) -> None:
    with opened(port) as client:
        client.sendall(sent)
        assert client.recv(1) == b""


def test_dripping_headers_are_not_given_more_time(port: int) -> None:
    with opened(port) as client:
        client.sendall(HEALTH[:-2])
        client.settimeout(0.1)
        with pytest.raises(OSError, match="reset|Broken pipe|closed"):
            for _ in range(100):
                client.sendall(b"X-Drip: 1\r\n")
                try:
                    if client.recv(1) == b"":
                        raise OSError("closed")
                except TimeoutError:
                    continue


def test_a_second_request_is_timed_as_the_first_and_whole_ones_are_answered(port: int) -> None:
    with opened(port) as client:
        client.sendall(HEALTH)
        answer = b""
        while not answer.endswith(b"Not Found"):
            answer += client.recv(1000)
        client.sendall(HEALTH[:-2])
        assert client.recv(1) == b""


def test_a_socket_outlives_the_time_for_headers_and_only_push_takes_small_messages(port: int) -> None:
    with (
        connect(f"ws://127.0.0.1:{port}/other") as other,
        connect(f"ws://127.0.0.1:{port}{PUSH_PATH}?x=1") as push,
    ):
        time.sleep(1)
        other.send("x" * 100_000)
        assert other.recv(timeout=10) == "100000"
        push.send("x" * 100)
        assert push.recv(timeout=10) == "100"
        with pytest.raises(ConnectionClosed):
            push.send("x" * (connections.PUSH_MESSAGE_BYTES + 1))
            push.recv(timeout=10)
