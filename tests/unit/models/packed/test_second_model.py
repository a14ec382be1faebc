"""all-mpnet-base-v2 itself: packed it gives its own vectors and gradients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from bench.parity import ANCHORS
from lib.models.encoder import encode
from lib.models.loader import load_model
from lib.models.packed import batches, switch
from tools import second_model

pytestmark = pytest.mark.skipif(
    not second_model.parts(), reason="all-mpnet-base-v2 is not here: see requirements-models.txt"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SentenceTransformer:
    folder = second_model.build(tmp_path_factory.mktemp("second") / "all-mpnet-base-v2")
    return load_model(str(folder), device="cpu", home=tmp_path_factory.mktemp("home"))


def test_its_vectors_are_those_of_sentence_transformers(model: SentenceTransformer) -> None:
    plain = model.encode(ANCHORS)
    with switch.packing(model) as on:
        assert on
        assert np.abs(encode(model, ANCHORS, fast=False) - plain).max() < 1e-5
    assert float((encode(model, ANCHORS) * plain).sum(1).min()) > 0.999


def test_its_gradients_are_those_of_the_padded_path(model: SentenceTransformer, home: Path) -> None:
    def gradient(features: list) -> torch.Tensor:
        model.zero_grad()
        vectors = torch.cat([model(column)["sentence_embedding"] for column in features])
        weights = torch.randn(vectors.shape, generator=torch.Generator().manual_seed(5))
        (vectors * weights).sum().backward()
        return torch.cat([weight.grad.flatten() for weight in model.parameters() if weight.grad is not None])

    plain = gradient([model.preprocess(ANCHORS)])
    with switch.packing(model):
        packed = gradient(batches.embed_batch(model, [model.preprocess(ANCHORS)]))
    assert float((packed - plain).norm() / plain.norm()) < 1e-5
