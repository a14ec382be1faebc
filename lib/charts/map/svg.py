"""Export snapshots of the map as SVG: the same marks as on the page, without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np
import plotly.graph_objects as go

from lib.charts.colours import Palette, palette
from lib.escapes import clean_xml

SVG_WIDTH, SVG_HEIGHT, SVG_MARGIN = 1200, 800, 30


def map_svg(figure: go.Figure, snapshots: Mapping[str, str], *, title: str) -> str:
    """Write the figure's frames of these snapshots as SVG text, side by side, with one legend.

    snapshots: name -> label. The title is its accessible name. A character that XML cannot hold becomes U+FFFD.
    """
    colours, name = palette(), escape(title)
    panels = [
        panel_svg(figure, snapshot, label=label, left=number * SVG_WIDTH, colours=colours)
        for number, (snapshot, label) in enumerate(snapshots.items())
    ]
    return clean_xml(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {len(panels) * SVG_WIDTH} {SVG_HEIGHT}" role="img" aria-label="{name}" '
        f'font-family="sans-serif"><title>{name}</title><rect width="100%" height="100%" fill="{colours.paper}"/>'
        f"{''.join(panels)}"
        f'<text x="{SVG_MARGIN}" y="{SVG_MARGIN}" font-size="16" fill="{colours.text}">{name}</text>{legend_svg(figure, colours)}</svg>'
    )


def panel_svg(figure: go.Figure, snapshot: str, *, label: str, left: int, colours: Palette) -> str:
    """Write one snapshot with its label, at that distance from the left.

    Nothing reaches into the next panel.
    """
    frame = next(frame for frame in figure.frames if frame.name == snapshot)
    spread = fit_to_page(figure)
    marks = [trace_svg(trace, placed, spread, colours) for trace, placed in zip(figure.data, frame.data, strict=True)]
    return (
        f'<svg x="{left}" width="{SVG_WIDTH}" height="{SVG_HEIGHT}">{"".join(marks)}'
        f'<text x="{SVG_MARGIN}" y="{SVG_MARGIN + 22}" font-size="14" font-weight="600" fill="{colours.text}">{escape(label)}</text></svg>'
    )


def legend_svg(figure: go.Figure, colours: Palette) -> str:
    """Write the legend in one row at the bottom, each name behind its colour."""
    parts, right = [], float(SVG_MARGIN)
    for trace in figure.data:
        if not trace.name or trace.showlegend is False:
            continue
        shape = trace.line.color if trace.mode == "lines" else trace.marker.color
        colour = shape if isinstance(shape, str) else colours.same
        opacity = 1 if trace.opacity is None else trace.opacity
        low = SVG_HEIGHT - 12
        parts.append(
            f'<path d="M{right:.0f} {low - 4}h18" stroke="{colour}" stroke-width="4" opacity="{opacity}"/>'
            f'<text x="{right + 24:.0f}" y="{low}" font-size="12" fill="{colours.text}">{trace.name}</text>'
        )
        right += 44 + 6.4 * len(trace.name)
    return "".join(parts)


def fit_to_page(figure: go.Figure) -> tuple[float, float, float]:
    """Compute scale and offset (x, y) that fit the figure's range into the page with equal units."""
    (left, right), (low, high) = figure.layout.xaxis.range, figure.layout.yaxis.range
    scale = min((SVG_WIDTH - 2 * SVG_MARGIN) / (right - left), (SVG_HEIGHT - 2 * SVG_MARGIN) / (high - low))
    return scale, SVG_WIDTH / 2 - scale * (left + right) / 2, SVG_HEIGHT / 2 + scale * (low + high) / 2


def trace_svg(trace: go.Scatter, placed: go.Scatter, spread: tuple[float, float, float], colours: Palette) -> str:
    """Write one trace as SVG elements."""
    scale, right, down = spread
    x = right + scale * np.asarray(placed.x, np.float64)
    y = down - scale * np.asarray(placed.y, np.float64)
    opacity = 1 if trace.opacity is None else trace.opacity
    if trace.opacity == 0:  # names for who zooms in
        return ""
    if trace.mode == "text":
        return "".join(
            label_svg(a, b, word, side=side, colour=trace.textfont.color, colours=colours)
            for a, b, word, side in zip(x, y, trace.text, trace.textposition, strict=True)
        )
    markup = ""
    if "lines" in (trace.mode or "") and not np.isnan(x).all():
        markup = f'<path d="{path_data(x, y)}" fill="none" stroke="{trace.line.color}" stroke-width="{trace.line.width}" opacity="{opacity}"/>'
    if "markers" in (trace.mode or ""):
        markup += marks_svg(trace, x, y, colours)
    return markup


LABEL_ANCHORS = {
    "top center": ("middle", 0, -8),
    "bottom center": ("middle", 0, 18),
    "middle right": ("start", 9, 4),
    "middle left": ("end", -9, 4),
    "middle center": ("middle", 0, 4),
}
"""plotly textposition -> SVG text-anchor and offset (x, y) of a label beside its mark."""


def label_svg(x: float, y: float, word: str, *, side: str, colour: str, colours: Palette) -> str:
    """Write a label beside its mark, with a halo that keeps it readable over lines."""
    anchor, right, down = LABEL_ANCHORS[side]
    return (
        f'<text x="{x + right:.1f}" y="{y + down:.1f}" text-anchor="{anchor}" font-size="12" fill="{colour}" '
        f'stroke="{colours.paper}" stroke-width="5" stroke-opacity="0.9" stroke-linejoin="round" paint-order="stroke">{word}</text>'
    )


def path_data(x: np.ndarray, y: np.ndarray) -> str:
    """Write the path through the points, broken at gaps."""
    parts, pen = [], "M"
    for a, b in zip(x, y, strict=True):
        if np.isnan(a):
            pen = "M"
            continue
        parts.append(f"{pen}{a:.1f} {b:.1f}")
        pen = "L"
    return "".join(parts)


def marks_svg(trace: go.Scatter, x: np.ndarray, y: np.ndarray, colours: Palette) -> str:
    """Write circles and squares, hollow where the symbol is open."""
    symbol = str(trace.marker.symbol or "circle")
    sizes = np.broadcast_to(np.asarray(trace.marker.size, np.float64) / 2, len(x))
    opacity = np.broadcast_to(np.asarray(1.0 if trace.marker.opacity is None else trace.marker.opacity), len(x))
    fill = trace.marker.color
    parts = []
    for number, (a, b) in enumerate(zip(x, y, strict=True)):
        if np.isnan(a):
            continue
        size = float(sizes[number])
        colour = (
            fill if isinstance(fill, str) else diverging_colour(float(fill[number]) / float(trace.marker.cmax), colours)
        )
        paint = f'fill="none" stroke="{colour}" stroke-width="1.5"' if "-open" in symbol else f'fill="{colour}"'
        paint += f' opacity="{opacity[number]:g}"' if opacity[number] < 1 else ""
        shape = (
            f'<rect x="{a - size:.1f}" y="{b - size:.1f}" width="{2 * size:g}" height="{2 * size:g}" {paint}/>'
            if symbol.startswith("square")
            else f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{size:g}" {paint}/>'
        )
        parts.append(shape)
    return "".join(parts)


def diverging_colour(share: float, colours: Palette) -> str:
    """Interpolate the diverging scale at a share from -1 to 1, as #rrggbb."""
    end = colours.better if share > 0 else colours.worse
    part = min(1.0, abs(share))
    ends = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (colours.same, end)]
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(*ends, strict=True))
