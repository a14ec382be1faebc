"""What pages know of their server: whether it supervises the workspace's jobs, and whether that works."""

from __future__ import annotations

from typing import Protocol


class SupervisorStatus(Protocol):
    """The part of lib.jobs.supervisor.Supervisor that pages read."""

    is_viewer: bool
    trouble: str

    def expect_work(self) -> None:
        """Have a worker ready soon."""


_supervisors: list[SupervisorStatus] = []


def set_supervisor(supervisor: SupervisorStatus) -> None:
    """Store the supervisor that lives in this server."""
    _supervisors[:] = [supervisor]


def has_server() -> bool:
    """Whether a server draws the page; false in tests, where work that nobody asked for must not start."""
    return bool(_supervisors)


def expect_work() -> None:
    """Have a worker ready soon, where this server supervises the workspace's jobs and memory allows it."""
    if _supervisors:
        _supervisors[0].expect_work()


def supervisor_error() -> str:
    """Read the error that the supervisor met last; empty when all is well."""
    return _supervisors[0].trouble if _supervisors else ""


def is_viewer() -> bool:
    """Whether another server supervises this workspace's jobs; false in tests, where there is no server."""
    return bool(_supervisors) and _supervisors[0].is_viewer
