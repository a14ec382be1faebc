"""Cached readers, keyed by run and file stamp: an unchanged file is not read again."""

from __future__ import annotations

import threading
from pathlib import Path

import streamlit as st

from lib.evaluation.result import Evaluation
from lib.evaluation.store import load_evaluation
from lib.jobs.events import read_events
from lib.jobs.status import Status, fold
from lib.shapes import Shape
from lib.store.datasets import Dataset
from lib.store.parquet import read_dataset_table
from lib.store.publish import size_of
from lib.store.runs import Run
from lib.store.workspace import open_workspace


class StatusReader:
    """Reads the events of one run incrementally; shared by all sessions."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset, self._status = path, 0, Status()
        self._lock = threading.Lock()

    def read(self) -> Status:
        """Read the events written since the last call and return the run's status."""
        with self._lock:
            if self._path.exists() and self._path.stat().st_size < self._offset:
                self._offset, self._status = 0, Status()
            events, self._offset = read_events(self._path, after=self._offset)
            self._status = fold(events, self._status)
            return self._status


@st.cache_resource(max_entries=64, show_spinner=False)
def _reader(path: str) -> StatusReader:
    return StatusReader(Path(path))


def run_status(run: Run) -> Status:
    """Read a run's current status from its events."""
    return _reader(str(run.paths.events)).read()


@st.cache_data(ttl=10, max_entries=256, show_spinner=False)
def _size(folder: str) -> int:
    return size_of(Path(folder))


def disk_bytes(folder: Path) -> int:
    """Size of a folder in bytes, cached for ten seconds."""
    return _size(str(folder))


@st.cache_data(max_entries=256, show_spinner=False)
def _num_labels(parquet: str) -> int:
    return int(read_dataset_table(parquet, ["label"])["label"].nunique())


def num_labels(dataset: Dataset) -> int:
    """Count the labels of a dataset of labelled pairs; 2 for every other shape. Datasets never change."""
    path = dataset.paths.examples
    return _num_labels(str(path)) if dataset.shape == Shape.LABELLED_PAIRS and path.exists() else 2


def file_stamp(path: Path) -> tuple[int, int]:
    """Identify a version of a file or folder by (modification time in ns, size).

    (0, 0) where it is missing.
    """
    if not path.exists():
        return (0, 0)
    facts = path.stat()
    return (facts.st_mtime_ns, facts.st_size)


def cached_evaluation(run: Run) -> Evaluation | None:
    """Read a run's evaluation as it is stored now; None while there is none. Raises StoreError."""
    return _load_evaluation(run.id, file_stamp(run.paths.evaluation.summary))


@st.cache_data(max_entries=256, show_spinner=False)
def _load_evaluation(run_id: str, stamp: tuple[int, int]) -> Evaluation | None:
    return load_evaluation(open_workspace().runs.get(run_id))
