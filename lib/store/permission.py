"""Whether the one who acts may change the workspace: asked at every change.

Whatever button, callback or request led to it.
"""

from __future__ import annotations

from collections.abc import Callable

from lib.errors import NotAllowedError

_rules: list[Callable[[], bool]] = []


def set_change_rule(may_change: Callable[[], bool]) -> None:
    """Ask this rule before every change from now on; without one, as in a worker or a command, all may."""
    _rules[:] = [may_change]


def must_be_editor() -> None:
    """Raise NotAllowedError where the rule says that the one who acts may only look."""
    if _rules and not _rules[0]():
        raise NotAllowedError(
            "You can look at this workspace, not change it.", todo="Ask its owner for the right to edit."
        )
