"""How far a map can be trusted, as sentences with figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.charts.map.choice import MapSample
from lib.projection.line_measures import NUM_NEAREST
from lib.projection.quality import MIN_COSINE_CHANGE
from lib.projection.store import Map


def line_accuracy(lines: pd.DataFrame) -> float | None:
    """Compute the share of lines whose length changed as their pair's rank among neighbours did.

    Where the rank stayed, and on maps of earlier versions, which have none, as the cosine did. None where no cosine changed.
    """
    cosine = (lines["tuned_cosine"] - lines["base_cosine"]).to_numpy()
    changed = np.abs(cosine) > MIN_COSINE_CHANGE
    if not changed.any():
        return None
    direction = -np.sign(cosine)
    if "base_pair_rank" in lines:
        rank = np.sign((lines["tuned_pair_rank"] - lines["base_pair_rank"]).to_numpy())
        direction = np.where(rank != 0, rank, direction)
    return float((np.sign(lines["length_change"].to_numpy()) == direction)[changed].mean())


def quality_sentences(layout: Map, lines: pd.DataFrame, choice: MapSample | None) -> list[tuple[str, str]]:
    """List (icon, sentence) on lines, neighbourhoods, layout noise, and how much is shown.

    choice: None where all texts are drawn.
    """
    sentences = []
    share = line_accuracy(lines)
    if share is not None:
        sentences.append((":material/fact_check:", write_line_accuracy(share)))
    seen, right = (list(shares.values()) for shares in (layout.facts.quality.seen, layout.facts.quality.right))
    if len(seen) == len(right) == 2:
        words = (
            f"Of pairs among each other's {NUM_NEAREST} nearest texts, {_percent(seen[0])} are drawn so in base, {_percent(seen[1])} "
            f"in tuned; of those drawn so, {_percent(right[0])} and {_percent(right[1])} are."
        )
        sentences.append((":material/join_inner:", words))
    trust = list(layout.facts.quality.trustworthiness.values())
    if trust:
        words = f"Trustworthiness of neighbourhoods: {trust[0]:.2f} base, {trust[-1]:.2f} tuned (1 is perfect)."
        sentences.append((":material/hub:", words))
    sentences.append((":material/graphic_eq:", _describe_noise(layout, lines)))
    words = f"All {layout.texts:,} texts are shown." if choice is None else _describe_choice(choice)
    sentences.append((":material/visibility:", words))
    if layout.facts.added:
        words = (
            f"{layout.facts.added:,} texts with the strongest changes were added after training; their positions between base and best "
            "are interpolated."
        )
        sentences.append((":material/timeline:", words))
    return sentences


def write_line_accuracy(share: float) -> str:
    """Write the share of lines that change length as their pair's rank did."""
    return f"{_percent(share)} of lines change length as their pair's rank among neighbours changed."


def _percent(share: float) -> str:
    """Write a share in whole percent; nearly all is not all."""
    return f"{share:.1%}" if 0.995 <= share < 1 else f"{share:.0%}"


def _describe_noise(layout: Map, lines: pd.DataFrame) -> str:
    """Write how much of the movement is more than variation across random seeds."""
    above = layout.facts.quality.above_noise
    if above is None:
        return "Layout noise was not measured for this map."
    seeds = f"{layout.facts.quality.seeds} random seeds" if layout.facts.quality.seeds > 1 else "random seeds"
    faded = int(lines["faded"].sum())
    below = f"; {faded:,} {'line' if faded == 1 else 'lines'} below it {'is' if faded == 1 else 'are'} faded"
    return (
        f"{_percent(above)} of the texts that moved did so by more than the layout noise (variation across {seeds})"
        f"{below if faded else ''}."
    )


def _describe_choice(choice: MapSample) -> str:
    """Write how many lines and points are shown of how many."""
    if choice.points == choice.all_points and not choice.all_lines:
        return f"All {choice.points:,} texts are shown."
    if choice.points == choice.all_points:
        return f"All {choice.all_lines:,} lines and {choice.points:,} points of this view are shown."
    return (
        f"Showing {choice.points:,} of {choice.all_points:,} points and {len(choice.lines):,} of {choice.all_lines:,} lines: "
        "all extremes plus a random sample. Search covers everything."
    )
