"""The one gate in front of every route and socket: host, origin, access, headers of the response."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.ui.server.cookies import keep_own_cookies
from lib.ui.server.disconnect import translate_disconnect
from lib.ui.server.entrance import answer_at_entrance
from lib.ui.server.headers import security_headers
from lib.ui.server.origin import LOOPBACK_HOSTS, refusal
from lib.ui.shared.access import current_access

_log = logging.getLogger("closer")

_POLICY_VIOLATION = 1008
"""Close code of RFC 6455, section 7.4.1; before a socket is accepted the server answers 403 instead."""


class Guard:
    """ASGI middleware that refuses foreign requests with 403 and sets the security headers.

    inserted_html: what pages insert, whose scripts may run. allowed_hosts: the names that the server answers to, asked at each
    request; none means those of this machine.
    """

    def __init__(self, app: ASGIApp, *, inserted_html: str, allowed_hosts: Callable[[], Sequence[str]]) -> None:
        self._app, self._allowed_hosts = app, allowed_hosts
        self._headers = security_headers(inserted_html)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        scope = {**scope, "headers": keep_own_cookies(scope["headers"])}
        is_socket = scope["type"] == "websocket"
        sender = self._with_headers(send)
        reason = refusal(
            scope["headers"],
            method=scope.get("method", "GET"),
            is_socket=is_socket,
            allowed=self._allowed_hosts() or LOOPBACK_HOSTS,
        )
        if not reason and (answer := answer_at_entrance(scope, current_access())) is not None:
            reason = "You have no access to this server."
            if not is_socket:
                await answer(scope, receive, sender)
                return
        if not reason:
            await self._answer(scope, receive, translate_disconnect(sender) if is_socket else sender)
        elif is_socket:
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": reason})
        else:
            await PlainTextResponse(reason, status_code=403)(scope, receive, sender)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on; answer a bug with a plain 500.

        Starlette's own would have no security headers.
        """
        has_begun = False

        async def note_begin(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, note_begin)
        except Exception as error:  # a bug of any kind in a route: it becomes a plain 500 with the headers
            if has_begun or scope["type"] != "http":
                raise
            _log.error("A request failed: %s", scope["path"], exc_info=error)
            await PlainTextResponse("Internal Server Error", status_code=500)(scope, receive, send)

    def _with_headers(self, send: Send) -> Send:
        """Wrap `send` so that each response has the security headers and no CORS header."""
        names = {name for name, _ in self._headers}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = [
                    (name, value)
                    for name, value in message.get("headers", [])
                    if name.lower() not in names and not name.lower().startswith(b"access-control-")
                ]
                message = {**message, "headers": [*present, *self._headers]}
            await send(message)

        return send_with_headers
