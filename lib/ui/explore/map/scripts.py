"""The scripts that the map section puts on the page; the server lets in these and no others."""

from __future__ import annotations

from pathlib import Path

from lib.charts.map.transition import LINKED_SCRIPT, TRANSITION_SCRIPT

MAP_SCRIPTS = (
    Path(__file__).with_name("keys.html").read_text(encoding="utf-8")
    + f"<script>{TRANSITION_SCRIPT}</script><script>{LINKED_SCRIPT}</script>"
)
"""HTML of the keyboard's, the address's and the transitions' scripts, and their styles."""
