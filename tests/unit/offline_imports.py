"""Import every module of Closer and the packages that stdin names; print as JSON what reached for the network.

A program of its own: what is imported already cannot be watched.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import socket
import sys
from importlib import metadata

NETWORK_EVENTS = (
    *("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"),
    *("socket.sendto", "socket.sendmsg", "urllib.Request", "http.client.connect"),
)
"""Audit events of Python (PEP 578): an address that is looked up, a connection, a message without one, a request."""

reached: list[str] = []


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in NETWORK_EVENTS:
        reached.append(f"{event} {arguments!r:.200}")


def main() -> None:
    """Import the packages first, then the modules; at the end one look-up shows that the watch works."""
    sys.addaudithook(watch)
    wanted = set(sys.stdin.read().split())
    packages = [
        name
        for name, owners in sorted(metadata.packages_distributions().items())
        if not name.startswith("_") and any(owner.lower().replace("_", "-") in wanted for owner in owners)
    ]
    import lib

    modules = ["app", *(one.name for one in pkgutil.walk_packages(lib.__path__, "lib."))]
    for name in [*packages, *modules]:
        importlib.import_module(name)
    during = list(reached)
    socket.getaddrinfo("127.0.0.1", 80)
    print(  # noqa: T201
        json.dumps({"packages": packages, "modules": modules, "reached": during, "watch_works": reached != during})
    )


if __name__ == "__main__":
    main()
