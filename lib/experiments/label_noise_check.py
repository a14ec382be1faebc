"""The label-noise check of a dataset as a job: its list is stored beside the dataset, for the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.settings import BUNDLED_MODEL
from lib.store.context import JobContext
from lib.store.layout import WorkspacePaths
from lib.store.publish import write_atomic
from lib.typed_json import JsonError, build, read_stored, typed

LABEL_NOISE_COLUMNS: dict[str, Any] = {
    "pair": list[int],
    "line": list[int],
    "part": list[str],
    "anchor": list[str],
    "positive": list[str],
    "cosine": list[float],
    "other": list[str],
    "other_cosine": list[float],
    "gap": list[float],
}
"""Stored columns and their types."""


def label_noise_path(home: Path, dataset: str) -> Path:
    """Build the path of a dataset's list, JSON."""
    return WorkspacePaths(home).label_noise / f"{dataset}.json"


def load_label_noise(path: Path) -> pd.DataFrame | None:
    """Read a dataset's list, columns as in `find_possible_label_errors`; None where there is none.

    A damaged one counts as none.
    """
    try:
        return build(_make_table, read_stored(path))
    except (OSError, JsonError):
        return None


def _make_table(stored: dict[str, list[Any]]) -> pd.DataFrame:
    columns = {name: typed(hint, stored[name]) for name, hint in LABEL_NOISE_COLUMNS.items()}
    return pd.DataFrame(columns)


def write_label_noise(context: JobContext) -> None:
    """Embed the dataset's texts with the bundled model and write the list of suspicious rows."""
    from lib.experiments.label_noise import find_possible_label_errors
    from lib.models.loader import fingerprint, load_model
    from lib.models.vector_cache import EmbeddingCache

    home, dataset, progress = context.workspace.home, context.dataset, context.progress
    progress.stage("Embedding with the base model")
    model = load_model(BUNDLED_MODEL, home=home)
    mark, cache = fingerprint(model), EmbeddingCache(home)
    table = find_possible_label_errors(
        ModelInputs.of(dataset.frame(), dataset.shape),
        lambda texts: cache.embed(model, texts, fingerprint=mark, progress=progress),
    )
    path = label_noise_path(home, dataset.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, json.dumps(table.to_dict("list"), ensure_ascii=False, default=float))
