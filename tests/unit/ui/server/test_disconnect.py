"""A send on a socket that has ended: a disconnect, as ASGI has it; what the app itself does wrong stays an error."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message

from lib.ui.server.disconnect import translate_disconnect


async def refuse(message: Message) -> None:
    """Refuse to send, as uvicorn does once it has ended the socket."""
    if message["type"] == "websocket.send":
        raise RuntimeError


@pytest.mark.parametrize(
    ("before", "error"),
    [
        (["websocket.accept"], ConnectionResetError),
        ([], RuntimeError),
        (["websocket.accept", "websocket.close"], RuntimeError),
    ],
    ids=["ended by the server", "not accepted", "closed by the app"],
)
def test_only_an_end_that_the_app_did_not_make_is_a_disconnect(before: list[str], error: type[Exception]) -> None:
    async def run() -> None:
        send = translate_disconnect(refuse)
        for kind in [*before, "websocket.send"]:
            await send({"type": kind})

    with pytest.raises(error):
        asyncio.run(run())
