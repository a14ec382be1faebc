"""What the pages may know of the server they live in: does it supervise the jobs, or only watch."""

from __future__ import annotations

from typing import Protocol

from streamlit import runtime


class Supervising(Protocol):
    """The part of lib.jobs.supervisor.Supervisor that pages read."""

    is_viewer: bool


_serving: list[Supervising] = []


def serve(supervisor: Supervising) -> None:
    """Say which supervisor lives in this server."""
    _serving[:] = [supervisor]


def only_watches() -> bool:
    """Say whether another server supervises this workspace's jobs; false in tests, where there is no server."""
    return bool(_serving) and _serving[0].is_viewer


def wake_pages() -> None:
    """Draw every open page anew, as Streamlit does when a source file changes; call it on the server's event loop.

    A page that shows an idle workspace asks nothing of the server, so it has to be told when work begins: then it looks by itself.
    """
    if runtime.exists():
        for one in runtime.get_instance()._session_mgr.list_active_sessions():
            one.session.request_rerun(None)
