"""What is saved is what was trained, also where a model knows none of a text's words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from lib.data.model_inputs import PLAIN_READING
from lib.errors import ModelError
from lib.models import static
from lib.training import saving


@pytest.fixture(scope="module")
def static_model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static") / "model"
    model = static.distil(SentenceTransformer(str(tiny_model), device="cpu"), dimension=16)
    model.save_pretrained(str(folder), create_model_card=False)
    return folder


def test_a_text_of_unknown_words_alone_is_the_same_before_and_after(static_model: Path) -> None:
    """A static model gives it a vector of zeros, which has no direction to compare."""
    texts = ["", "\U0001faa4", "sort a list"]
    expected = SentenceTransformer(str(static_model), device="cpu").encode(texts)
    assert not expected[0].any()
    saving.check_saved(static_model, texts, expected, reading=PLAIN_READING)
    with pytest.raises(ModelError, match="other embeddings"):
        saving.check_saved(static_model, texts, expected[::-1], reading=PLAIN_READING)


def test_zeros_equal_zeros_and_nothing_else() -> None:
    rows = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 4.0], [np.nan, 1.0]])
    known = np.array([[0.0, 0.0], [1.0, 0.0], [6.0, 8.0], [0.0, 0.0]])
    found = saving.same_cosine(rows, known)
    assert found[:3] == pytest.approx([1.0, 0.0, 1.0])
    assert np.isnan(found[3])


def test_the_speed_of_encoding_is_that_of_distinct_texts(tiny_model: Path) -> None:
    model = SentenceTransformer(str(tiny_model), device="cpu")
    speed = saving.texts_per_second(model, ["sort a list", "open a file"] * 10)
    assert speed is not None
    assert 0 < speed < 1e6
    assert saving.texts_per_second(model, []) is None
