"""What a socket's sender is told when the page at its other end has closed."""

from __future__ import annotations

from starlette.types import Message, Send


def translate_disconnect(send: Send) -> Send:
    """Wrap a socket's `send` so that it raises OSError once the client has closed, as ASGI asks for.

    ASGI's WebSocket message format, version 2.4: a send after a disconnect raises a subclass of OSError, which Starlette makes a
    WebSocketDisconnect and Streamlit expects. uvicorn 0.54 raises RuntimeError between the client's close frame and the end of
    the connection, and Streamlit logs that with a traceback.
    """
    is_open = False

    async def send_or_disconnect(message: Message) -> None:
        nonlocal is_open
        is_sending = is_open and message["type"] == "websocket.send"
        is_open = message["type"] == "websocket.accept" or is_sending
        try:
            await send(message)
        except RuntimeError as error:
            if is_sending:  # allowed in this state, so it was the client that closed
                raise ConnectionResetError("The client has closed the socket.") from error
            raise

    return send_or_disconnect
