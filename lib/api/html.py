"""Results as a notebook shows them: plain HTML and a picture, no script, every text escaped."""

from __future__ import annotations

import base64
from html import escape
from math import isfinite
from pathlib import Path

from lib.evaluation.difference import Difference
from lib.evaluation.result import Evaluation
from lib.format import format_difference, format_interval, format_metric, metric_title
from lib.store.runs import Run


def verdict_html(title: str, evaluation: Evaluation, place: str = "") -> str:
    """Write the verdict in words, and a table of all metrics with their intervals."""
    rows = "".join(_row(key, change) for key, change in evaluation.metrics.items())
    head = "".join(f"<th>{name}</th>" for name in ("", "base", "tuned", "difference", "95% CI"))
    below = f"<p><code>{escape(place)}</code></p>" if place else ""
    return (
        f"<h4>{escape(title)}: {escape(evaluation.verdict)}</h4><p>{escape(evaluation.sentence)}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{below}"
    )


def failure_html(title: str, reason: str) -> str:
    """Write why a model has no result."""
    return f"<h4>{escape(title)}: failed</h4><p>{escape(reason)}</p>"


def map_html(run: Run, home: Path) -> str:
    """Draw base and best side by side as a picture; empty where there is no map."""
    from lib.api.map_figure import run_map_svg

    svg = run_map_svg(run, home)
    return "" if svg is None else picture_html(svg, name=f"{run.name}: map of base and tuned model")


def picture_html(svg: str, *, name: str) -> str:
    """Write an SVG as a picture of this name; nothing in it can run."""
    data = base64.b64encode(svg.encode()).decode()
    name = escape(name, quote=True)
    return f'<img alt="{name}" style="max-width:100%" src="data:image/svg+xml;base64,{data}">'


def _row(key: str, change: Difference) -> str:
    if not (isfinite(change.base) and isfinite(change.tuned)):
        return f"<tr><th>{escape(metric_title(key))}</th><td colspan=4>cannot be measured</td></tr>"
    cells = [
        format_metric(key, change.base),
        format_metric(key, change.tuned),
        format_difference(key, change.difference, unit=True),
        format_interval(key, change),
    ]
    return f"<tr><th>{escape(metric_title(key))}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
