"""A static model is trained by the same trainer, at the rate that word vectors need."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sentence_transformers import SentenceTransformer

from lib.data.shapes import Shape
from lib.models import static
from lib.progress import Silent
from lib.training.recipe import Recipe
from lib.training.trainer import train


class Says(Silent):
    """Keeps what the training says."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.lines: list[str] = []

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None:
        self.rates.append(learning_rate)

    def log(self, text: str, *, level: str = "info") -> None:
        self.lines.append(text)


@pytest.fixture(scope="module")
def static_model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static") / "model"
    static.distil(SentenceTransformer(str(tiny_model), device="cpu"), dimension=16).save_pretrained(
        str(folder), create_model_card=False
    )
    return folder


@pytest.mark.parametrize("kind", ["static", "transformer"])
def test_only_a_static_model_learns_at_a_higher_rate(
    kind: str, static_model: Path, tiny_model: Path, home: Path, tmp_path: Path
) -> None:
    words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet"]
    parts = ["train"] * 6 + ["validation"] * 2 + ["held_out"] * 2
    frame = pd.DataFrame(
        {
            "line": range(2, 12),
            "part": parts,
            "component": range(10),
            "anchor": [f"what is {word}" for word in words],
            "positive": [f"{word} is a word" for word in words],
        }
    )
    says = Says()
    trained = train(
        dataset_frame=frame,
        shape=Shape.PAIRS,
        model_name=str(static_model if kind == "static" else tiny_model),
        recipe=Recipe(epochs=2, learning_rate=1e-4, schedule="constant", warmup=0.0, threads=1),
        folder=tmp_path / "run",
        home=home,
        progress=says,
    )
    factor = static.RATE_FACTOR if kind == "static" else 1.0
    assert says.rates
    assert says.rates[0] == pytest.approx(1e-4 * factor)
    assert any("50 times" in line for line in says.lines) == (kind == "static")
    assert SentenceTransformer(str(trained.model_dir), device="cpu").encode(["alpha"]).shape[1] in (16, 32)
