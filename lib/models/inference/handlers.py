"""Requests that the inference process answers: cosines and nearest targets.

Imports torch: in that process only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lib import settings
from lib.data.model_inputs import Reading, Role
from lib.models.encoder import encode
from lib.models.inference.answers import NearestText
from lib.models.loader import fingerprint, load_model
from lib.models.vector_cache import EmbeddingCache
from lib.vectors import normalize_rows

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

KEPT_MODELS = 4
KEPT_TARGETS = 4


@lru_cache(maxsize=KEPT_MODELS)
def loaded_model(name: str) -> SentenceTransformer:
    """Load a model on first use; all handlers share the last few."""
    return load_model(name, device="cpu", home=settings.home())


def cosines(*, models: Sequence[str], left: str, right: str, reading: dict[str, str]) -> list[float]:
    """Compute the cosine of two texts by each model, read as a query and a document.

    reading: as `Reading.to_json` gives it.
    """
    how = Reading(**reading)
    texts = [*how.read([left], Role.QUERY), *how.read([right], Role.DOCUMENT)]
    values = []
    for name in models:
        vectors = normalize_rows(encode(loaded_model(name), texts), dtype=np.float64)
        values.append(float(vectors[0] @ vectors[1]))
    return values


def nearest(
    *, models: Sequence[str], query: str, parquet: str, column: str, reading: dict[str, str], most: int = 10
) -> list[list[dict[str, Any]]]:
    """Search a parquet column's distinct texts for the nearest to a query, by each model.

    Each is a `NearestText`, best first.

    reading: as `Reading.to_json` gives it; the column's texts are read as documents.
    """
    how = Reading(**reading)
    results = []
    for name in models:
        texts, vectors = _targets(name, parquet, column, how, Path(parquet).stat().st_mtime_ns)
        scores = vectors @ normalize_rows(encode(loaded_model(name), how.read([query], Role.QUERY)))[0]
        best = np.argsort(-scores, kind="stable")[:most]
        results.append([asdict(NearestText(texts[row], float(scores[row]))) for row in best])
    return results


@lru_cache(maxsize=KEPT_TARGETS)
def _targets(name: str, parquet: str, column: str, reading: Reading, _stamp: int) -> tuple[list[str], np.ndarray]:
    texts = list(dict.fromkeys(pd.read_parquet(parquet, columns=[column])[column]))
    model = loaded_model(name)
    read = reading.read(texts, Role.DOCUMENT)
    vectors = EmbeddingCache(settings.home()).embed(model, read, fingerprint=fingerprint(model))
    return texts, normalize_rows(vectors)
