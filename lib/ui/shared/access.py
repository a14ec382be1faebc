"""Who may open the server's pages, and who may change things: by a start token or by signing in."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatch

from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

TOKEN_PARAM = "token"
"""Query parameter of the printed address; it becomes a cookie, and goes out of the address."""

_TOKEN_BYTES = 24
"""Random bytes of a token: 192 bits, nothing to guess."""


class AccessRole(StrEnum):
    """What a person may do: an editor everything, a viewer look."""

    EDITOR = "editor"
    VIEWER = "viewer"


@dataclass(frozen=True)
class Access:
    """The rules of one server; without token and people everybody who reaches it is an editor.

    editors, viewers: mail addresses of people who sign in, also *@example.org; with any of them, signing in is asked for.
    cookie: the token's cookie, which has the port in its name, for cookies are shared by all ports of a host.
    """

    editor_token: str = ""
    viewer_token: str = ""
    editors: tuple[str, ...] = ()
    viewers: tuple[str, ...] = ()
    cookie: str = "closer"

    @property
    def needs_token(self) -> bool:
        """Whether a request needs the token's cookie."""
        return bool(self.editor_token)

    @property
    def needs_sign_in(self) -> bool:
        """Whether a person needs to sign in."""
        return bool(self.editors or self.viewers)

    def role(self, cookies: Mapping[str, str]) -> AccessRole | None:
        """Look up the role of the one who sends these cookies; None for nobody known."""
        if self.needs_sign_in:
            return self._role_of_person(_signed_in_mail(cookies))
        return self.role_of_token(cookies.get(self.cookie, "")) if self.needs_token else AccessRole.EDITOR

    def role_of_token(self, token: str) -> AccessRole | None:
        """Look up the role that a token gives; compares in constant time."""
        roles = {AccessRole.EDITOR: self.editor_token, AccessRole.VIEWER: self.viewer_token}
        found = [role for role, known in roles.items() if known and hmac.compare_digest(known.encode(), token.encode())]
        return next(iter(found), None)

    def _role_of_person(self, mail: str) -> AccessRole | None:
        lists = {AccessRole.EDITOR: self.editors, AccessRole.VIEWER: self.viewers}
        return next((role for role, known in lists.items() if mail and any(fnmatch(mail, one) for one in known)), None)


def new_token() -> str:
    """Draw a new token, which fits an address."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def _signed_in_mail(cookies: Mapping[str, str]) -> str:
    """Read the mail address from the cookie that Streamlit signs at a sign-in; empty without.

    An address counts where the provider says that it is verified: with some a person may set any address
    (OpenID Connect Core, section 5.7).
    """
    try:
        signed = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
        person = json.loads(signed) if signed else {}
    except ValueError:
        return ""
    known = person.get("is_logged_in") is True and person.get("email_verified") is True
    return str(person.get("email", "")).lower() if known else ""


_present: list[Access] = []


def set_access(access: Access) -> None:
    """Store the rules of this server."""
    _present[:] = [access]


def current_access() -> Access:
    """Read the rules of this server; open ones where there is no server, as in tests of a page."""
    return _present[0] if _present else Access()
