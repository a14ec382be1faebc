"""Limits of single connections that Streamlit's server has no setting for."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from lib.ui.shared.push_listener import PUSH_PATH

HEADER_SECONDS = 15.0
"""Within which a client must have sent the headers of a request; browsers send them at once."""

PUSH_MESSAGE_BYTES = 1024
"""Most bytes of a message from a page on the push socket, which has nothing to say."""

_timers: dict[Any, asyncio.TimerHandle] = {}


def limit_connections() -> None:
    """Close connections whose headers do not come, and bound the push socket's messages.

    uvicorn has no timeout for headers, and Streamlit passes it one limit for messages of all sockets. So the two places are
    changed in uvicorn's protocol class itself, which tests/unit/ui/server/test_connections.py holds to it.
    """
    if H11Protocol.connection_made.__module__ == __name__:
        return
    made, received, lost = H11Protocol.connection_made, H11Protocol.data_received, H11Protocol.connection_lost
    upgrade = H11Protocol.handle_websocket_upgrade

    def connection_made(self: Any, transport: Any) -> None:
        made(self, transport)
        _watch_headers(self)

    def data_received(self: Any, data: bytes) -> None:
        received(self, data)
        _watch_headers(self)

    def connection_lost(self: Any, error: Exception | None) -> None:
        _forget(self)
        lost(self, error)

    def handle_websocket_upgrade(self: Any, event: h11.Request) -> None:
        if event.target.partition(b"?")[0].endswith(PUSH_PATH.encode()):
            self.config = copy.copy(self.config)
            self.config.ws_max_size = PUSH_MESSAGE_BYTES
        upgrade(self, event)

    for function in (connection_made, data_received, connection_lost, handle_websocket_upgrade):
        setattr(H11Protocol, function.__name__, function)


def _watch_headers(protocol: Any) -> None:
    """Run the timer of a connection while it waits for headers."""
    if protocol not in protocol.connections or protocol.conn.their_state is not h11.IDLE:
        _forget(protocol)
    elif protocol not in _timers:
        _timers[protocol] = protocol.loop.call_later(HEADER_SECONDS, _close, protocol)


def _close(protocol: Any) -> None:
    _timers.pop(protocol, None)
    if protocol.conn.their_state is h11.IDLE and protocol in protocol.connections:
        protocol.transport.close()


def _forget(protocol: Any) -> None:
    if (timer := _timers.pop(protocol, None)) is not None:
        timer.cancel()
