"""From a recipe's loss to sentence-transformers' own class, with the settings that it knows."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import losses as stock
from sentence_transformers.sentence_transformer.modules import Normalize
from torch import nn

from lib.models.packed import switch
from lib.training.recipe import Recipe

DIRECTION_PAIRS: dict[str, tuple[str, ...]] = {
    "query_to_doc": ("query_to_doc",),
    "symmetric": ("query_to_doc", "doc_to_query"),
    "all": ("query_to_doc", "doc_to_query", "query_to_query", "doc_to_doc"),
}
CACHED_MINI_BATCH = 32


def build_loss(model: SentenceTransformer, recipe: Recipe, *, classes: int = 2) -> nn.Module:
    """Return the recipe's loss over the model, inside MatryoshkaLoss where dimensions are asked for.

    classes: the number of labels, for SoftmaxLoss.
    """
    loss = MAKERS[recipe.loss](model, recipe, classes)
    if not recipe.matryoshka:
        return loss
    whole = model.get_embedding_dimension()
    dimensions = sorted({whole, *(d for d in recipe.matryoshka if d < whole)}, reverse=True)
    return stock.MatryoshkaLoss(model, loss, matryoshka_dims=dimensions)


UNIT_MARGIN = 0.2
"""The margin between vectors of length 1, which lie at most 2 apart: the losses' own, 5, can never be kept and tears classes apart

(bench/README.md, Other shapes; 0.2 is FaceNet's, Schroff et al. 2015).
"""


def with_margin(recipe: Recipe, name: str = "margin") -> dict[str, Any]:
    """Return the margin as a keyword where the recipe sets one; else the loss keeps its own default."""
    return {name: recipe.margin} if recipe.margin > 0 else {}


def triplet_margin(model: SentenceTransformer, recipe: Recipe, name: str = "margin") -> dict[str, Any]:
    """Return the recipe's margin, or one that vectors of length 1 can keep where the model gives such."""
    unit = any(isinstance(module, Normalize) for module in model)
    return {name: UNIT_MARGIN} if unit and recipe.margin <= 0 else with_margin(recipe, name)


def ranking_settings(recipe: Recipe) -> dict[str, Any]:
    """Return scale and directions; symmetric is the mean of both directions' losses (Günther et al. 2024), all is one softmax."""
    mode = "per_direction" if recipe.directions == "symmetric" else "joint"
    return {"scale": recipe.scale, "directions": DIRECTION_PAIRS[recipe.directions], "partition_mode": mode}


def make_ranking(model: SentenceTransformer, recipe: Recipe, classes: int) -> nn.Module:
    return stock.MultipleNegativesRankingLoss(model, **ranking_settings(recipe))


def make_cached_ranking(model: SentenceTransformer, recipe: Recipe, classes: int) -> nn.Module:
    return stock.CachedMultipleNegativesRankingLoss(
        model, mini_batch_size=CACHED_MINI_BATCH, **ranking_settings(recipe)
    )


def make_guided(model: SentenceTransformer, recipe: Recipe, classes: int) -> nn.Module:
    """The guide is the base model as it was: it says which in-batch negatives are false."""
    return stock.GISTEmbedLoss(model, clone_model(model).eval().requires_grad_(False))


def clone_model(model: SentenceTransformer) -> SentenceTransformer:
    """Return a model of its own with the same weights. A packed model's forward is bound to it, so the copy gets its own."""
    twin = copy.deepcopy(model)
    state = getattr(model, "closer_switch", None)
    if state is not None:
        switch.disable_packing(twin)
        switch.enable_packing(twin, bf16=state.bf16)
    return twin


def make_softmax(model: SentenceTransformer, recipe: Recipe, classes: int) -> nn.Module:
    return stock.SoftmaxLoss(
        model, sentence_embedding_dimension=model.get_embedding_dimension(), num_labels=max(2, classes)
    )


MAKERS: dict[str, Callable[[SentenceTransformer, Recipe, int], nn.Module]] = {
    "MultipleNegativesRanking": make_ranking,
    "CachedMultipleNegativesRanking": make_cached_ranking,
    "GISTEmbed": make_guided,
    "MegaBatchMargin": lambda model, recipe, classes: stock.MegaBatchMarginLoss(model, use_mini_batched_version=False),
    "CoSENT": lambda model, recipe, classes: stock.CoSENTLoss(model, scale=recipe.scale),
    "AnglE": lambda model, recipe, classes: stock.AnglELoss(model, scale=recipe.scale),
    "CosineSimilarity": lambda model, recipe, classes: stock.CosineSimilarityLoss(model),
    "OnlineContrastive": lambda model, recipe, classes: stock.OnlineContrastiveLoss(model, **with_margin(recipe)),
    "Contrastive": lambda model, recipe, classes: stock.ContrastiveLoss(model, **with_margin(recipe)),
    "Softmax": make_softmax,
    "Triplet": lambda model, recipe, classes: stock.TripletLoss(
        model, **triplet_margin(model, recipe, "triplet_margin")
    ),
    "BatchAllTriplet": lambda model, recipe, classes: stock.BatchAllTripletLoss(model, **triplet_margin(model, recipe)),
    "BatchHard": lambda model, recipe, classes: stock.BatchHardTripletLoss(model, **triplet_margin(model, recipe)),
    "BatchHardSoftMargin": lambda model, recipe, classes: stock.BatchHardSoftMarginTripletLoss(model),
    "BatchSemiHard": lambda model, recipe, classes: stock.BatchSemiHardTripletLoss(
        model, **triplet_margin(model, recipe)
    ),
}
