"""Every loss of every shape lowers itself and writes a model that loads with none of our code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from lib.data.shapes import Shape
from lib.training import losses
from lib.training.options import LOSSES
from lib.training.recipe import Recipe
from tests.unit.training.small import FAST, frame_of, train_small

EVERY = [(shape, loss) for shape, fitting in LOSSES.items() for loss in fitting]


@pytest.mark.parametrize(("shape", "loss"), EVERY, ids=[f"{shape.value}-{loss}" for shape, loss in EVERY])
def test_loss_falls_and_the_model_loads(shape: Shape, loss: str, tiny_model: Path, tmp_path: Path) -> None:
    """The last epoch's mean loss is below the first's; the saved folder holds another model than the base."""
    frame = frame_of(shape, classes=3 if loss == "Softmax" else 2)
    session = train_small(shape, replace(FAST, loss=loss), model=tiny_model, folder=tmp_path, frame=frame)
    assert session.told.mean_loss(4) < session.told.mean_loss(1)
    texts = ["sort a list", "list sorter (list)"]
    tuned = SentenceTransformer(str(session.trained.model_dir), device="cpu").encode(texts)
    base = SentenceTransformer(str(tiny_model), device="cpu").encode(texts)
    assert np.isfinite(tuned).all()
    assert np.abs(tuned - base).max() > 1e-4


@pytest.mark.parametrize("name", ["Triplet", "BatchAllTriplet", "BatchHard", "BatchSemiHard"])
def test_vectors_of_length_1_get_a_margin_they_can_keep(name: str, tiny_model: Path) -> None:
    from sentence_transformers.sentence_transformer.modules import Normalize

    def margin(model: SentenceTransformer, **settings: float) -> float:
        loss = losses.build_loss(model, Recipe(loss=name, **settings))
        return float(loss.margin if name == "BatchSemiHard" else loss.triplet_margin)  # type: ignore[arg-type]

    free = SentenceTransformer(str(tiny_model), device="cpu")
    parts = [module for module in free if not isinstance(module, Normalize)]
    free = SentenceTransformer(modules=parts, device="cpu")
    unit = SentenceTransformer(modules=[*parts, Normalize()], device="cpu")
    assert margin(free) == 5
    assert margin(unit) == losses.UNIT_MARGIN
    assert margin(unit, margin=0.7) == margin(free, margin=0.7) == 0.7
