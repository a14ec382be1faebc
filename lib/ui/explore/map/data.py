"""What the picture shows of a run: its map, texts and lines with their numbers, read once and kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from lib.data.shapes import TEXT_COLUMNS, Shape
from lib.errors import CloserError
from lib.evaluation.store import load_pairs
from lib.projection.store import Map, load_map, map_texts
from lib.store.runs import Run
from lib.store.snapshots import read_snapshots
from lib.store.workspace import open_workspace
from lib.ui.shared.cache import stamp

SAME_COSINE = 0.02
"""A cosine that changed by less counts as the same where there is no evaluation."""


@dataclass(frozen=True)
class Told:
    """A run's map with its texts and lines.

    lines: pair, part, source, target (text ids), base_cosine, tuned_cosine, change (better, same, worse), value (what colours
    them), moved (change in cosine), drawn (change of the drawn length), faded, optionally group, base_rank, tuned_rank.
    measure: what value is, in words. left_out: labels of the moments that are not drawn.
    Labelled texts alone have classes (places of the texts of each, the largest first), and of every text rows (of the dataset) and parts.
    """

    run: str
    drawn: Map
    texts: list[str]
    lines: pd.DataFrame
    measure: str
    all_pairs: int
    classes: dict[str, np.ndarray]
    rows: np.ndarray
    parts: np.ndarray
    left_out: tuple[str, ...] = ()


def told(run: Run) -> Told | None:
    """Return what the picture shows, None while there is no map."""
    if not (run.paths.map.summary).exists():
        return None
    return _told(run.id, stamp(run.paths.map.summary), stamp(run.paths.evaluation.summary))


@st.cache_resource(max_entries=6, show_spinner=False)
def _told(identity: str, map_stamp: Any, evaluation_stamp: tuple[int, int]) -> Told | None:
    # map_stamp is only there to be hashed: a map drawn anew is read anew.
    workspace = open_workspace()
    run = workspace.runs.get(identity)
    drawn = load_map(run)
    if drawn is None:
        return None
    dataset = workspace.datasets.get(run.dataset)
    frame = dataset.frame()
    judged = load_pairs(run) if evaluation_stamp != (0, 0) else pd.DataFrame({"pair": pd.Series(dtype="int64")})
    lines, measure = with_numbers(drawn.lines, frame, judged)
    texts = map_texts(run)
    labelled = dataset.shape == Shape.LABELLED_TEXTS.value
    classes = classes_of(frame, texts) if labelled else {}
    rows, parts = rows_of(frame, texts) if labelled else (np.empty(0, np.int64), np.empty(0, object))
    return Told(identity, drawn, texts, lines, measure, len(frame), classes, rows, parts, left_out(run, drawn))


def left_out(run: Run, drawn: Map) -> tuple[str, ...]:
    """Return the labels of the moments that training left and the map does not draw."""
    try:
        moments = read_snapshots(run.paths.snapshots.folder).all
    except CloserError:
        return ()
    return tuple(moment.label for moment in moments if moment.name not in drawn.labels)


def rows_of(frame: pd.DataFrame, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return of each drawn text the row of the dataset that holds it first (-1: none), and its part."""
    first = frame.drop_duplicates("text")
    place = pd.Series(first.index.to_numpy(), index=first["text"]).reindex(texts)
    part = first.set_index("text")["part"].reindex(texts).to_numpy(object)
    return place.fillna(-1).to_numpy(np.int64), part


def classes_of(frame: pd.DataFrame, texts: list[str]) -> dict[str, np.ndarray]:
    """Return the places of each class's texts among the drawn ones, the largest class first."""
    label = frame.drop_duplicates("text").set_index("text")["label"].astype(str).reindex(texts)
    found = {
        str(name): np.asarray(places)
        for name, places in label.reset_index(drop=True).groupby(label.to_numpy()).indices.items()
    }
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def with_numbers(lines: pd.DataFrame, frame: pd.DataFrame, judged: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Add to the map's lines what the evaluation found, and the value that colours them: margin where all held-out lines have one."""
    found = lines.rename(columns={"change": "drawn"})
    wanted = [name for name in ("change", "base_rank", "tuned_rank", "base_margin", "tuned_margin") if name in judged]
    found = found.merge(judged[["pair", *wanted]].drop_duplicates("pair"), on="pair", how="left")
    if "group" in frame:
        found["group"] = frame["group"].reindex(found["pair"]).to_numpy()
    moved = found["tuned_cosine"] - found["base_cosine"]
    plain = pd.Series(np.select([moved > SAME_COSINE, moved < -SAME_COSINE], ["better", "worse"], "same"), found.index)
    found["change"] = found["change"].fillna(plain) if "change" in found else plain
    found["moved"] = found["value"] = moved
    if "tuned_margin" in found and found.loc[found["part"] == "held_out", "tuned_margin"].notna().all():
        found["value"] = (found["tuned_margin"] - found["base_margin"]).fillna(moved)
        return found, "margin"
    if "tuned_margin" not in judged and "change" in judged:
        # scores and labels may ask a pair to go apart: green is what they ask for
        found["value"] = moved.abs() * found["change"].map({"better": 1.0, "same": 0.0, "worse": -1.0}).astype(float)
        return found, "asked"
    return found, "cosine"


@st.cache_resource(max_entries=4, show_spinner=False)
def _rows(dataset: str, _home: str) -> pd.DataFrame:
    return open_workspace().datasets.get(dataset).frame()


def rows(run: Run) -> pd.DataFrame:
    """Return the rows of the run's dataset, read once: datasets never change."""
    return _rows(run.dataset, str(run.folder.parent))


@st.cache_resource(max_entries=4, show_spinner=False)
def _all_texts(dataset: str, home: str) -> pd.DataFrame:
    """Return the lower-case texts of every row of a dataset, to search."""
    found = open_workspace().datasets.get(dataset)
    frame = found.frame()
    columns = [name for name in TEXT_COLUMNS[Shape(found.shape)][:2] if name in frame]
    return frame[columns].apply(lambda column: column.str.casefold())


def search(run: Run, words: str) -> pd.Index:
    """Return the rows of the whole dataset that hold the words in either text, drawn or not."""
    texts = _all_texts(run.dataset, str(run.folder.parent))
    if texts.empty:
        return texts.index
    hit = np.logical_or.reduce([texts[name].str.contains(words.casefold(), regex=False) for name in texts])
    return texts.index[hit]
