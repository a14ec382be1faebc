"""What of the movement is the layout's own: the same moments drawn again with other seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lib.projection.quality import line_lengths


@dataclass(frozen=True)
class SeedNoise:
    """Spread over seeds of each text's movement (n,) and of each line's change (m,), in the map's own units; of how many layouts."""

    texts: np.ndarray
    lines: np.ndarray
    layouts: int = 1


EndFrames = tuple[np.ndarray, np.ndarray]
"""The first and the last frame of a layout, (n, 2) each."""


def seed_noise(layouts: list[EndFrames], pairs: np.ndarray) -> SeedNoise:
    """Compare layouts of the same texts under several seeds, each laid over the first; one layout alone has no noise to tell."""
    if len(layouts) < 2:
        return SeedNoise(np.zeros(len(layouts[0][0])), np.zeros(len(pairs)))
    fitted = [layouts[0], *(align(other, layouts[0]) for other in layouts[1:])]
    moved = np.stack([last.astype(np.float64) - first for first, last in fitted])
    changed = np.stack([line_lengths(last, pairs) - line_lengths(first, pairs) for first, last in fitted])
    spread = ((moved - moved.mean(axis=0)) ** 2).sum(axis=(0, 2)) / (len(fitted) - 1)
    return SeedNoise(np.sqrt(spread), changed.std(axis=0, ddof=1), len(layouts))


def align(layout: EndFrames, onto: EndFrames) -> EndFrames:
    """Turn, mirror, shift and scale both frames together onto another layout (orthogonal Procrustes)."""
    mine, theirs = (np.concatenate(ends).astype(np.float64) for ends in (layout, onto))
    centre, there = mine.mean(axis=0), theirs.mean(axis=0)
    left, values, right = np.linalg.svd((mine - centre).T @ (theirs - there))
    scale = values.sum() / max(((mine - centre) ** 2).sum(), 1e-12)
    turn = left @ right * scale
    return (layout[0] - centre) @ turn + there, (layout[1] - centre) @ turn + there
