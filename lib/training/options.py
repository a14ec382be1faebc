"""What a recipe can choose among: losses by shape, and the words of its other settings."""

from __future__ import annotations

from lib.data.shapes import Shape

LOSSES: dict[Shape, tuple[str, ...]] = {
    Shape.PAIRS: (
        "MultipleNegativesRanking",
        "CachedMultipleNegativesRanking",
        "GISTEmbed",
        "MegaBatchMargin",
    ),
    Shape.SCORED: ("CoSENT", "AnglE", "CosineSimilarity"),
    Shape.LABELLED_PAIRS: ("OnlineContrastive", "Contrastive", "Softmax"),
    Shape.TRIPLETS: ("MultipleNegativesRanking", "CachedMultipleNegativesRanking", "Triplet"),
    Shape.LABELLED_TEXTS: ("BatchAllTriplet", "BatchHard", "BatchHardSoftMargin", "BatchSemiHard"),
}
"""Losses of sentence-transformers by shape; the first is the default."""

DEFAULTS = frozenset(losses[0] for losses in LOSSES.values())
NESTED = tuple(dict.fromkeys(loss for losses in LOSSES.values() for loss in losses if loss != "Softmax"))
"""Losses that Matryoshka goes around: Softmax learns a classifier over the whole vector, which a prefix does not fit."""

IN_BATCH = ("MultipleNegativesRanking", "CachedMultipleNegativesRanking", "GISTEmbed", "MegaBatchMargin")
"""Losses that take the other targets of a batch as negatives."""

RANKING = ("MultipleNegativesRanking", "CachedMultipleNegativesRanking")
BINARY = ("OnlineContrastive", "Contrastive")
"""Losses that know only two labels: the same, not the same."""
MINED = (Shape.PAIRS,)
"""Shapes whose rows have no negatives of their own, so that hard ones can be mined."""
SCHEDULES = ("linear", "cosine", "constant")
PRECISIONS = ("auto", "fp32", "bf16")
DIRECTIONS = ("query_to_doc", "symmetric", "all")
DEVICES = ("auto", "cpu", "cuda", "mps")
STATIC_RATE = 50.0
"""Word vectors move only when their word occurs, and there is nothing above them: a static model learns at the recipe's rate

times this. Measured on the Python API sample, validation MRR after 3 epochs: .33 at 2e-4, .44 at 2e-3, .55 at 1e-2, .54 at 5e-2.
"""


def losses_for(shape: Shape | str, *, classes: int = 2) -> tuple[str, ...]:
    """Return the losses that fit a shape, the default first."""
    fitting = LOSSES[Shape(shape)]
    several = Shape(shape) is Shape.LABELLED_PAIRS and classes > 2
    return tuple(loss for loss in fitting if loss not in BINARY) if several else fitting
