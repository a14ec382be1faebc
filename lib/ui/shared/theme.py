"""The browser's theme, for figures that bring their own colours."""

from __future__ import annotations

import streamlit as st

from lib.charts.colours import Palette, palette


def is_dark() -> bool:
    """Whether the browser shows the dark theme."""
    return st.context.theme.type == "dark"


def theme_palette() -> Palette:
    """Chart colours of the current theme."""
    return palette(dark=is_dark())
