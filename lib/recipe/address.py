"""The address of a cluster: a host and a port, and nothing secret."""

from __future__ import annotations

import re

from lib.errors import InputError

ADDRESS_LABEL = "Cluster address"
"""The setting's name in forms and errors."""

_HOST_AND_PORT = re.compile(
    r"(?:(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)|\[(?P<inside>[0-9a-fA-F:.]+)\]):(?P<port>[0-9]{1,5})"
)


def parse_cluster_address(address: str) -> tuple[str, int]:
    """Split an address into host and port.

    Raises InputError for anything else, such as one with a password.
    """
    found = _HOST_AND_PORT.fullmatch(address)
    if found is None or not 0 < int(found["port"]) < 65_536:
        shown = "This" if "@" in address else repr(address[:80])  # what stands before an @ may be a password
        raise InputError(
            f"{shown} is no address of a cluster.",
            where=ADDRESS_LABEL,
            todo="Write HOST:PORT, as `ray start --head` prints it for --address.",
        )
    return found["host"] or found["inside"], int(found["port"])
