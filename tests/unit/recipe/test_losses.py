"""Every loss of every shape lowers itself and writes a model that loads with none of our code."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import losses as stock

from lib.recipe import losses
from lib.recipe.losses import LOSSES, Loss, losses_for
from lib.recipe.recipe import FIELDS, Recipe
from lib.shapes import Shape
from tests.unit.training.small import FAST, frame_of, train_small

EVERY = [(shape, loss.name) for shape in Shape for loss in losses_for(shape)]


@pytest.mark.parametrize(("shape", "loss"), EVERY, ids=[f"{shape.value}-{loss}" for shape, loss in EVERY])
def test_loss_falls_and_the_model_loads(shape: Shape, loss: str, tiny_model: Path, tmp_path: Path) -> None:
    """The last epoch's mean loss is below the first's; the saved folder holds another model than the base."""
    frame = frame_of(shape, classes=3 if loss == "Softmax" else 2)
    session = train_small(shape, replace(FAST, loss=loss), model=tiny_model, folder=tmp_path, frame=frame)
    assert session.progress.mean_loss(4) < session.progress.mean_loss(1)
    texts = ["sort a list", "list sorter (list)"]
    tuned = SentenceTransformer(str(session.result.model_dir), device="cpu").encode(texts)
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


def class_of(loss: Loss) -> type[torch.nn.Module]:
    """Find sentence-transformers' class of a loss."""
    return next(getattr(stock, loss.name + end) for end in ("Loss", "TripletLoss") if hasattr(stock, loss.name + end))


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> SentenceTransformer:
    return SentenceTransformer(str(tiny_model), device="cpu").eval()


def value_of(model: SentenceTransformer, loss: Loss, columns: tuple[list[str], ...]) -> float:
    """Compute the loss of a batch of texts by column."""
    loss_module = losses.build_loss(model, Recipe(loss=loss.name))
    with torch.no_grad():
        return float(loss_module([model.preprocess(column) for column in columns], torch.zeros(len(columns[0]))))


@pytest.mark.parametrize("loss", LOSSES.values(), ids=list(LOSSES))
class TestEveryRecord:
    """A record that is incomplete or wrong fails here, and not in a training."""

    def test_words(self, loss: Loss) -> None:
        assert loss.title[0].isupper()
        assert loss.help.endswith(".")
        assert loss.shapes
        assert sum(loss.title == other.title for other in LOSSES.values()) == 1

    def test_builds_its_own_class(self, loss: Loss, model: SentenceTransformer) -> None:
        assert type(losses.build_loss(model, Recipe(loss=loss.name))) is class_of(loss)

    def test_settings_are_those_that_it_reads(self, loss: Loss, model: SentenceTransformer) -> None:
        """Scale, directions and margin where its class takes them from the recipe, and then they arrive there."""
        assert set(loss.settings) <= set(FIELDS)
        changes = {"scale": 7.0, "margin": 3.0, "directions": "symmetric"}
        plain = facts_of(losses.build_loss(model, Recipe(loss=loss.name)))
        for name, value in changes.items():
            loss_module = losses.build_loss(model, Recipe(loss=loss.name, **{name: value}))  # type: ignore[arg-type]
            assert (facts_of(loss_module) != plain) == (name in loss.settings), name

    def test_a_guide_is_there_where_its_class_wants_one(self, loss: Loss) -> None:
        assert loss.has_guide == ("guide" in inspect.signature(class_of(loss).__init__).parameters)

    def test_it_calls_the_model_where_it_embeds_parts_or_has_a_guide(
        self, loss: Loss, model: SentenceTransformer
    ) -> None:
        loss_module, sizes = losses.build_loss(model, Recipe(loss=loss.name)), []
        hook = model.register_forward_pre_hook(lambda module, args: sizes.append(len(args[0]["input_ids"])))
        count = 2 * losses.MINI_BATCH
        columns = 1 if Shape.LABELLED_TEXTS in loss.shapes else 3 if loss.shapes == (Shape.TRIPLETS,) else 2
        loss_module([model.preprocess(["sort a list"] * count) for _ in range(columns)], torch.arange(count) % 2)
        hook.remove()
        assert loss.calls_model == (loss.has_guide or min(sizes) < count)

    def test_it_gathers_across_processes_where_its_class_can(self, loss: Loss, model: SentenceTransformer) -> None:
        assert loss.gathers == ("gather_across_devices" in inspect.signature(class_of(loss).__init__).parameters)
        for processes in (1, 2):
            loss_module = losses.build_loss(model, Recipe(loss=loss.name), processes=processes)
            assert getattr(loss_module, "gather_across_devices", False) == (loss.gathers and processes > 1)

    def test_matryoshka_goes_around_all_but_a_classifier(self, loss: Loss) -> None:
        assert loss.allows_matryoshka == (loss.name != "Softmax")

    def test_other_rows_of_the_batch_count_where_it_says_so(self, loss: Loss, model: SentenceTransformer) -> None:
        """Then a batch's loss is not the mean of its rows' losses."""
        if not set(loss.shapes) & {Shape.PAIRS, Shape.TRIPLETS}:
            assert not loss.in_batch
            return
        columns = (["sort a list", "open a file"], ["list sorter", "file opener"], ["key", "queue"])
        columns = columns if loss.shapes == (Shape.TRIPLETS,) else columns[:2]
        if loss.name == "MegaBatchMargin":  # a batch of one has no other target
            assert loss.in_batch
            return
        rows = [value_of(model, loss, tuple([column[row]] for column in columns)) for row in (0, 1)]
        batch_loss = value_of(model, loss, columns)
        assert loss.in_batch == (abs(batch_loss - sum(rows) / 2) > 1e-6)

    def test_a_static_model_takes_it_unless_it_says_so(self, loss: Loss, model: SentenceTransformer) -> None:
        from sentence_transformers.sentence_transformer.modules import StaticEmbedding

        static = SentenceTransformer(modules=[StaticEmbedding(model.tokenizer.backend_tokenizer, embedding_dim=8)])
        columns = (["sort a list", "open a file", "a list", "a file"],) * (
            1 if Shape.LABELLED_TEXTS in loss.shapes else 2
        )
        columns = (*columns, columns[0]) if loss.shapes == (Shape.TRIPLETS,) else columns
        labels = torch.tensor([0, 1, 0, 1])

        def compute() -> torch.Tensor:
            loss_module = losses.build_loss(static, Recipe(loss=loss.name))
            return loss_module([static.preprocess(column) for column in columns], labels)

        if loss.needs_transformer:
            with pytest.raises(ValueError, match="Static|PreTrainedTokenizer"):
                compute()
        else:
            assert torch.isfinite(compute())


def facts_of(loss: torch.nn.Module) -> dict[str, object]:
    """Collect a loss's plain attributes, those of a loss inside it included."""
    return {
        f"{at}.{name}": value
        for at, module in loss.named_modules()
        if type(module).__module__.startswith(stock.__name__)
        for name, value in vars(module).items()
        if isinstance(value, int | float | str | tuple | list)
    }


@pytest.mark.parametrize("shape", Shape)
def test_the_default_of_a_shape_fits_every_model(shape: Shape) -> None:
    assert losses_for(shape)[0] == losses_for(shape, static=True)[0]
