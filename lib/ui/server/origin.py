"""Which requests the server answers: by Host, Origin and the Sec-Fetch headers of browsers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
"""Names of this machine that only this machine reaches."""

RawHeaders = Iterable[tuple[bytes, bytes]]
"""Headers as ASGI hands them over: names in lower case."""


def header_values(headers: RawHeaders, name: str) -> list[str]:
    """List the values of a header, one for each time it was sent."""
    wanted = name.encode()
    return [value.decode("latin-1").strip() for key, value in headers if key == wanted]


def host_name(host: str) -> str | None:
    """Extract the name of a Host header, in lower case, without port; None for no plain host."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises ValueError for one that is no number
    except ValueError:
        return None
    if parts.netloc != host or "@" in host or not parts.hostname:
        return None
    return parts.hostname.rstrip(".")


def is_known_host(host: str, allowed: Sequence[str]) -> bool:
    """Whether a Host header names this server.

    allowed: names, also *.example.org for all names below one.
    """
    name = host_name(host)
    if name is None:
        return False
    known = [one.strip().lower().rstrip(".") for one in allowed]
    return any(name == one or (one.startswith("*.") and name.endswith(one[1:])) for one in known)


def is_own_origin(origin: str, host: str) -> bool:
    """Whether an Origin is the server's own: name and port as in the Host, by HTTP or HTTPS.

    The scheme may differ from the server's, for a proxy in front of it may speak HTTPS.
    """
    scheme, _, rest = origin.partition("://")
    return scheme in ("http", "https") and rest.lower() == host.lower()


def refusal(headers: RawHeaders, *, method: str, is_socket: bool, allowed: Sequence[str]) -> str:
    """Explain why a request is refused; empty for own pages, opened addresses and programs.

    Programs send no Origin; browsers send it with every socket, so there it is asked for.
    """
    headers = list(headers)
    hosts, origins = header_values(headers, "host"), header_values(headers, "origin")
    if len(hosts) != 1 or not is_known_host(hosts[0], allowed):
        return "This server does not answer to that host."
    if len(origins) > 1 or any(not is_own_origin(origin, hosts[0]) for origin in origins):
        return "This server answers its own pages only."
    if is_socket:
        return "" if origins else "A socket needs the Origin of this server."
    sites = header_values(headers, "sec-fetch-site")
    opens = method == "GET" and header_values(headers, "sec-fetch-dest") == ["document"]
    if any(site in ("cross-site", "same-site") for site in sites) and not opens:
        return "This server answers its own pages only."
    return ""
