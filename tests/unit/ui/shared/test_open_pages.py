"""How often pages poll: every two seconds, and less often the more of them are open."""

from __future__ import annotations

from contextlib import ExitStack

from lib.ui.shared.open_pages import POLL_SECONDS, is_outdated, open_page, poll_seconds


def test_many_pages_together_poll_no_more_than_ten() -> None:
    assert poll_seconds() == POLL_SECONDS
    with ExitStack() as pages:
        for _ in range(10):
            pages.enter_context(open_page())
        assert poll_seconds() == POLL_SECONDS
        assert not is_outdated(POLL_SECONDS)
        for _ in range(15):
            pages.enter_context(open_page())
        assert 25 / poll_seconds() == 10 / POLL_SECONDS
        assert is_outdated(POLL_SECONDS)
        assert not is_outdated(poll_seconds())
        slow = poll_seconds()
    assert poll_seconds() == POLL_SECONDS
    assert is_outdated(slow)
