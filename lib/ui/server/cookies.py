"""The cookies that a request may bring in: those of Closer and Streamlit, as browsers send them."""

from __future__ import annotations

from lib.ui.server.origin import RawHeaders

_OWN_NAMES = (b"closer-", b"_streamlit_")
"""Beginnings of the names; other programs on this host set cookies too, which are none of ours."""

_MAX_COOKIE_BYTES = 4096
"""Of name and value, as RFC 6265, section 6.1, has it; no browser sends longer ones."""

_MAX_COOKIES = 40
"""A signed-in person's cookies are cut into a few pieces."""

_MAX_ESCAPES = 64
"""Backslashes in a value: `http.cookies` of Python before 3.11.10 takes quadratic time for them (CVE-2024-7592)."""


def keep_own_cookies(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    """Leave out every cookie that is not ours or that no browser sends, in linear time."""
    others = [(name, value) for name, value in headers if name != b"cookie"]
    cookies = [one.strip() for name, value in headers if name == b"cookie" for one in value.split(b";")]
    own = [one for one in cookies if _is_own(one)][:_MAX_COOKIES]
    return [*others, (b"cookie", b"; ".join(own))] if own else others


def _is_own(cookie: bytes) -> bool:
    return cookie.startswith(_OWN_NAMES) and len(cookie) <= _MAX_COOKIE_BYTES and cookie.count(b"\\") <= _MAX_ESCAPES
