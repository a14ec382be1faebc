"""How far the map can be trusted, in figures, and what its marks and colours mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lib.charts.map.choice import MapSample
from lib.charts.map.scene import CROWDED_LINES, NUM_HIGHLIGHTED
from lib.projection.line_measures import NUM_NEAREST
from lib.projection.methods import LAYOUT_METHODS
from lib.projection.quality import MIN_COSINE_CHANGE
from lib.projection.store import Map
from lib.ui.explore.map.view import MapView
from lib.ui.shared.components import escape_markdown

_COLOUR_MEANING = {
    "margin": "Green: the margin to the nearest wrong answer increased; orange: it decreased; grey: no change.",
    "cosine": "Green: the cosine increased; orange: it decreased; grey: no change.",
    "label": "Green: the cosine moved toward the score or label; orange: away from it; grey: no change.",
}
"""By what colours the lines."""


def show_quality(view: MapView, choice: MapSample) -> None:
    """Show how far the map can be trusted, what its marks mean, and what it leaves out."""
    data = view.data
    if view.lines.empty and len(data.lines):
        st.warning("No pairs match these filters.", icon=":material/filter_alt_off:")
    with st.container(horizontal=True, gap="medium"):
        for icon, sentence in quality_sentences(data.map, view.lines, choice):
            st.caption(f"{icon} {sentence}", width=290)
    if 0 < len(data.lines) < data.num_pairs:
        st.caption(
            f"{len(data.lines):,} of the dataset's {data.num_pairs:,} pairs are on the map: held-out pairs first, then the largest "
            "changes and a random sample of the rest. Search covers all pairs."
        )
    if data.skipped_snapshots:
        st.caption(escape_markdown(_describe_skipped(data.skipped_snapshots)))
    st.caption(f"{_describe_marks(view)} Ctrl + scroll zooms. All numbers use the full embeddings, not the 2D map.")


def show_line_accuracy(view: MapView) -> None:
    """Write the one sentence of quality that the present mode shows."""
    share = line_accuracy(view.lines)
    if share is not None:
        st.caption(_write_accuracy(share))


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


def quality_sentences(layout: Map, lines: pd.DataFrame, choice: MapSample) -> list[tuple[str, str]]:
    """List (icon, sentence) on lines, neighbourhoods, layout noise, and how much is shown."""
    sentences = []
    share = line_accuracy(lines)
    if share is not None:
        sentences.append((":material/fact_check:", _write_accuracy(share)))
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
    sentences.append((":material/visibility:", _describe_choice(choice)))
    if layout.facts.added:
        words = (
            f"{layout.facts.added:,} texts with the strongest changes were added after training; their positions between base and best "
            "are interpolated."
        )
        sentences.append((":material/timeline:", words))
    return sentences


def describe_map(view: MapView) -> str:
    """Describe the map for those who cannot see it."""
    layout, lines = view.data.map, view.lines
    about = f"Map of {layout.texts:,} texts, layout method {LAYOUT_METHODS[layout.facts.method]}"
    if layout.lines.empty:
        return f"{about}, coloured by class, animated from base to tuned model."
    closer = float((lines["tuned_cosine"] > lines["base_cosine"]).mean()) if len(lines) else 0.0
    better, worse = (int((lines["change"] == name).sum()) for name in ("better", "worse"))
    return (
        f"{about}, animated from base to tuned model. {len(lines):,} pairs are joined by lines; the cosine of {closer:.0%} rises. "
        f"{better:,} are better and {worse:,} worse. The table of pairs has the same numbers."
    )


def _write_accuracy(share: float) -> str:
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


def _describe_skipped(labels: tuple[str, ...]) -> str:
    names = ", ".join(labels[:6]) + (" and more" if len(labels) > 6 else "")
    count = "1 snapshot is" if len(labels) == 1 else f"{len(labels)} snapshots are"
    return f"{count} not shown, to keep the map fast: {names}."


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


def _describe_marks(view: MapView) -> str:
    """Write what the marks and colours of the map mean."""
    if view.data.classes:
        return (
            "Each point is a text, coloured by class; filled: held-out, hollow: trained or validation. Texts of one class should "
            "come together."
        )
    marks = f"Circle: source, square: target; filled: held-out, hollow: trained. {_COLOUR_MEANING[view.measure]}"
    return (
        f"{marks} The {NUM_HIGHLIGHTED} strongest changes are highlighted."
        if len(view.lines) > CROWDED_LINES
        else marks
    )
