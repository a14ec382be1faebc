"""The losses, one record each in one table, which recipe, batches, packing, forms and commands read.

To add a loss: write its record into `LOSSES`, with what `make` needs. tests/unit/recipe/test_losses.py says what is still missing.
Light: what builds a loss imports torch and sentence-transformers when it is called.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lib.shapes import Shape

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn

    from lib.recipe.recipe import Recipe

MINING = ("hard_negatives", "negative_margin", "negative_relative_margin", "negative_skip", "negative_range")
"""Settings of hard negative mining."""
MATRYOSHKA = "matryoshka"
"""Setting of every loss that MatryoshkaLoss can go around."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A loss of sentence-transformers and what the rest of the product has to know of it."""

    name: str
    """As in a recipe: sentence-transformers' class name without "Loss"."""
    title: str
    """As a form names it."""
    help: str
    """What it does, in one line."""
    shapes: tuple[Shape, ...]
    """Shapes of data that it fits; of the losses of a shape, the first in the table is the default."""
    make: Callable[..., nn.Module]
    """Builds it: base model, recipe, number of labels; `gathers` ones also take gather_across_devices."""
    settings: tuple[str, ...] = ()
    """Settings of the recipe that only some losses read, and this one does."""
    in_batch: bool = False
    """Takes the other targets of a batch as negatives.

    So batches must hold no false negatives (FairBatches).
    """
    gathers: bool = False
    """Can take the texts of all processes of a training as its batch, not only those of its own process."""
    has_guide: bool = False
    """A frozen copy of the base model reads the same batches.

    So they must hold tokens, not activations of frozen layers.
    """
    calls_model: bool = False
    """Calls the model with parts of a batch, so that the batch cannot be embedded as a whole beforehand."""
    is_cached: bool = False
    """Embeds a batch in mini-batches of MINI_BATCH texts, one after the other."""
    needs_transformer: bool = False
    """Refuses a static model."""
    two_labels: bool = False
    """Knows only two labels: the same, not the same."""

    @property
    def allows_matryoshka(self) -> bool:
        """Whether MatryoshkaLoss can go around it."""
        return MATRYOSHKA in self.settings


UNIT_MARGIN = 0.2
"""Margin of the triplet losses between unit vectors.

Those are at most 2 apart: the losses' default, 5, can never be reached (bench/README.md, Other shapes; 0.2 is FaceNet's,
Schroff et al. 2015).
"""
MINI_BATCH = 32
"""Texts that a cached loss embeds at once (GradCache, Gao et al. 2021).

sentence-transformers' default.
"""
DIRECTION_PAIRS: dict[str, tuple[str, ...]] = {
    "query_to_doc": ("query_to_doc",),
    "symmetric": ("query_to_doc", "doc_to_query"),
    "all": ("query_to_doc", "doc_to_query", "query_to_query", "doc_to_doc"),
}
"""Sets of similarities that are contrasted, by the recipe's `directions`."""


def _stock(name: str, *args: Any, **settings: Any) -> nn.Module:
    """Build a loss of sentence-transformers by its class's name."""
    from sentence_transformers.sentence_transformer import losses

    loss: nn.Module = getattr(losses, name)(*args, **settings)
    return loss


def _ranking_settings(recipe: Recipe) -> dict[str, Any]:
    """Collect scale and directions of InfoNCE.

    A direction's loss is -log(exp(scale s(a_i, t_i)) / sum_j exp(scale s(a_i, t_j))), s the cosine, j over the batch
    (Henderson et al. 2017; van den Oord et al. 2018). "symmetric" is the mean of both directions' losses (Günther et
    al. 2024), "all" is one softmax over all four sets of similarities.
    """
    mode = "per_direction" if recipe.directions == "symmetric" else "joint"
    return {"scale": recipe.scale, "directions": DIRECTION_PAIRS[recipe.directions], "partition_mode": mode}


def _margin(recipe: Recipe) -> dict[str, float]:
    """The margin where the recipe sets one; else the loss keeps its own default."""
    return {"margin": recipe.margin} if recipe.margin > 0 else {}


def triplet_margin(model: SentenceTransformer, recipe: Recipe) -> dict[str, float]:
    """Choose the margin: the recipe's, UNIT_MARGIN for a normalizing model, or the loss's default."""
    from sentence_transformers.sentence_transformer.modules import Normalize

    # L = max(0, d(a, p) - d(a, n) + margin); unit vectors have d <= 2, so a margin above 2 never lets L reach 0
    normalizes = any(isinstance(module, Normalize) for module in model)
    return {"margin": UNIT_MARGIN} if normalizes and recipe.margin <= 0 else _margin(recipe)


def _triplet(model: SentenceTransformer, recipe: Recipe, classes: int) -> nn.Module:
    """Build the triplet loss: the mean over a row's negatives of max(0, d(a, p) - d(a, n) + margin)."""
    import torch

    margins = {f"triplet_{name}": value for name, value in triplet_margin(model, recipe).items()}
    loss: Any = _stock("TripletLoss", model, **margins)
    of_triplet = loss.compute_loss_from_embeddings

    def of_rows(embeddings: list[torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
        anchor, positive, *negatives = embeddings
        return torch.stack([of_triplet([anchor, positive, negative], labels) for negative in negatives]).mean()

    loss.compute_loss_from_embeddings = of_rows  # the stock one takes one negative a row
    module: nn.Module = loss
    return module


def _softmax(model: SentenceTransformer, recipe: Recipe, classes: int) -> nn.Module:
    dimension = model.get_embedding_dimension()
    return _stock("SoftmaxLoss", model, sentence_embedding_dimension=dimension, num_labels=max(2, classes))


def guide_of(model: SentenceTransformer) -> SentenceTransformer:
    """Copy the base model, frozen, as the guide of GISTEmbed (Solatorio 2024).

    It finds false in-batch negatives.

    A negative is left out where the guide scores it above the positive.
    """
    return clone_model(model).eval().requires_grad_(False)


def clone_model(model: SentenceTransformer) -> SentenceTransformer:
    """Copy a model with its weights. A packed model's forward is bound to it, so the copy gets its own."""
    twin = copy.deepcopy(model)
    switch = getattr(model, "closer_switch", None)  # of lib.models.packed, where packing is on
    if switch is not None:
        switch.apply_to(twin)
    return twin


_RECORDS = (
    Loss(
        name="MultipleNegativesRanking",
        title="Multiple negatives ranking",
        help="Ranks the correct target above the other targets of the batch (InfoNCE).",
        shapes=(Shape.PAIRS, Shape.TRIPLETS),
        make=lambda model, recipe, classes, **gather: _stock(
            "MultipleNegativesRankingLoss", model, **_ranking_settings(recipe), **gather
        ),
        settings=("scale", "directions", *MINING, MATRYOSHKA),
        in_batch=True,
        gathers=True,
    ),
    Loss(
        name="CachedMultipleNegativesRanking",
        title="Cached multiple negatives ranking",
        help="Multiple negatives ranking for batches larger than memory: embedded in mini-batches, with a second pass.",
        shapes=(Shape.PAIRS, Shape.TRIPLETS),
        make=lambda model, recipe, classes, **gather: _stock(
            "CachedMultipleNegativesRankingLoss",
            model,
            mini_batch_size=MINI_BATCH,
            **_ranking_settings(recipe),
            **gather,
        ),
        settings=("scale", "directions", *MINING, MATRYOSHKA),
        in_batch=True,
        gathers=True,
        calls_model=True,
        is_cached=True,
        needs_transformer=True,
    ),
    Loss(
        name="GISTEmbed",
        title="GISTEmbed",
        help="Multiple negatives ranking with the base model as a guide that filters out false in-batch negatives.",
        shapes=(Shape.PAIRS,),
        make=lambda model, recipe, classes, **gather: _stock("GISTEmbedLoss", model, guide_of(model), **gather),
        settings=(MATRYOSHKA,),
        in_batch=True,
        gathers=True,
        has_guide=True,
        calls_model=True,
        needs_transformer=True,
    ),
    Loss(
        name="CachedGISTEmbed",
        title="Cached GISTEmbed",
        help="GISTEmbed for batches larger than memory: embedded in mini-batches, with a second pass.",
        shapes=(Shape.PAIRS,),
        make=lambda model, recipe, classes, **gather: _stock(
            "CachedGISTEmbedLoss", model, guide_of(model), mini_batch_size=MINI_BATCH, **gather
        ),
        settings=(MATRYOSHKA,),
        in_batch=True,
        gathers=True,
        has_guide=True,
        calls_model=True,
        is_cached=True,
        needs_transformer=True,
    ),
    Loss(
        name="MegaBatchMargin",
        title="Mega-batch margin",
        help="Compares each pair with the hardest other target of its batch only.",
        shapes=(Shape.PAIRS,),
        make=lambda model, recipe, classes: _stock("MegaBatchMarginLoss", model, use_mini_batched_version=False),
        settings=(MATRYOSHKA,),
        in_batch=True,
    ),
    Loss(
        name="CoSENT",
        title="CoSENT",
        help="Orders the cosines of a batch by their scores.",
        shapes=(Shape.SCORED,),
        make=lambda model, recipe, classes: _stock("CoSENTLoss", model, scale=recipe.scale),
        settings=("scale", MATRYOSHKA),
    ),
    Loss(
        name="AnglE",
        title="AnglE",
        help="CoSENT on angles in complex space, whose gradient does not vanish at a cosine near 1 or -1.",
        shapes=(Shape.SCORED,),
        make=lambda model, recipe, classes: _stock("AnglELoss", model, scale=recipe.scale),
        settings=("scale", MATRYOSHKA),
    ),
    Loss(
        name="CosineSimilarity",
        title="Cosine similarity",
        help="Mean squared error of cosine and score.",
        shapes=(Shape.SCORED,),
        make=lambda model, recipe, classes: _stock("CosineSimilarityLoss", model),
        settings=(MATRYOSHKA,),
    ),
    Loss(
        name="OnlineContrastive",
        title="Online contrastive",
        help="Contrastive loss on the hard pairs of a batch only.",
        shapes=(Shape.LABELLED_PAIRS,),
        make=lambda model, recipe, classes: _stock("OnlineContrastiveLoss", model, **_margin(recipe)),
        settings=("margin", MATRYOSHKA),
        two_labels=True,
    ),
    Loss(
        name="Contrastive",
        title="Contrastive",
        help="Pulls pairs that mean the same together, and pushes the others apart by a margin.",
        shapes=(Shape.LABELLED_PAIRS,),
        make=lambda model, recipe, classes: _stock("ContrastiveLoss", model, **_margin(recipe)),
        settings=("margin", MATRYOSHKA),
        two_labels=True,
    ),
    Loss(  # without Matryoshka: it learns a classifier over the whole vector, which a prefix does not fit
        name="Softmax",
        title="Softmax",
        help="Classifies the label from both vectors and their difference, as SBERT did on NLI.",
        shapes=(Shape.LABELLED_PAIRS,),
        make=_softmax,
    ),
    Loss(
        name="Triplet",
        title="Triplet",
        help="Keeps the positive nearer than the negative by a margin.",
        shapes=(Shape.TRIPLETS,),
        make=_triplet,
        settings=("margin", MATRYOSHKA),
    ),
    Loss(
        name="BatchAllTriplet",
        title="Batch-all triplet",
        help="Triplet loss over all triplets that the labels of a batch make.",
        shapes=(Shape.LABELLED_TEXTS,),
        make=lambda model, recipe, classes: _stock("BatchAllTripletLoss", model, **triplet_margin(model, recipe)),
        settings=("margin", MATRYOSHKA),
    ),
    Loss(
        name="BatchHard",
        title="Batch-hard triplet",
        help="Triplet loss over each text's hardest positive and hardest negative of the batch.",
        shapes=(Shape.LABELLED_TEXTS,),
        make=lambda model, recipe, classes: _stock("BatchHardTripletLoss", model, **triplet_margin(model, recipe)),
        settings=("margin", MATRYOSHKA),
    ),
    Loss(
        name="BatchHardSoftMargin",
        title="Batch-hard soft-margin triplet",
        help="Batch-hard triplet with a smooth margin that needs no setting.",
        shapes=(Shape.LABELLED_TEXTS,),
        make=lambda model, recipe, classes: _stock("BatchHardSoftMarginTripletLoss", model),
        settings=(MATRYOSHKA,),
    ),
    Loss(
        name="BatchSemiHard",
        title="Batch semi-hard triplet",
        help="Triplet loss over negatives that are farther than the positive, yet within the margin.",
        shapes=(Shape.LABELLED_TEXTS,),
        make=lambda model, recipe, classes: _stock("BatchSemiHardTripletLoss", model, **triplet_margin(model, recipe)),
        settings=("margin", MATRYOSHKA),
    ),
)
LOSSES: dict[str, Loss] = {loss.name: loss for loss in _RECORDS}
"""Every loss by its name in a recipe."""

LOSS_SETTINGS = frozenset(name for loss in _RECORDS for name in loss.settings)
"""Settings of the recipe that only some losses read."""


def losses_for(shape: Shape | str, *, classes: int = 2, static: bool = False) -> tuple[Loss, ...]:
    """Losses that fit a shape, its default first.

    classes: how many labels the data has. static: whether one of the models to train is a static one.
    """
    return tuple(
        loss
        for loss in LOSSES.values()
        if Shape(shape) in loss.shapes
        and not (loss.two_labels and classes > 2)
        and not (loss.needs_transformer and static)
    )


DEFAULT_LOSSES = frozenset(losses_for(shape)[0].name for shape in Shape)


def build_loss(model: SentenceTransformer, recipe: Recipe, *, classes: int = 2, processes: int = 1) -> nn.Module:
    """Build the recipe's loss over the model, inside MatryoshkaLoss where dimensions are asked for.

    classes: the number of labels, for SoftmaxLoss. processes: of the training; with several, a loss that can takes the
    texts of all of them as its batch.
    """
    record = LOSSES[recipe.loss]
    gather = {"gather_across_devices": True} if processes > 1 and record.gathers else {}
    loss = record.make(model, recipe, classes, **gather)
    if not recipe.matryoshka:
        return loss
    whole = model.get_embedding_dimension() or 0
    # sum over d of the loss on the first d entries of each embedding, the full length among them (Kusupati et al. 2022)
    dimensions = sorted({whole, *(d for d in recipe.matryoshka if d < whole)}, reverse=True)
    return _stock("MatryoshkaLoss", model, loss, matryoshka_dims=dimensions)
