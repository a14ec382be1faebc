"""Render a report: one HTML file with its own policy, in which every text is escaped."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from lib.charts.colours import DARK, LIGHT, Palette
from lib.charts.map.labels import readable_colour
from lib.escapes import clean_xml
from lib.report.compare import ComparisonReport
from lib.report.content import RunReport, titles_of
from lib.report.texts import TextDetail

_HERE = Path(__file__).parent
_THEMED = ("base", "tuned", "better", "worse", "same", "text", "faint", "grid", "paper")
"""Colours of a palette that the page, and a map redrawn for a dark page, use by name."""

_STRONG = {"light": ("#00795a", "#b34700", "#ffffff", "#f5f7fa"), "dark": ("#2bd3a2", "#ff9a5c", "#0f1520", "#182130")}
"""Better and worse as text, text on them, and a panel: a contrast of at least 4.5 to the page (WCAG 2.2, 1.4.3)."""

_TEXTS = {
    TextDetail.FULL: "This file contains texts of the dataset.",
    TextDetail.SHORT: "Texts of the dataset are cut to their beginnings in this file.",
    TextDetail.NONE: "This file contains no texts of the dataset; names of runs, datasets, files and columns stand in it.",
}


def render_report(
    reports: Sequence[RunReport], comparison: ComparisonReport | None = None, *, detail: TextDetail = TextDetail.FULL
) -> str:
    """Write the page. reports: one run, or the two that the comparison is of."""
    has_map = any(report.map for report in reports)
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    library = get_plotlyjs()
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["markup"] = Markup
    page = environment.from_string(_template()).render(
        title=titles_of(reports),
        reports=reports,
        comparison=comparison,
        policy=report_policy([script, library] if has_map else []),
        style=Markup(style_sheet()),
        script=Markup(script),
        plotly=packed_library(library) if has_map else "",
        texts_note=_TEXTS[detail],
    )
    return clean_xml(page)  # no control character, no half of one


def report_policy(scripts: Iterable[str]) -> str:
    """Write the policy of the page: our scripts by their hashes, inline styles; nothing is fetched."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{value}'" for value in hashes) or "'none'"
    directives = {
        "default-src": "'none'",
        "script-src": allowed,
        "style-src": "'unsafe-inline'",
        "img-src": "data: blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


@cache
def packed_library(library: str) -> str:
    """Compress plotly for the page: 4.8 MB become 1.9 MB of base64, which page.js unpacks."""
    return base64.b64encode(gzip.compress(library.encode(), 9, mtime=0)).decode()


def style_sheet() -> str:
    """Write the style with both palettes; a dark screen takes the dark one, paper always the light one."""
    light, dark = _variables("light", LIGHT), _variables("dark", DARK)
    both = "".join(f"--{theme}-{name}:{colour};" for theme, of in _PALETTES for name, colour in map_colours(of).items())
    pairs = zip(map_colours(LIGHT).values(), map_colours(DARK).values(), strict=True)
    redrawn = "".join(
        f'.stills [{kind}="{one}"]{{{kind}:{other}}}' for one, other in pairs for kind in ("fill", "stroke")
    )
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    return f":root{{color-scheme:light dark;{both}{light}}}\n{style}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}{redrawn}}}"


_PALETTES = (("light", LIGHT), ("dark", DARK))


def map_colours(colours: Palette) -> dict[str, str]:
    """List the colours of a map by name, those of its labels too."""
    labels = {f"label-{name}": readable_colour(getattr(colours, name), colours) for name in ("better", "worse")}
    return {name: getattr(colours, name) for name in _THEMED} | labels


def _variables(theme: str, colours: Palette) -> str:
    strong = dict(zip(("better-strong", "worse-strong", "on-colour", "panel"), _STRONG[theme], strict=True))
    named = {name: getattr(colours, name) for name in _THEMED} | strong
    return "".join(f"--{name}:{value};" for name, value in named.items())


def _template() -> str:
    return (_HERE / "page.html").read_text(encoding="utf-8")
