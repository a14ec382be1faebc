"""The honesty strip: how far the picture can be believed, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.charts.map.choice import MapSample
from lib.projection.methods import LAYOUT_METHODS
from lib.projection.quality import MIN_COSINE_CHANGE
from lib.projection.store import Map

MEASURES = {
    "margin": "Green came closer than its nearest wrong answer, orange fell back (change in margin), grey stayed.",
    "cosine": "Green came closer, orange went apart (change in cosine), grey stayed.",
    "asked": "Green moved as its score or label asks, orange the other way (change in cosine), grey stayed.",
}
"""What the colours say, by what colours the lines."""


def truthful(lines: pd.DataFrame) -> float | None:
    """Return the share of lines that grew or shrank as their cosine says; None where no cosine changed."""
    asked = (lines["tuned_cosine"] - lines["base_cosine"]).to_numpy()
    changed = np.abs(asked) > MIN_COSINE_CHANGE
    if not changed.any():
        return None
    return float((np.sign(lines["drawn"].to_numpy()[changed]) == -np.sign(asked[changed])).mean())


def percent(share: float) -> str:
    """Return a share in whole percent; nearly all is not all."""
    return f"{share:.1%}" if 0.995 <= share < 1 else f"{share:.0%}"


def honesty(drawn: Map, lines: pd.DataFrame, choice: MapSample) -> list[tuple[str, str]]:
    """Return (icon, sentence) for truth of lines, neighbourhoods, noise, and what is shown."""
    told = []
    share = truthful(lines)
    if share is not None:
        told.append(
            (
                ":material/fact_check:",
                f"{percent(share)} of the lines tell the truth: they change as their cosine does.",
            )
        )
    trust = list(drawn.truth.trustworthiness.values())
    if trust:
        told.append(
            (
                ":material/hub:",
                f"Neighbourhoods: trustworthiness {trust[0]:.2f} base, {trust[-1]:.2f} tuned (1 is perfect).",
            )
        )
    told.append((":material/graphic_eq:", noise(drawn, lines)))
    told.append((":material/visibility:", shown(choice)))
    if drawn.added:
        told.append((":material/timeline:", estimated(drawn)))
    return told


def estimated(drawn: Map) -> str:
    """Return which of the places between the first and the last moment nobody measured."""
    return (
        f"{drawn.added:,} texts of the strongest changes were added after training: base and best are true, "
        "their places between are estimates."
    )


def noise(drawn: Map, lines: pd.DataFrame) -> str:
    """Return what of the movement is the layout's own."""
    above = drawn.truth.above_noise
    if above is None:
        return "The layout's own noise was not measured for this map."
    faded = int(lines["faded"].sum())
    dim = (
        f"; {faded:,} {'line' if faded == 1 else 'lines'} below it {'is' if faded == 1 else 'are'} faded"
        if faded
        else ""
    )
    seeds = f" ({drawn.truth.seeds} seeds)" if drawn.truth.seeds > 1 else ""
    return f"{percent(above)} of the texts that moved did so farther than the layout's own noise{seeds}{dim}."


def left_out(labels: tuple[str, ...]) -> str:
    """Return which moments are not drawn."""
    named = ", ".join(labels[:6]) + (" and more" if len(labels) > 6 else "")
    return f"{len(labels)} of the moments in between {'is' if len(labels) == 1 else 'are'} not drawn, to keep the map quick: {named}."


def shown(choice: MapSample) -> str:
    """Return how many lines and points are drawn of how many."""
    if choice.points == choice.all_points and not choice.all_lines:
        return f"All {choice.points:,} texts are shown."
    if choice.points == choice.all_points:
        return f"All {choice.all_lines:,} lines and {choice.points:,} points of this view are shown."
    return (
        f"{choice.points:,} of {choice.all_points:,} points are shown: {len(choice.lines):,} of {choice.all_lines:,} lines, "
        "every extreme among them, the rest a fair sample. Search reaches all."
    )


def described(drawn: Map, lines: pd.DataFrame) -> str:
    """Return the picture for those who cannot see it."""
    if drawn.lines.empty:
        return f"Map of {drawn.texts:,} texts drawn with {LAYOUT_METHODS[drawn.method]}, coloured by class, moving from base to tuned model."
    closer = float((lines["tuned_cosine"] > lines["base_cosine"]).mean()) if len(lines) else 0.0
    better, worse = (int((lines["change"] == name).sum()) for name in ("better", "worse"))
    return (
        f"Map of {drawn.texts:,} texts drawn with {LAYOUT_METHODS[drawn.method]}, moving from base to tuned model. "
        f"{len(lines):,} pairs are joined by lines; {closer:.0%} of them come closer. {better:,} are better and {worse:,} worse. "
        "The same numbers stand in the table of pairs."
    )
