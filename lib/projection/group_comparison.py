"""Compare two groups of texts of a map: their distance, the words that tell them apart, and examples.

Light: pages call it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import MIN_GROUPS
from lib.evaluation.difference import Difference
from lib.format import format_change, format_interval, format_metric, format_values
from lib.projection.group_distance import GroupDistance, direction_of, measure_distance, text_units, typical_texts
from lib.projection.keyphrases import contrast_phrases

NUM_PHRASES = 6
"""Words and phrases listed of each group."""

NUM_EXAMPLES = 3
"""Texts shown of each group."""

_COSINE = "pair_cosine"
"""The metric as which mean cosines are written."""


@dataclass(frozen=True)
class GroupComparison:
    """Two groups of texts, A and B: their distance, the phrases and examples of each.

    examples: the texts nearest to their group's mean vector by the tuned model. shared: texts that were in both, and so belong to neither.
    """

    distance: GroupDistance
    phrases: tuple[tuple[str, ...], tuple[str, ...]]
    examples: tuple[tuple[str, ...], tuple[str, ...]]
    shared: int


def exclusive_texts(groups: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """List the text ids of each group that are not in the other."""
    return np.setdiff1d(groups[0], groups[1]), np.setdiff1d(groups[1], groups[0])


def compare_text_groups(
    vectors: tuple[np.ndarray, np.ndarray],
    groups: tuple[np.ndarray, np.ndarray],
    *,
    texts: Sequence[str],
    lines: pd.DataFrame,
) -> GroupComparison | None:
    """Compare two groups of text ids; None where one has no text that is not in the other.

    vectors: (texts, d) of the base and of the tuned model; lines: source, target (text ids), whose texts are resampled together.
    """
    first, second = exclusive_texts(groups)
    if not len(first) or not len(second):
        return None
    members = [[texts[row] for row in ids] for ids in (first, second)]
    phrases = [contrast_phrases(*ends, most=NUM_PHRASES) for ends in (members, members[::-1])]
    examples = [
        tuple(texts[row] for row in typical_texts(vectors[1], ids, num=NUM_EXAMPLES)) for ids in (first, second)
    ]
    return GroupComparison(
        distance=measure_distance(vectors, (first, second), text_units(lines, len(texts))),
        phrases=(phrases[0], phrases[1]),
        examples=(examples[0], examples[1]),
        shared=len(np.intersect1d(*groups)),
    )


def distance_table(distance: GroupDistance) -> pd.DataFrame:
    """Build the table of mean cosines: base, tuned, change and its interval."""
    rows = {
        "Between A and B": distance.between,
        "Within A": distance.within[0],
        "Within B": distance.within[1],
        "Within less between": distance.separation,
        "Any two texts of the map": distance.all_texts,
    }
    return pd.DataFrame([{"mean cosine": name, **_cells(change)} for name, change in rows.items()])


def _cells(change: Difference) -> dict[str, str]:
    if not np.isfinite(change.difference):
        return {"base": "–", "tuned": "–", "change": "–", "95% CI": ""}
    return {
        "base": format_metric(_COSINE, change.base),
        "tuned": format_metric(_COSINE, change.tuned),
        "change": f"{change.difference:+.3f}",
        "95% CI": format_interval(_COSINE, change) if change.has_interval else "",
    }


def describe_distance(distance: GroupDistance) -> list[str]:
    """Write what changed between the groups, in sentences."""
    sentences = [_describe_between(distance), _describe_separation(distance)]
    if not distance.between.has_interval:
        sentences.append(
            f"No interval: a group has fewer than {MIN_GROUPS} independent texts (those joined by pairs count as one)."
        )
    return [sentence for sentence in sentences if sentence]


def _describe_between(distance: GroupDistance) -> str:
    change = format_change(_COSINE, distance.between) if distance.between.has_interval else _plain(distance.between)
    whole = f"; any two texts of the map {_plain(distance.all_texts)}"
    clear = {"closer": "clearly rose", "apart": "clearly fell"}.get(distance.direction, "did not clearly change")
    verb = f" {clear}" if distance.between.has_interval else ""
    return f"Between A and B the mean cosine{verb}: {change}{whole}."


def _describe_separation(distance: GroupDistance) -> str:
    """Write how clearly the groups stand apart; nothing where one is a single text."""
    separation = distance.separation
    if not np.isfinite(separation.difference):
        return ""
    change = format_change(_COSINE, separation) if separation.has_interval else _plain(separation)
    words = {
        "closer": ": they are easier to tell apart.",
        "apart": ": they are harder to tell apart.",
        "no clear change": ": no clear change." if separation.has_interval else ".",
    }
    return f"Within the groups it is higher than between them by {change}{words[direction_of(separation)]}"


def _plain(change: Difference) -> str:
    return f"{format_values(_COSINE, change)} ({change.difference:+.3f})"
