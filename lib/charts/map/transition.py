"""The scripts of the map's figures, without plotly: the server reads them at its start."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent

TRANSITION_SCRIPT = (_HERE / "transition.js").read_text(encoding="utf-8")
"""The script that moves WebGL marks; it belongs on every page that shows a map."""

LINKED_SCRIPT = (_HERE / "linked.js").read_text(encoding="utf-8")
"""The script that links the two panels of the side-by-side view."""
