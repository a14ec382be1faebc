"""The groups of texts of a run's map, read for commands and reports; Explore has them in its map data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.charts.map.lines import rows_of_texts, texts_by_class
from lib.data.columns.metadata import group_columns
from lib.errors import InputError, StoreError
from lib.projection.group_comparison import GroupComparison, compare_text_groups
from lib.projection.regions import Regions, load_regions
from lib.projection.store import end_vectors, load_map, map_texts
from lib.projection.text_groups import group_texts
from lib.shapes import Shape
from lib.store.datasets import Dataset
from lib.store.map_paths import MapKind
from lib.store.runs import Run


@dataclass(frozen=True)
class MapGroups:
    """The texts of a run's map and what groups them, as `lib.projection.text_groups` reads them."""

    texts: Sequence[str]
    lines: pd.DataFrame
    classes: Mapping[str, np.ndarray]
    rows: np.ndarray
    columns: Mapping[str, pd.Series]
    regions: Mapping[str, Regions]


def read_map_groups(run: Run, dataset: Dataset, *, kind: MapKind = MapKind.MAIN) -> MapGroups:
    """Read the texts of a run's map with their classes, columns and regions.

    Raises StoreError where there is no map.
    """
    layout = load_map(run, kind=kind)
    if layout is None:
        raise StoreError("This run has no map.", todo=f"Draw it: python -m lib map {run.id}")
    frame, texts = dataset.frame(), map_texts(run, kind=kind)
    is_labelled = dataset.shape == Shape.LABELLED_TEXTS.value
    return MapGroups(
        texts=texts,
        lines=layout.lines,
        classes=texts_by_class(frame, texts) if is_labelled else {},
        rows=rows_of_texts(frame, texts)[0] if is_labelled else np.empty(0, np.int64),
        columns={name: frame[stored].astype(str).str.strip() for name, stored in group_columns(frame).items()},
        regions=load_regions(layout.folder, texts=layout.texts),
    )


def compare_map_groups(run: Run, groups: MapGroups, words: tuple[str, str]) -> GroupComparison:
    """Compare two groups of a run's map by their words.

    Raises InputError where one has no text that is not in the other.
    """
    members = group_texts(groups, words[0]), group_texts(groups, words[1])
    comparison = compare_text_groups(end_vectors(run), members, texts=groups.texts, lines=groups.lines)
    if comparison is None:
        raise InputError("Every text of one group is in the other, or the map has none of its texts.")
    return comparison
