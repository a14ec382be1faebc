"""How many pages are open, and how often each may ask the server for news."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

POLL_SECONDS = 2.0
"""Between two polls of a page while something is queued or runs."""

_SECONDS_PER_PAGE = 0.2
"""All pages together poll at most five times a second: a tenth of a core, which a training on the same machine hardly misses.

A poll takes about 20 ms of the server (bench/load.py).
"""

_REMOUNT_FACTOR = 1.5
"""A page whose interval is off by so much takes the new one; one full rerun each time."""

_sockets: list[object] = []


@contextmanager
def open_page() -> Iterator[None]:
    """Count a page as open while the block lasts."""
    page = object()
    _sockets.append(page)
    try:
        yield
    finally:
        _sockets.remove(page)


def poll_seconds() -> float:
    """Compute the seconds between two polls of one page: more where many pages are open."""
    return max(POLL_SECONDS, round(_SECONDS_PER_PAGE * len(_sockets), 1))


def is_outdated(interval: float) -> bool:
    """Whether a page that polls at this interval should take a new one."""
    present = poll_seconds()
    return not interval / _REMOUNT_FACTOR <= present <= interval * _REMOUNT_FACTOR
