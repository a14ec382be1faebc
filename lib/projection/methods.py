"""The ways to draw a map and the one setting, with the words that people read; light, for pages."""

from __future__ import annotations

NEIGHBOURS = 15
"""Neighbours of each text that a layout keeps and that trustworthiness checks."""

METHODS = {
    "pair-faithful": "Pair-faithful",
    "umap": "UMAP together",
    "aligned": "AlignedUMAP",
    "pca": "PCA",
}

EXPLAINED = {
    "pair-faithful": "Lines change as the pairs' cosines do, and neighbourhoods stay close to UMAP's.",
    "umap": "One UMAP over all moments. Good neighbourhoods, but about one line in four changes the wrong way.",
    "aligned": "UMAP for each moment, held together by text. Slow; part of its movement is invented.",
    "pca": "The two directions of most variance. Fast and plain; neighbours are often wrong.",
}

BALANCE = 0.5
"""Between neighbourhoods (0) and pairs (1); docs/layout.md has the figures of the steps between."""

EXTREMES = 500
"""Pairs at either end of the change that every map holds and every picture draws."""
