"""Load what the first page view needs in a thread: Explore's code, plotly, the newest map.

Then take it out of the sight of the garbage collector.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Sequence

_log = logging.getLogger("closer")


def start_preload(steps: Sequence[Callable[[], object]]) -> threading.Thread:
    """Run the steps in order in a thread; the server answers meanwhile."""
    thread = threading.Thread(target=run_preload, args=(steps,), name="preload", daemon=True)
    thread.start()
    return thread


def run_preload(steps: Sequence[Callable[[], object]]) -> None:
    """Run the steps; one that fails is logged and ends the preload."""
    try:
        for step in steps:
            step()
    except Exception as error:  # noqa: BLE001 - what fails here fails again, and is shown, on the page that needs it
        _log.warning("Preload stopped: %s", error)


def load_plotly() -> None:
    """Let plotly build the validators of the marks that the map uses: it does so when it first meets each."""
    import plotly.graph_objects as go

    marks = [kind(x=[0.0], y=[0.0], mode="lines+markers+text") for kind in (go.Scatter, go.Scattergl)]
    go.Figure(marks, {"sliders": [{}], "updatemenus": [{}]}, [go.Frame(data=marks, name="one")]).to_json()


def freeze_loaded_objects() -> None:
    """Leave what is loaded now out of all later garbage collections.

    Streamlit starts a full one after every run of a page, and a quarter of a page's time went into walking over modules and caches that never end. Source: gc.freeze, Python's documentation.
    """
    gc.collect()
    gc.freeze()
