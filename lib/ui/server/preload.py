"""Load ahead what Explore is made of, so that whoever opens it first need not wait for that: its code, plotly's, the newest run's map."""

from __future__ import annotations

import logging
import threading
from importlib import import_module

from lib.errors import CloserError
from lib.store.workspace import open_workspace

_log = logging.getLogger("closer")


def begin() -> threading.Thread:
    """Load ahead beside the server, which answers meanwhile."""
    thread = threading.Thread(target=ahead, name="warm", daemon=True)
    thread.start()
    return thread


def ahead() -> None:
    """Load what takes long the first time. What goes wrong here goes wrong again, and is told, where it is needed."""
    from lib.ui.explore.sections import BUGS, SECTIONS

    try:
        for module, _ in SECTIONS:
            import_module(module)
        _figure()
        _newest_map()
    except (CloserError, *BUGS) as error:
        _log.warning("Nothing was loaded ahead: %s", error)


def _figure() -> None:
    """Have plotly load its kinds of marks and their checks, which it does for each when it first meets one."""
    import plotly.graph_objects as go

    marks = [kind(x=[0.0], y=[0.0], mode="lines+markers+text") for kind in (go.Scatter, go.Scattergl)]
    go.Figure(marks, {"sliders": [{}], "updatemenus": [{}]}, [go.Frame(data=marks, name="one")]).to_json()


def _newest_map() -> None:
    """Read the map that Explore opens on."""
    from lib.ui.explore.map.data import told

    run = next((run for run in open_workspace().runs.all() if run.state == "succeeded"), None)
    if run is not None:
        told(run)
