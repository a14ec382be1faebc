"""A static model is trained by the same trainer, at its own rate, without a transformer's settings."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from sentence_transformers import SentenceTransformer

from lib.data.model_inputs import ModelInputs
from lib.errors import InputError
from lib.models import static
from lib.progress import Silent
from lib.recipe.options import STATIC_RATE
from lib.recipe.presets import CLASSIC, RECOMMENDED
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.training.compatibility import adapt_recipe, check_max_length
from lib.training.run import train_model
from tests.unit.training.small import FAST, frame_of, train_small


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
    trained = train_model(
        inputs=ModelInputs.of(frame, Shape.PAIRS),
        model_name=str(static_model if kind == "static" else tiny_model),
        recipe=Recipe(epochs=2, learning_rate=1e-4, schedule="constant", warmup=0.0, threads=1),
        folder=tmp_path / "run",
        home=home,
        progress=says,
    )
    factor = STATIC_RATE if kind == "static" else 1.0
    assert says.rates
    assert says.rates[0] == pytest.approx(1e-4 * factor)
    assert any("50 times" in line for line in says.lines) == (kind == "static")
    facts = json.loads((trained.model_dir / "closer.json").read_text())
    assert facts["learning_rate_used"] == pytest.approx(1e-4 * factor)
    assert facts["texts_per_second"] > 0
    assert "- learning_rate_used: " in (trained.model_dir / "README.md").read_text()
    assert SentenceTransformer(str(trained.model_dir), device="cpu").encode(["alpha"]).shape[1] in (16, 32)


TRANSFORMERS_OWN = {
    "max_length": 8,
    "dropout": 0.3,
    "precision": "bf16",
    "packed": True,
    "frozen_layers": 1,
    "lora_rank": 4,
}


def test_a_static_model_trains_without_what_only_a_transformer_has(static_model: Path, tmp_path: Path) -> None:
    """It says what was left out, and its card holds what was done."""
    session = train_small(Shape.PAIRS, replace(FAST, epochs=1, **TRANSFORMERS_OWN), model=static_model, folder=tmp_path)
    (line,) = [line for line in session.progress.logs if "no transformer" in line]
    assert all(word in line for word in ("Max length", "Precision", "Dropout", "Frozen layers", "LoRA rank"))
    card = (session.result.model_dir / "README.md").read_text()
    assert "- lora_rank: 0" in card
    assert "- packed: false" in card


@pytest.mark.parametrize("recipe", [RECOMMENDED, CLASSIC])
def test_a_preset_asks_nothing_that_a_static_model_lacks(recipe: Recipe, static_model: Path) -> None:
    assert adapt_recipe(recipe, SentenceTransformer(str(static_model), device="cpu"))[1] == []


def test_a_transformer_keeps_its_settings(tiny_model: Path) -> None:
    recipe = Recipe(**TRANSFORMERS_OWN)
    assert adapt_recipe(recipe, SentenceTransformer(str(tiny_model), device="cpu")) == (recipe, [])


def test_dimensions_that_are_no_prefix_are_left_out_and_named(tiny_model: Path) -> None:
    recipe, notes = adapt_recipe(Recipe(matryoshka=(64, 32, 16)), SentenceTransformer(str(tiny_model), device="cpu"))
    assert recipe.matryoshka == (16,)
    assert notes == ["The model's vectors have 32 dimensions; left out of the Matryoshka ones: 64, 32."]


@pytest.mark.parametrize("length", [1, 2])
def test_a_max_length_of_special_tokens_alone_is_refused(length: int, tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2 special") as caught:
        train_small(Shape.PAIRS, replace(FAST, max_length=length), model=tiny_model, folder=tmp_path)
    assert "3 or more" in caught.value.todo
    assert not (tmp_path / "run" / "snapshots").exists()


def test_a_max_length_of_one_token_beside_the_special_ones_is_taken(tiny_model: Path) -> None:
    model = SentenceTransformer(str(tiny_model), device="cpu")
    refused = []
    for length in (0, 1, 2, 3):
        try:
            check_max_length(model, replace(FAST, max_length=length))
        except InputError:
            refused.append(length)
    assert refused == [1, 2]


@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant"])
@pytest.mark.parametrize(("rows", "epochs", "warmup", "steps"), [(7, 1, 0.1, 1), (7, 1, 1.0, 1), (120, 2, 0.5, 12)])
def test_every_step_learns(
    rows: int, epochs: int, warmup: float, steps: int, schedule: str, tiny_model: Path, tmp_path: Path
) -> None:
    """Also the only step of a training of five rows."""
    progress = Says()
    recipe = replace(FAST, epochs=epochs, warmup=warmup, schedule=schedule)
    train_small(
        Shape.PAIRS,
        recipe,
        model=tiny_model,
        folder=tmp_path,
        frame=frame_of(Shape.PAIRS, rows=rows),
        progress=progress,
    )
    assert len(progress.rates) == steps
    assert min(progress.rates) > 0
    assert max(progress.rates) <= FAST.learning_rate
    assert not any("No weight changed" in line for line in progress.lines)


def test_the_rate_rises_to_the_full_one_in_the_warm_up(tiny_model: Path, tmp_path: Path) -> None:
    progress = Says()
    recipe = replace(FAST, epochs=2, warmup=0.3, schedule="constant")
    train_small(Shape.PAIRS, recipe, model=tiny_model, folder=tmp_path, progress=progress)
    steps = len(progress.rates)
    warm = -(-steps * 3 // 10)
    expected = [min(1.0, (step + 1) / (warm + 1)) * FAST.learning_rate for step in range(steps)]
    assert progress.rates == pytest.approx(expected)


def test_a_training_that_changes_no_weight_says_so(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.optim.AdamW.step", lambda self, closure=None: None)
    progress = Says()
    session = train_small(Shape.PAIRS, replace(FAST, epochs=1), model=tiny_model, folder=tmp_path, progress=progress)
    assert any("No weight changed" in line for line in progress.lines)
    assert json.loads((session.result.model_dir / "closer.json").read_text())["weights_changed"] is False
