"""Collect the lines of a map: pairs with both texts on it, their cosines and their drawn lengths."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from lib.projection.layout import Layout
from lib.projection.line_measures import line_quality
from lib.projection.quality import LayoutQuality
from lib.projection.seed_noise import SeedNoise
from lib.shapes import TEXT_COLUMNS, Shape


def pair_lines(frame: pd.DataFrame, texts: list[str], *, shape: str) -> pd.DataFrame:
    """List the examples with both first texts on the map: pair (row id), part, source, target (text ids)."""
    columns = TEXT_COLUMNS[Shape(shape)][:2]
    if len(columns) < 2:
        return pd.DataFrame({name: pd.Series(dtype="int64") for name in ("pair", "source", "target")}).assign(part="")
    text_ids = pd.Series(np.arange(len(texts)), index=pd.Index(texts)).groupby(level=0).first()
    lines = pd.DataFrame(
        {
            "pair": frame.index.to_numpy(),
            "part": frame["part"].to_numpy(),
            "source": frame[columns[0]].map(text_ids).to_numpy(),
            "target": frame[columns[1]].map(text_ids).to_numpy(),
        }
    ).dropna(subset=["source", "target"])
    return lines.astype({"pair": "int64", "source": "int64", "target": "int64"}).reset_index(drop=True)


def text_pairs(lines: pd.DataFrame) -> np.ndarray:
    """Extract the text ids of each line, (lines, 2) int64."""
    return lines[["source", "target"]].to_numpy(np.int64)


def measure_lines(
    lines: pd.DataFrame, layout: Layout, vectors: Mapping[str, np.ndarray], noise: SeedNoise
) -> pd.DataFrame:
    """Add each line's cosines and ranks, base and tuned, change of length, noise, faded, and opposed.

    Cosines and ranks in the full dimensions, a rank the mean of both ends'; faded: change <= noise; opposed: by rank the pair came
    closer and by cosine it went away, or the reverse.
    """
    names = list(vectors)
    source, target = lines["source"].to_numpy(), lines["target"].to_numpy()
    measured = lines.copy()
    for column, name in (("base_cosine", names[0]), ("tuned_cosine", names[-1])):
        measured[column] = np.einsum("nd,nd->n", vectors[name][source], vectors[name][target]).astype(np.float64)
    before, after = (np.linalg.norm(frame[source] - frame[target], axis=1) for frame in layout.ends)
    base_rank, tuned_rank = layout.lines.pair_rank
    return measured.assign(
        base_pair_rank=base_rank,
        tuned_pair_rank=tuned_rank,
        opposed=layout.lines.is_opposed,
        change=(after - before).astype(np.float64),
        noise=noise.lines,
        faded=np.abs(after - before) <= noise.lines,
    )


def held_out_line_quality(lines: pd.DataFrame, layout: Layout) -> LayoutQuality:
    """Measure the held-out lines alone: the page opens on them."""
    names = list(layout.coordinates)
    held_out = np.flatnonzero((lines["part"] == "held_out").to_numpy())
    return line_quality(layout.lines.select(held_out), (names[0], names[-1]))
