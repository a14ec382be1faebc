"""The button of an action that changes the workspace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from lib.ui.shared.session_role import session_may_change

VIEW_ONLY = "View only: ask the owner of this workspace for the right to edit."
"""Help of a control that a viewer cannot use."""


def edit_button(label: str, *, draw: Callable[..., bool] = st.button, **options: Any) -> bool:
    """Draw a button as `draw` does; disabled, with the reason as help, for a viewer."""
    if not session_may_change():
        options |= {"disabled": True, "help": VIEW_ONLY}
    return draw(label, **options)
