"""What the pages may know of the server they live in: does it supervise the jobs, or only watch."""

from __future__ import annotations

from typing import Protocol


class Supervising(Protocol):
    """The part of lib.jobs.supervisor.Supervisor that pages read."""

    is_viewer: bool
    trouble: str


_serving: list[Supervising] = []


def serve(supervisor: Supervising) -> None:
    """Say which supervisor lives in this server."""
    _serving[:] = [supervisor]


def trouble() -> str:
    """Return what the supervisor of this server met at its last look, empty when all is well."""
    return _serving[0].trouble if _serving else ""


def is_served() -> bool:
    """Say whether a server draws the page; false in tests, where work that nobody asked for must not begin."""
    return bool(_serving)


def only_watches() -> bool:
    """Say whether another server supervises this workspace's jobs; false in tests, where there is no server."""
    return bool(_serving) and _serving[0].is_viewer
