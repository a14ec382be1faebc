"""The script that moves the marks of large maps, without plotly: the server reads it at its start."""

from __future__ import annotations

from pathlib import Path

TRANSITION_SCRIPT = Path(__file__).with_name("transition.js").read_text(encoding="utf-8")
"""The script that moves WebGL marks; it belongs on every page that shows a map."""
