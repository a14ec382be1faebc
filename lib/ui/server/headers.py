"""The security headers of every response.

The content security policy lets in Streamlit's own code and Closer's scripts, each by its hash, and nothing from another host.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import streamlit

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
"""A script in the page itself, without attributes."""


def inline_scripts(html: str) -> list[str]:
    """List the texts of the scripts that stand in a piece of HTML."""
    return _INLINE_SCRIPT.findall(html)


def streamlit_page() -> str:
    """Read the page that Streamlit's frontend starts from."""
    return (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")


def content_security_policy(scripts: Iterable[str]) -> str:
    """Write the policy of a page whose inline scripts are the given ones.

    Streamlit's components are modules that it makes of a string (blob:), its styles are inline, its icons and some fonts are data;
    plotly exports an image by a blob. Its plotly draws WebGL by regl, which makes functions of strings ('unsafe-eval', which includes
    WebAssembly): without it a large map says that the browser has no WebGL. What a string can come from is held by the other
    directives: no script from another host, none in the page but those of the given hashes.
    """
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    directives = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", "blob:", "'unsafe-eval'", *(f"'sha256-{value}'" for value in hashes)]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-src": "'none'",
        "frame-ancestors": "'none'",
        "object-src": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def security_headers(html: str) -> list[tuple[bytes, bytes]]:
    """List the headers of every response. html: what pages insert, whose inline scripts may run."""
    policy = content_security_policy([*inline_scripts(streamlit_page()), *inline_scripts(html)])
    headers = {
        "content-security-policy": policy,
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    }
    return [(name.encode(), value.encode()) for name, value in headers.items()]
