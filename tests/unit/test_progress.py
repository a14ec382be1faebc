"""A step inside a work shows that it lives; whether it can be stopped is said where it begins."""

from __future__ import annotations

import pytest

from lib.errors import CancelledError
from lib.progress import Heartbeat, Silent


class Cancelled(Silent):
    def __init__(self) -> None:
        self.asked = 0

    def check(self) -> None:
        self.asked += 1
        raise CancelledError("Cancelled.")


def test_a_step_can_be_stopped_unless_it_is_better_finished() -> None:
    parent = Cancelled()
    with pytest.raises(CancelledError):
        Heartbeat(parent).check()
    Heartbeat(parent, stoppable=False).check()
    assert parent.asked == 2  # asked, and so shown to live, all the same
