"""Every loss of every shape lowers itself and writes a model that loads with none of our code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from lib.data.shapes import Shape
from lib.training.recipe import LOSSES
from tests.unit.training.small import FAST, frame_of, train_small

EVERY = [(shape, loss) for shape, losses in LOSSES.items() for loss in losses]


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
