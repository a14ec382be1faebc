"""Requests that the inference process answers: cosines of two texts.

Imports torch: in that process only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from lib import settings
from lib.data.model_inputs import Reading, Role
from lib.models.encoder import encode
from lib.models.loader import load_model
from lib.vectors import normalize_rows

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

KEPT_MODELS = 4


@lru_cache(maxsize=KEPT_MODELS)
def loaded_model(name: str, reading: Reading) -> SentenceTransformer:
    """Load a model on first use; all handlers share the last few."""
    return load_model(name, reading=reading, device="cpu", home=settings.home())


def cosines(*, models: Sequence[str], left: str, right: str, reading: dict[str, Any]) -> list[float]:
    """Compute the cosine of two texts by each model, read as a query and a document.

    reading: as `Reading.to_json` gives it.
    """
    how = Reading(**reading)
    texts = [*how.read([left], Role.QUERY), *how.read([right], Role.DOCUMENT)]
    values = []
    for name in models:
        vectors = normalize_rows(encode(loaded_model(name, how), texts), dtype=np.float64)
        values.append(float(vectors[0] @ vectors[1]))
    return values
