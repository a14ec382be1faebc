"""How far the map can be trusted, in figures, and what its marks and colours mean."""

from __future__ import annotations

import streamlit as st

from lib.charts.map.choice import MapSample
from lib.charts.map.points import CROWDED_LINES, NUM_HIGHLIGHTED
from lib.charts.map.quality import line_accuracy, quality_sentences, write_line_accuracy
from lib.projection.methods import LAYOUT_METHODS, MAX_COMPARED, NUM_NEIGHBOURS
from lib.projection.regions import MAX_CLUSTERED
from lib.store.map_paths import MapKind
from lib.ui.explore.map.colours import describe_colour
from lib.ui.explore.map.view import MapView
from lib.ui.shared.components import escape_markdown

_COLOUR_MEANING = {
    "margin": "Green: the margin to the nearest wrong answer increased; orange: it decreased; grey: no change.",
    "cosine": "Green: the cosine increased; orange: it decreased; grey: no change.",
    "label": "Green: the cosine moved toward the score or label; orange: away from it; grey: no change.",
}
"""By what colours the lines."""


def show_quality(view: MapView, choice: MapSample | None) -> None:
    """Show how far the map can be trusted, what its marks mean, and what it leaves out.

    choice: None where all texts are drawn.
    """
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
    if data.kind is MapKind.ALL and data.map.texts > MAX_COMPARED:
        st.caption(
            f"Ranks beyond the {NUM_NEIGHBOURS} nearest texts are estimated from a random sample of {MAX_COMPARED:,} texts, and regions are found "
            f"in one of {MAX_CLUSTERED:,}."
        )
    if data.skipped_snapshots:
        st.caption(escape_markdown(_describe_skipped(data.skipped_snapshots)))
    if choice is None:
        st.caption(
            f"{_describe_all_texts(view)} Ctrl + scroll zooms. All numbers use the full embeddings, not the 2D map."
        )
        return
    st.caption(f"{_describe_marks(view)} Ctrl + scroll zooms. All numbers use the full embeddings, not the 2D map.")


def show_line_accuracy(view: MapView) -> None:
    """Write the one sentence of quality that the present mode shows."""
    share = line_accuracy(view.lines)
    if share is not None:
        st.caption(write_line_accuracy(share))


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


def _describe_skipped(labels: tuple[str, ...]) -> str:
    names = ", ".join(labels[:6]) + (" and more" if len(labels) > 6 else "")
    count = "1 snapshot is" if len(labels) == 1 else f"{len(labels)} snapshots are"
    return f"{count} not shown, to keep the map fast: {names}."


def _describe_all_texts(view: MapView) -> str:
    """Write what the colours of the map of all texts mean."""
    colour = describe_colour(view.data, view.filters.colour) or ("class" if view.data.classes else "")
    words = (
        f"Each point is a text, coloured by {colour}."
        if colour
        else f"Each point is a text. {_COLOUR_MEANING[view.measure]}"
    )
    return f"{words} Click on one for its pairs, whose lines are drawn; the others are not."


def _describe_marks(view: MapView) -> str:
    """Write what the marks and colours of the map mean."""
    colour = describe_colour(view.data, view.filters.colour)
    if view.data.classes:
        return (
            f"Each point is a text, coloured by {colour or 'class'}; filled: held-out, hollow: trained or validation. Texts of one class should "
            "come together."
        )
    marks = "Circle: source, square: target; filled: held-out, hollow: trained."
    if colour:
        return f"{marks} Coloured by {colour}; a line between two colours is grey."
    marks = f"{marks} {_COLOUR_MEANING[view.measure]}"
    return (
        f"{marks} The {NUM_HIGHLIGHTED} strongest changes are highlighted."
        if len(view.lines) > CROWDED_LINES
        else marks
    )
