"""Name the layout methods and their one setting, with the words that people read.

Light: pages import it.
"""

from __future__ import annotations

NUM_NEIGHBOURS = 15
"""Neighbours of each text that a layout keeps and that trustworthiness checks."""

LAYOUT_METHODS = {
    "pair-faithful": "Pair-faithful",
    "umap": "UMAP together",
    "aligned": "AlignedUMAP",
    "pca": "PCA",
}

METHOD_DESCRIPTIONS = {
    "pair-faithful": "Lines change length as the pairs' cosines change, and neighbourhoods stay close to UMAP's.",
    "umap": "One UMAP over all snapshots. Good neighbourhoods, but about one line in four changes the wrong way.",
    "aligned": "One UMAP for each snapshot, aligned by text. Slow; part of the movement is an artefact.",
    "pca": "The first two principal components. Fast and simple; neighbours are often wrong.",
}

DEFAULT_BALANCE = 0.5
"""Between neighbourhoods (0) and pairs (1); docs/layout.md has the figures of the steps between."""

NUM_EXTREMES = 500
"""Pairs at either end of the change that every map holds and every figure draws."""

BALANCE_FIGURES = {
    0.0: (0.644, 0.335, 0.891, 0.902),
    0.3: (0.942, 0.822, 0.889, 0.898),
    0.5: (0.985, 0.918, 0.879, 0.888),
    0.7: (0.990, 0.939, 0.876, 0.880),
    1.0: (0.998, 0.956, 0.857, 0.871),
}
"""Quality by balance: sign agreement, rank correlation, trustworthiness of base and tuned.

On 2,000 pairs of tldr (bench/README.md, section Map).
"""
