"""The colours: one meaning has one colour everywhere, distinguishable for colour-blind people too.

Better and worse are two of Okabe and Ito's colours (bluish green, vermilion); the dark variants are lighter tints of the same hues.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours as hex, for one appearance."""

    base: str
    tuned: str
    better: str
    worse: str
    same: str
    text: str
    faint: str
    grid: str
    paper: str
    more: tuple[str, ...]

    def scale(self) -> list[list[float | str]]:
        """Build plotly's diverging scale from worse over same to better."""
        return [[0.0, self.worse], [0.5, self.same], [1.0, self.better]]

    def series(self, number: int) -> str:
        """Choose the colour of the n-th of several compared series, the tuned one's first."""
        order = (self.tuned, *self.more)
        return order[number % len(order)]

    def steps(self, count: int) -> list[str]:
        """Choose the colours of a quantity in so many steps: from the grey of no change to magenta."""
        return [mix_colours(self.same, self.more[3], number / max(1, count - 1)) for number in range(count)]


def mix_colours(first: str, second: str, share: float) -> str:
    """Mix two hex colours; share: that of the second."""
    ends = ([int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in (first, second))
    return "#" + "".join(f"{round(one + share * (other - one)):02x}" for one, other in zip(*ends, strict=True))


LIGHT = Palette(
    base="#64748b",
    tuned="#1d4ed8",
    better="#009e73",
    worse="#d55e00",
    same="#9aa3af",
    text="#16202e",
    faint="#c9d1db",
    grid="#e6eaf0",
    paper="#ffffff",
    more=("#b45309", "#7c3aed", "#0e7490", "#be185d", "#4d7c0f", "#64748b"),
)
DARK = Palette(
    base="#94a3b8",
    tuned="#60a5fa",
    better="#1fbf91",
    worse="#f0803c",
    same="#6b7786",
    text="#e6ebf2",
    faint="#3a4657",
    grid="#243041",
    paper="#0f1520",
    more=("#f59e0b", "#a78bfa", "#22d3ee", "#f472b6", "#a3e635", "#94a3b8"),
)


def palette(*, dark: bool = False) -> Palette:
    """Choose the colours for a light or a dark page."""
    return DARK if dark else LIGHT


def with_alpha(colour: str, alpha: float) -> str:
    """Write a hex colour as rgba() with that opacity."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"
