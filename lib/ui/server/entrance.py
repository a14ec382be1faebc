"""The server's entrance: its rules, the printed address, and a token turned into a cookie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Scope

from lib.errors import InputError
from lib.process import has_other_accounts
from lib.ui.server.origin import LOOPBACK_HOSTS, RawHeaders, header_values
from lib.ui.shared.access import TOKEN_PARAM, Access, AccessRole, new_token
from lib.ui.shared.push_listener import PUSH_PATH

OPEN_PATHS = ("/health", "/_stcore/health")
"""Answered to everybody: they say that the server lives, and nothing of the workspace."""

_UPLOAD_PATH = "/_stcore/upload_file/"
_CONTENT_PATHS = ("/download/", "/media/", _UPLOAD_PATH, PUSH_PATH)
"""What a person who has not signed in yet may not ask for; the page itself must open, for its button to sign in."""

_SIGN_IN_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Closer</title></head>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem">
<h1>Closer</h1><p>Open the address that was printed when the server started, or enter the token in it.</p>
<form method="get"><label>Token <input name="token" type="password" autocomplete="off" required></label> <button>Open</button></form>
</body></html>"""


def load_access(environment: Mapping[str, str], *, address: str, port: int) -> Access:
    """Read the rules of a server that listens on an address.

    CLOSER_TOKEN: on, off, or auto (the default): on where the machine has other accounts, or others can reach the address.
    CLOSER_VIEWERS, CLOSER_EDITORS: mail addresses, separated by commas, of people who sign in; the word `token` as viewers gives a
    second token, for looking only. Raises InputError.
    """
    given = environment.get("CLOSER_TOKEN", "auto").strip().lower() or "auto"
    if given not in ("on", "off", "auto"):
        raise InputError("CLOSER_TOKEN is neither on, off nor auto.", todo="Choose one of them.")
    editors, viewers = (_people(environment.get(name, "")) for name in ("CLOSER_EDITORS", "CLOSER_VIEWERS"))
    cookie = f"closer-{port}"
    if viewers == ("token",):
        return Access(editor_token=new_token(), viewer_token=new_token(), cookie=cookie)
    if editors or viewers:
        return Access(editors=editors, viewers=viewers, cookie=cookie)
    is_needed = given == "on" or (given == "auto" and (address not in LOOPBACK_HOSTS or has_other_accounts()))
    return Access(editor_token=new_token() if is_needed else "", cookie=cookie)


def _people(text: str) -> tuple[str, ...]:
    return tuple(word.strip().lower() for word in text.split(",") if word.strip())


def print_addresses(access: Access, *, address: str, port: int, hosts: Sequence[str], is_secure: bool) -> None:
    """Print where the server opens, with the tokens that open it."""
    name = address if address not in ("", "0.0.0.0", "::") else next(iter(hosts), "localhost")
    base = f"{'https' if is_secure else 'http'}://{f'[{name}]' if ':' in name else name}:{port}"
    queries = [f"/?{TOKEN_PARAM}={token}" if token else "" for token in (access.editor_token, access.viewer_token)]
    print(f"Closer opens on {base}{queries[0]}. Stop it with Ctrl-C; trainings go on.", flush=True)  # noqa: T201
    if access.viewer_token:
        print(f"To look only: {base}{queries[1]}", flush=True)  # noqa: T201


def cookies_of(headers: RawHeaders) -> dict[str, str]:
    """Read the cookies of a request; unreadable ones count as none."""
    jar: SimpleCookie = SimpleCookie()
    for line in header_values(headers, "cookie"):
        try:
            jar.load(line)
        except CookieError:
            continue
    return {name: morsel.value for name, morsel in jar.items()}


def answer_at_entrance(scope: Scope, access: Access) -> Response | None:
    """Answer a request that may not pass, or that brings a token; None for one that may pass."""
    path, is_socket = scope["path"], scope["type"] == "websocket"
    if path in OPEN_PATHS:
        return None
    if access.needs_token and not access.needs_sign_in and scope.get("method") == "GET":
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        token = next((value for name, value in query if name == TOKEN_PARAM), "")
        if access.role_of_token(token) is not None:
            return _with_cookie(scope, access, token, [pair for pair in query if pair[0] != TOKEN_PARAM])
    role = access.role(cookies_of(scope["headers"]))
    if role is None and access.needs_token:
        return PlainTextResponse("", 403) if is_socket else HTMLResponse(_SIGN_IN_PAGE, status_code=401)
    if role is None and path.startswith(_CONTENT_PATHS):
        return PlainTextResponse("Sign in first.", status_code=403)
    if role is AccessRole.VIEWER and path.startswith(_UPLOAD_PATH) and scope.get("method") != "OPTIONS":
        return PlainTextResponse("You can look at this workspace, not change it.", status_code=403)
    return None


def _with_cookie(scope: Scope, access: Access, token: str, query: list[tuple[str, str]]) -> Response:
    """Open the address without its token, with the cookie that stands for it."""
    target = "/" + scope["path"].lstrip("/\\") + (f"?{urlencode(query)}" if query else "")
    answer = RedirectResponse(target, status_code=303, headers={"Cache-Control": "no-store"})
    answer.set_cookie(access.cookie, token, httponly=True, samesite="lax", secure=scope.get("scheme") == "https")
    return answer
