"""Work that the first visitor would wait for, done beside the server when it starts: imports, plotly's checks, the newest map."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

_log = logging.getLogger("closer")


def begin(steps: Sequence[Callable[[], None]]) -> threading.Thread:
    """Run the steps in order in a thread beside the server, which answers meanwhile."""
    thread = threading.Thread(target=_run, args=(steps,), name="preload", daemon=True)
    thread.start()
    return thread


def _run(steps: Sequence[Callable[[], None]]) -> None:
    try:
        for step in steps:
            step()
    except Exception as error:  # noqa: BLE001 - what fails here fails again, and is shown, where it is needed
        _log.warning("Nothing more was loaded ahead: %s", error)


def load_plotly() -> None:
    """Have plotly load its kinds of marks and their checks, which it does for each when it first meets one."""
    import plotly.graph_objects as go

    marks = [kind(x=[0.0], y=[0.0], mode="lines+markers+text") for kind in (go.Scatter, go.Scattergl)]
    go.Figure(marks, {"sliders": [{}], "updatemenus": [{}]}, [go.Frame(data=marks, name="one")]).to_json()
