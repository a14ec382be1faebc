"""The five shapes of training data, and the canonical columns of each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum


class Shape(StrEnum):
    """How the examples of a dataset are organised; it decides which losses and metrics fit."""

    PAIRS = "pairs"
    SCORED = "scored"
    LABELLED_PAIRS = "labelled_pairs"
    TRIPLETS = "triplets"
    LABELLED_TEXTS = "labelled_texts"


TEXT_COLUMNS: dict[Shape, tuple[str, ...]] = {
    Shape.PAIRS: ("anchor", "positive"),
    Shape.SCORED: ("anchor", "positive"),
    Shape.LABELLED_PAIRS: ("anchor", "positive"),
    Shape.TRIPLETS: ("anchor", "positive", "negative"),
    Shape.LABELLED_TEXTS: ("text",),
}
"""Canonical text columns by shape. Triplets may have more: negative_2, negative_3, ...

A triplet may have fewer negatives than others, in any of these columns: "" where one is missing.
"""

TWO_ROLES = (Shape.PAIRS, Shape.TRIPLETS)
"""Shapes whose two sides are read in different roles, query and document.

Texts of the others are compared with each other and have one, query, as https://huggingface.co/intfloat/e5-base-v2
advises for similarity and classification.
"""

VALUE_COLUMN: dict[Shape, str | None] = {
    Shape.PAIRS: None,
    Shape.SCORED: "score",
    Shape.LABELLED_PAIRS: "label",
    Shape.TRIPLETS: None,
    Shape.LABELLED_TEXTS: "label",
}
"""The column of the target value.

score is a float in [0, 1] (or [-1, 1] where the scale says so), label is a string; the labels of pairs with two classes
are "0" and "1", where "1" means the same.
"""

EXTRA_NEGATIVE = re.compile(r"negative_(\d+)")


def negative_columns(names: Iterable[str]) -> tuple[str, ...]:
    """List the columns of negatives among the names, in the same order."""
    return tuple(name for name in names if name == "negative" or EXTRA_NEGATIVE.fullmatch(str(name)))


def text_columns(shape: Shape, names: Iterable[str]) -> tuple[str, ...]:
    """List the canonical text columns of a shape.

    With the further negatives among the names, in order of their number.
    """
    extra = [name for name in names if EXTRA_NEGATIVE.fullmatch(str(name))] if shape is Shape.TRIPLETS else []
    return (*TEXT_COLUMNS[shape], *sorted(extra, key=lambda name: int(name.removeprefix("negative_"))))
