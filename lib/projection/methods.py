"""Name the layout methods and their one setting, with the words that people read.

Light: pages import it.
"""

from __future__ import annotations

NUM_NEIGHBOURS = 15
"""PointNeighbours of each text that a layout keeps and that trustworthiness checks."""

MAX_COMPARED = 20_000
"""Points that an end of a pair is compared with; of more, a random sample estimates its rank."""

LAYOUT_METHODS = {
    "pair-faithful": "UMAP with pair constraints",
    "umap": "Plain UMAP",
    "aligned": "AlignedUMAP",
    "pca": "PCA",
}

METHOD_DESCRIPTIONS = {
    "pair-faithful": "A pair of rank r is drawn as near as the r-th neighbour is; the neighbourhoods around it are UMAP's.",
    "umap": "One UMAP (umap-learn) over all snapshots. Good neighbourhoods, but about one line in three changes the wrong way.",
    "aligned": "One UMAP for each snapshot, aligned by text. Slow; part of the movement is an artefact.",
    "pca": "The first two principal components. Fast and simple; neighbours are often wrong.",
}

DEFAULT_BALANCE = 0.5
"""Between neighbourhoods (0) and pairs (1); docs/layout.md has the figures of the steps between."""

NUM_EXTREMES = 500
"""Pairs at either end of the change that every map holds and every figure draws."""

BALANCE_FIGURES = {
    0.0: (0.648, 0.213, 0.910, 0.908),
    0.2: (0.743, 0.362, 0.898, 0.905),
    0.3: (0.937, 0.959, 0.831, 0.871),
    0.5: (0.973, 0.971, 0.852, 0.890),
    1.0: (0.973, 0.969, 0.841, 0.883),
}
"""Quality by balance: lines that change as ranks do, rank correlation, trustworthiness of base and tuned.

On 1,994 pairs of tldr (docs/layout.md).
"""
