"""The page's appearance, for figures that bring their own colours."""

from __future__ import annotations

import streamlit as st

from lib.charts.colours import Palette, palette


def is_dark() -> bool:
    """Say whether the browser shows the dark theme now."""
    return st.context.theme.type == "dark"


def theme_palette() -> Palette:
    """Return the colours of the present appearance."""
    return palette(dark=is_dark())
