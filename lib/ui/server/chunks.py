"""Name the chunks of Streamlit's frontend that a page needs.

The browser fetches them while the app starts. By itself, Streamlit imports the code of each kind of element once the page's script has sent one: for the map that is 4.7 MB, after socket, script and React.
"""

from __future__ import annotations

from pathlib import Path

import streamlit

EXPLORE_CHUNKS = ("PlotlyChart", "DataFrame", "arrowFormatUtils", "BidiComponent", "Selectbox", "Metric", "TextInput")
"""What Explore draws, by the names that Streamlit's build gives its chunks; a name that another version lacks is left out."""

_STATIC = Path(streamlit.__file__).parent / "static"


def link_header(names: tuple[str, ...]) -> str:
    """Write the value of a Link header that preloads these chunks; empty where there is none."""
    paths = [path for name in names for path in sorted((_STATIC / "static" / "js").glob(f"{name}.*.js"))]
    return ", ".join(
        f"</{path.relative_to(_STATIC).as_posix()}>; rel=modulepreload; fetchpriority=low" for path in paths
    )
