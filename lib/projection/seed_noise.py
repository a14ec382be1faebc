"""Measure the variation across seeds: the movement that is the layout's, not the vectors'."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import orthogonal_procrustes

from lib.projection.quality import line_lengths


@dataclass(frozen=True)
class SeedNoise:
    """Standard deviation over seeds of texts' movement (texts,) and lines' change (lines,).

    In map units.
    """

    texts: np.ndarray
    lines: np.ndarray
    layouts: int = 1


EndFrames = tuple[np.ndarray, np.ndarray]
"""The first and the last frame of a layout, (texts, 2) each."""


def seed_noise(layouts: list[EndFrames], pairs: np.ndarray) -> SeedNoise:
    """Compare layouts of the same texts under several seeds, each aligned to the first.

    One layout alone has no noise.

    Of movements v_s (texts, 2) with mean v: sqrt(sum over seeds of |v_s - v|^2 / (seeds - 1)).
    """
    if len(layouts) < 2:
        return SeedNoise(np.zeros(len(layouts[0][0])), np.zeros(len(pairs)))
    aligned = [layouts[0], *(align(other, layouts[0]) for other in layouts[1:])]
    movement = np.stack([last.astype(np.float64) - first for first, last in aligned])
    change = np.stack([line_lengths(last, pairs) - line_lengths(first, pairs) for first, last in aligned])
    variance = ((movement - movement.mean(axis=0)) ** 2).sum(axis=(0, 2)) / (len(aligned) - 1)
    return SeedNoise(np.sqrt(variance), change.std(axis=0, ddof=1), len(layouts))


def align(layout: EndFrames, onto: EndFrames) -> EndFrames:
    """Rotate, reflect, shift and scale both frames together onto another layout (Procrustes analysis).

    With both centred, R minimises |A R - B| over orthogonal R (Schönemann 1966); the best scale is sum of singular values / |A|^2.
    """
    own, other = (np.concatenate(ends).astype(np.float64) for ends in (layout, onto))
    centre, other_centre = own.mean(axis=0), other.mean(axis=0)
    rotation, singular_values = orthogonal_procrustes(own - centre, other - other_centre)
    turn = rotation * (singular_values / max(((own - centre) ** 2).sum(), 1e-12))
    return (layout[0] - centre) @ turn + other_centre, (layout[1] - centre) @ turn + other_centre
