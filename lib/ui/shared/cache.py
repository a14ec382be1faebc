"""Cached readers, keyed by run and by the stamp of the file: what did not change is not read again."""

from __future__ import annotations

import threading
from pathlib import Path

import pandas as pd
import streamlit as st

from lib.data.shapes import Shape
from lib.jobs.events import Status, fold, read_events
from lib.store.datasets import Dataset
from lib.store.publish import size_of
from lib.store.runs import Run


class StatusReader:
    """The events of one run, read on from where the last look ended; shared by all windows."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset, self._status = path, 0, Status()
        self._lock = threading.Lock()

    def read(self) -> Status:
        """Return where the run is now."""
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
    """Return where a run is: the fold of its events so far."""
    return _reader(str(run.paths.events)).read()


@st.cache_data(ttl=10, max_entries=256, show_spinner=False)
def _size(folder: str) -> int:
    return size_of(Path(folder))


def disk_bytes(folder: Path) -> int:
    """Return the bytes that a folder takes, looked up at most every ten seconds."""
    return _size(str(folder))


@st.cache_data(max_entries=256, show_spinner=False)
def _classes(parquet: str) -> int:
    return int(pd.read_parquet(parquet, columns=["label"])["label"].nunique())


def num_labels(dataset: Dataset) -> int:
    """Return how many labels a dataset of labelled pairs has; two for every other shape. Datasets never change."""
    path = dataset.paths.examples
    return _classes(str(path)) if dataset.shape == Shape.LABELLED_PAIRS and path.exists() else 2


def file_stamp(path: Path) -> tuple[int, int]:
    """Return what changes when a file or folder is written anew: its time in nanoseconds and its size."""
    if not path.exists():
        return (0, 0)
    facts = path.stat()
    return (facts.st_mtime_ns, facts.st_size)
