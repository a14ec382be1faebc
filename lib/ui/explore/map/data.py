"""The data of a run's map: layout, texts and lines with their numbers, read once and cached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import streamlit as st

from lib.charts.map.lines import evaluated_lines, rows_of_texts, texts_by_class
from lib.data.columns.metadata import group_columns
from lib.errors import CloserError
from lib.projection.regions import Regions, load_regions
from lib.projection.store import Map, load_map, map_texts
from lib.projection.turnover import TextNeighbours, load_text_neighbours
from lib.shapes import TEXT_COLUMNS, Shape
from lib.store.map_paths import MapKind
from lib.store.runs import Run
from lib.store.snapshots import read_snapshots
from lib.store.workspace import open_workspace
from lib.ui.shared.cache import file_stamp


@dataclass(frozen=True)
class MapData:
    """A run's map with its texts and lines.

    lines: pair, part, source, target (text ids), base_cosine, tuned_cosine, change (better, same, worse), value (what colours
    them), cosine_change, length_change (of the line on the map), faded, optionally group, base_rank, tuned_rank.
    measure: what value is: margin, cosine or label. skipped_snapshots: labels of the snapshots that the map leaves out.
    kind: which of the run's maps this is. neighbours: of every text how many nearest texts are new and how
    many nearby marks are true; None on maps of earlier versions. columns: by name, columns of the data that describe a row, by its id. regions: by level of zoom, the map's regions with names.
    Labelled texts alone have classes (text ids of each class, the largest first), and for every text rows (of the dataset) and parts.
    """

    run: str
    map: Map
    texts: Sequence[str]
    lines: pd.DataFrame
    measure: str
    num_pairs: int
    classes: dict[str, np.ndarray]
    rows: np.ndarray
    parts: np.ndarray
    skipped_snapshots: tuple[str, ...] = ()
    kind: MapKind = MapKind.MAIN
    neighbours: TextNeighbours | None = None
    columns: dict[str, pd.Series] = field(default_factory=dict)
    regions: dict[str, Regions] = field(default_factory=dict)


def load_map_data(run: Run, *, kind: MapKind = MapKind.MAIN) -> MapData | None:
    """Read the data of one of a run's maps; None while it is not drawn."""
    summary = run.paths.map_of(kind).summary
    if not summary.exists():
        return None
    return _load(run.id, kind, file_stamp(summary), file_stamp(run.paths.evaluation.summary))


@st.cache_resource(max_entries=6, show_spinner=False)
def _load(run_id: str, kind: MapKind, map_stamp: tuple[int, int], evaluation_stamp: tuple[int, int]) -> MapData | None:
    # The stamps are only there to be hashed: what is computed again is read again.
    workspace = open_workspace()
    run = workspace.runs.get(run_id)
    layout = load_map(run, kind=kind)
    if layout is None:
        return None
    dataset = workspace.datasets.get(run.dataset)
    frame, texts = dataset.frame(), map_texts(run, kind=kind)
    lines, measure = evaluated_lines(run, layout, frame)
    labelled = dataset.shape == Shape.LABELLED_TEXTS.value
    rows, parts = rows_of_texts(frame, texts) if labelled else (np.empty(0, np.int64), np.empty(0, object))
    return MapData(
        run=run_id,
        map=layout,
        texts=texts,
        lines=lines,
        measure=measure,
        num_pairs=len(frame),
        classes=texts_by_class(frame, texts) if labelled else {},
        rows=rows,
        parts=parts,
        skipped_snapshots=_skipped_snapshots(run, layout),
        kind=kind,
        neighbours=load_text_neighbours(layout.folder, texts=layout.texts),
        regions=load_regions(layout.folder, texts=layout.texts),
        columns={name: frame[stored].astype(str).str.strip() for name, stored in group_columns(frame).items()},
    )


def _skipped_snapshots(run: Run, layout: Map) -> tuple[str, ...]:
    """List the labels of the snapshots that training stored and the map leaves out."""
    try:
        snapshots = read_snapshots(run.paths.snapshots.folder).all
    except CloserError:
        return ()
    return tuple(snapshot.label for snapshot in snapshots if snapshot.name not in layout.labels)


@st.cache_resource(max_entries=4, show_spinner=False)
def _dataset_rows(dataset: str, _home: str) -> pd.DataFrame:
    return open_workspace().datasets.get(dataset).frame()


def dataset_rows(run: Run) -> pd.DataFrame:
    """Read the rows of the run's dataset, once: datasets never change."""
    return _dataset_rows(run.dataset, str(run.folder.parent))


@st.cache_resource(max_entries=4, show_spinner=False)
def _lower_case_texts(dataset: str, _home: str) -> pd.DataFrame:
    stored = open_workspace().datasets.get(dataset)
    frame = stored.frame()
    columns = [name for name in TEXT_COLUMNS[Shape(stored.shape)][:2] if name in frame]
    return frame[columns].apply(lambda column: column.str.casefold())


def search_rows(run: Run, words: str) -> pd.Index:
    """Find the rows of the whole dataset that hold the words in either text, on the map or not."""
    texts = _lower_case_texts(run.dataset, str(run.folder.parent))
    if texts.empty:
        return texts.index
    hit = np.logical_or.reduce([texts[name].str.contains(words.casefold(), regex=False) for name in texts])
    return texts.index[hit]
