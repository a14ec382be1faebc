"""A map of planted pairs, for the tests of its figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from lib.projection.quality import LayoutQuality
from lib.projection.store import Map, MapFacts, SnapshotLabel


def planted_map(pairs: int = 50, others: int = 30) -> tuple[Map, pd.DataFrame, list[str]]:
    """Build a map of pairs and other texts whose pairs come together, its lines, and its texts."""
    draw = np.random.default_rng(0)
    base = draw.normal(size=(2 * pairs + others, 2)).astype(np.float32)
    best = base.copy()
    best[:pairs] = (base[:pairs] + base[pairs : 2 * pairs]) / 2
    value = np.linspace(-1, 1, pairs)
    lines = pd.DataFrame(
        {
            "pair": np.arange(pairs) + 100,
            "part": np.where(np.arange(pairs) % 2, "held_out", "train"),
            "source": np.arange(pairs),
            "target": np.arange(pairs) + pairs,
            "base_cosine": 0.2,
            "tuned_cosine": 0.2 + 0.3 * value,
            "base_rank": 5,
            "tuned_rank": 2,
            "value": value,
            "faded": np.arange(pairs) < 3,
            "change": np.where(value < 0, "worse", "better"),
        }
    )
    facts = MapFacts(
        "pair-faithful",
        0.5,
        1.0,
        (SnapshotLabel("base", 0, "Base"), SnapshotLabel("best", 1, "Best (epoch 1)")),
        LayoutQuality(),
        LayoutQuality(),
    )
    map_data = Map(Path("nowhere"), facts, {"base": base, "best": best}, lines)
    return map_data, lines, [f"<i>text</i> {i}" for i in range(len(base))]
