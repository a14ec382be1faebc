"""Export the map as one HTML page that opens anywhere, with title, slider, legend and quality."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from lib.charts.colours import LIGHT
from lib.charts.map.transition import TRANSITION_SCRIPT

PAGE_STYLE = f"""body{{margin:0 auto;max-width:1180px;padding:24px;font:15px/1.5 system-ui,sans-serif;color:{LIGHT.text};background:{LIGHT.paper}}}
h1{{font-size:22px;margin:0 0 12px}} p{{margin:4px 0;color:{LIGHT.base}}}
.textpoint text{{paint-order:stroke;stroke:{LIGHT.paper};stroke-width:5px;stroke-opacity:.9;stroke-linejoin:round}}
.svg-container{{isolation:isolate}} .gl-container{{position:absolute;top:0;left:0;z-index:-1}}"""


PLOTLY_CONFIG = {"displaylogo": False, "scrollZoom": True, "showSendToCloud": False, "plotlyServerURL": ""}
"""No button that would send the texts away."""


def map_page(figure: go.Figure, *, title: str, sentences: Sequence[str], alt: str) -> str:
    """Write the figure as one HTML file that needs no network; nothing moves before play is pressed."""
    shown = go.Figure(figure).update_layout(template="plotly_white", font={"color": LIGHT.text})
    body = shown.to_html(include_plotlyjs=True, full_html=False, auto_play=False, config=PLOTLY_CONFIG)
    notes = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    name = escape(title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title><style>{PAGE_STYLE}</style></head>'
        f'<body><h1>{name}</h1><div role="figure" aria-label="{escape(alt)}">{body}</div>{notes}'
        f"<script>{TRANSITION_SCRIPT}</script></body></html>"
    )
