"""The error of a send on a socket that has ended."""

from __future__ import annotations

from starlette.types import Message, Send


def translate_disconnect(send: Send) -> Send:
    """Wrap a socket's `send` so that it raises OSError once the socket has ended, as ASGI asks for.

    ASGI's WebSocket message format, version 2.4: a send after a disconnect raises a subclass of OSError, which Starlette makes a
    WebSocketDisconnect and Streamlit expects. uvicorn 0.54 raises RuntimeError where it ended the socket
    itself (no answer to a ping, shutdown) and the app did not, and Streamlit logs that with a traceback.
    """
    is_open = False

    async def send_or_disconnect(message: Message) -> None:
        nonlocal is_open
        is_sending = is_open and message["type"] == "websocket.send"
        is_open = message["type"] == "websocket.accept" or is_sending
        try:
            await send(message)
        except RuntimeError as error:
            if is_sending:  # allowed in this state, so it was not the app that closed
                raise ConnectionResetError("The socket has ended.") from error
            raise

    return send_or_disconnect
