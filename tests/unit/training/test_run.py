"""A training told from outside: what it keeps, when it stops, what it writes, and how it fails."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sentence_transformers import SentenceTransformer

from lib.data.model_inputs import PLAIN_READING, ModelInputs
from lib.errors import CancelledError, InputError, ModelError, TrainingError
from lib.metrics import selection_metric
from lib.models.packed import switch
from lib.recipe import losses
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.store.publish import verify
from lib.training import loop, run, saving, st_trainer, validate
from lib.training.validation_sample import validation_inputs
from tests.unit.training.small import FAST, Recorder, Session, frame_of, train_small

NAMES = {shape: selection_metric(shape) for shape in Shape}


@pytest.fixture(scope="module")
def finished_training(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, Path]:
    """Finish a training of pairs, and provide its folder."""
    folder = tmp_path_factory.mktemp("finished")
    return train_small(Shape.PAIRS, FAST, model=tiny_model, folder=folder), folder / "run"


def test_base_is_measured_first_and_every_epoch_after(finished_training: tuple[Session, Path]) -> None:
    """Moments base, epoch-001, ... by the same code, with the metric that decides."""
    session, _ = finished_training
    assert [one["snapshot"] for one in session.progress.measurements] == [
        "base",
        *(f"epoch-{i:03d}" for i in range(1, 5)),
    ]
    assert all(NAMES[Shape.PAIRS] in one["metrics"] for one in session.progress.measurements)
    measured = {e["epoch"]: e["metrics"]["mrr@10"] for e in session.result.epochs if e["epoch"]}
    assert session.result.best_epoch == max(measured, key=lambda epoch: (measured[epoch], -epoch))
    assert session.result.seconds > 0
    assert session.result.peak_memory > 10_000_000


def test_of_large_data_each_batch_is_tokenised_in_its_turn(
    finished_training: tuple[Session, Path], tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The word vectors are trained as where only those in use are: the results differ by rounding."""
    monkeypatch.setattr(loop, "MAX_TOKENIZED_ROWS", 10)
    session = train_small(Shape.PAIRS, FAST, model=tiny_model, folder=tmp_path)
    np.testing.assert_allclose(session.progress.losses, finished_training[0].progress.losses, rtol=1e-5)
    last, expected = (one.result.epochs[-1]["metrics"] for one in (session, finished_training[0]))
    assert last == pytest.approx(expected, abs=1e-6)


def test_the_best_epochs_weights_are_the_saved_ones(finished_training: tuple[Session, Path]) -> None:
    """The folder gives the vectors of the snapshot "best", which are those of that epoch."""
    session, folder = finished_training
    texts = pd.read_parquet(folder / "snapshots" / "texts.parquet")["text"].tolist()
    best = np.load(folder / "snapshots" / "best.npy")
    epoch = np.load(folder / "snapshots" / f"epoch-{session.result.best_epoch:03d}.npy")
    saved = SentenceTransformer(str(session.result.model_dir), device="cpu").encode(texts, normalize_embeddings=True)
    assert np.allclose(best, epoch, atol=1e-5)
    assert (best * saved).sum(axis=1).min() > 0.9999
    snapshots = json.loads((folder / "snapshots" / "index.json").read_text())["moments"]
    assert [snapshots[0]["name"], snapshots[-1]["name"]] == ["base", "best"]


def test_the_folder_is_whole_and_its_card_ours(finished_training: tuple[Session, Path]) -> None:
    """Manifest verifies; recipe, numbers and versions are in the card, no training text is anywhere."""
    session, folder = finished_training
    model_dir = session.result.model_dir
    assert verify(model_dir) == []
    card = (model_dir / "README.md").read_text()
    for words in ("learning_rate: 0.002", "SentenceTransformer(", "sentence-transformers 6", "| 0 |", "MRR@10"):
        assert words in card
    files = card + (model_dir / "closer.json").read_text()
    frame = frame_of(Shape.PAIRS)
    assert not [text for text in [*frame["anchor"], *frame["positive"]] if text in files]
    assert not list(folder.rglob("*.pkl")) + list(folder.rglob("*.pt")) + list(folder.rglob("*.bin"))


@pytest.mark.parametrize(
    ("shape", "settings"),
    [
        (Shape.PAIRS, {"matryoshka": (16, 8)}),
        (Shape.SCORED, {"matryoshka": (16,), "loss": "CosineSimilarity"}),
        (Shape.LABELLED_TEXTS, {"matryoshka": (16,)}),
        (Shape.PAIRS, {"lora_rank": 4}),
        (Shape.TRIPLETS, {"lora_rank": 4, "matryoshka": (16,)}),
        (Shape.PAIRS, {"hard_negatives": 2}),
        (Shape.PAIRS, {"hard_negatives": 1, "loss": "CachedMultipleNegativesRanking"}),
        (Shape.PAIRS, {"directions": "symmetric"}),
        (Shape.PAIRS, {"directions": "all"}),
        (Shape.PAIRS, {"frozen_layers": 1}),
        (Shape.PAIRS, {"frozen_layers": 1, "loss": "GISTEmbed"}),
        (Shape.PAIRS, {"packed": False, "precision": "bf16"}),
        (Shape.PAIRS, {"precision": "bf16"}),
        (Shape.PAIRS, {"max_length": 8, "schedule": "cosine", "weight_decay": 0.01}),
        (Shape.PAIRS, {"schedule": "constant", "warmup": 0.0, "scale": 50.0}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value.value,
)
def test_options_lower_the_loss_and_save_a_plain_model(
    shape: Shape, settings: dict[str, Any], tiny_model: Path, tmp_path: Path
) -> None:
    """Around any loss: the loss falls, and the folder loads with no adapter left in it."""
    session = train_small(shape, replace(FAST, **settings), model=tiny_model, folder=tmp_path)
    assert session.progress.mean_loss(4) < session.progress.mean_loss(1)
    model = SentenceTransformer(str(session.result.model_dir), device="cpu")
    assert not [name for name in model.state_dict() if "lora" in name]
    assert not (session.result.model_dir / "adapter_config.json").exists()
    assert np.isfinite(model.encode(["sort a list"])).all()


@pytest.mark.parametrize("settings", [{"lora_rank": 4}, {"lora_rank": 4, "frozen_layers": 1, "packed": False}])
def test_merged_matrices_give_the_vectors_that_were_measured(
    settings: dict[str, Any], tiny_model: Path, tmp_path: Path
) -> None:
    """Merge the matrices into the weights after the snapshot; the saved folder gives the same vectors."""
    session = train_small(Shape.PAIRS, replace(FAST, **settings), model=tiny_model, folder=tmp_path)
    snapshots = tmp_path / "run" / "snapshots"
    texts = pd.read_parquet(snapshots / "texts.parquet")["text"].tolist()
    before, base = np.load(snapshots / "best.npy"), np.load(snapshots / "base.npy")
    saved = SentenceTransformer(str(session.result.model_dir), device="cpu").encode(texts, normalize_embeddings=True)
    assert (before * saved).sum(axis=1).min() > 0.9999
    assert (before * base).sum(axis=1).min() < 0.999


def test_matrices_over_frozen_layers_learn_the_same_packed_and_padded(tiny_model: Path, tmp_path: Path) -> None:
    """Packed, what the frozen layers make of a text is looked up; the losses are those of computing it."""
    recipe = replace(FAST, epochs=2, lora_rank=4, frozen_layers=1)
    quick = train_small(Shape.PAIRS, recipe, model=tiny_model, folder=tmp_path / "quick")
    plain = train_small(Shape.PAIRS, replace(recipe, packed=False), model=tiny_model, folder=tmp_path / "plain")
    assert np.allclose(quick.progress.losses, plain.progress.losses, rtol=1e-4)


@pytest.mark.parametrize("loss", losses.losses_for(Shape.PAIRS), ids=lambda loss: loss.name)
def test_every_loss_learns_the_same_over_frozen_layers_packed_and_padded(
    loss: losses.Loss, tiny_model: Path, tmp_path: Path
) -> None:
    """Train over frozen layers whose activations are cached, in batches larger than a cached loss embeds.

    A guide reads tokens, never the cached activations.
    """
    recipe = replace(FAST, loss=loss.name, epochs=2, frozen_layers=1, batch_size=40)
    quick = train_small(Shape.PAIRS, recipe, model=tiny_model, folder=tmp_path / "quick")
    plain = train_small(Shape.PAIRS, replace(recipe, packed=False), model=tiny_model, folder=tmp_path / "plain")
    assert len(quick.progress.losses) >= 4
    assert np.allclose(quick.progress.losses, plain.progress.losses, rtol=1e-3)


@pytest.mark.parametrize("settings", [{}, {"lora_rank": 4}, {"lora_rank": 4, "packed": False}], ids=str)
def test_frozen_layers_stay_and_others_move(settings: dict[str, Any], tiny_model: Path, tmp_path: Path) -> None:
    """Word vectors and the lowest layer keep their bits, whatever is trained of the others."""
    session = train_small(Shape.PAIRS, replace(FAST, frozen_layers=1, **settings), model=tiny_model, folder=tmp_path)
    before = SentenceTransformer(str(tiny_model), device="cpu").state_dict()
    after = SentenceTransformer(str(session.result.model_dir), device="cpu").state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved
    assert all(".layer.1." in name or "pooler" in name for name in moved)


def test_early_stopping_and_looks_apart(tiny_model: Path, tmp_path: Path) -> None:
    """With a rate that changes nothing no look gains: the first is kept and the second ends it."""
    recipe = replace(FAST, learning_rate=1e-8, epochs=50, patience=1, evaluate_every=2)
    session = train_small(Shape.PAIRS, recipe, model=tiny_model, folder=tmp_path)
    assert [e["epoch"] for e in session.result.epochs] == [0, 2, 4]
    assert session.result.best_epoch == 2


class Cancels(Recorder):
    """Asks to stop at a step."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step, self.steps = step, 0

    def check(self) -> None:
        if len(self.losses) >= self.step:
            raise CancelledError("Stopped by you.")


def test_cancelled_keeps_the_best_so_far_and_says_partial(tiny_model: Path, tmp_path: Path) -> None:
    """After an epoch there is something to keep."""
    with pytest.raises(CancelledError):
        train_small(Shape.PAIRS, FAST, model=tiny_model, folder=tmp_path, progress=Cancels(8))
    (card,) = (tmp_path / "run").glob("*/closer.json")
    assert json.loads(card.read_text())["partial"] is True
    assert verify(card.parent) == []


def test_cancelled_before_anything_was_learnt_keeps_nothing(tiny_model: Path, tmp_path: Path) -> None:
    """In the first epoch there is no model yet."""
    with pytest.raises(CancelledError):
        train_small(Shape.PAIRS, FAST, model=tiny_model, folder=tmp_path, progress=Cancels(2))
    assert not list((tmp_path / "run").glob("*/closer.json"))


def bad_loss_after(monkeypatch: pytest.MonkeyPatch, step: int, outcome: float | BaseException) -> None:
    """Let the stock trainer's loss be this from a step on."""
    stock = st_trainer.SentenceTransformerTrainer.compute_loss
    steps = iter(range(1, 1000))

    def compute(self: Any, *args: Any, **named: Any) -> Any:
        value = stock(self, *args, **named)
        if next(steps) < step:
            return value
        if isinstance(outcome, BaseException):
            raise outcome
        return value * outcome

    monkeypatch.setattr(st_trainer.SentenceTransformerTrainer, "compute_loss", compute)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_and_keeps_the_best(
    value: float, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the step and what to lower; the first epoch's model is there, marked partial."""
    bad_loss_after(monkeypatch, 8, value)
    with pytest.raises(TrainingError, match=r"step 8.*learning rate"):
        train_small(Shape.PAIRS, FAST, model=tiny_model, folder=tmp_path)
    (card,) = (tmp_path / "run").glob("*/closer.json")
    assert json.loads(card.read_text())["best_epoch"] == 1


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")])
def test_out_of_memory_names_what_to_lower(
    error: BaseException, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch size and the max length, with their present values."""
    bad_loss_after(monkeypatch, 1, error)
    with pytest.raises(TrainingError, match=r"batch size \(now 16\).*max length \(now 128"):
        train_small(Shape.PAIRS, FAST, model=tiny_model, folder=tmp_path)


def test_an_unforeseen_error_stays_itself(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug is not dressed up as a lack of memory."""
    bad_loss_after(monkeypatch, 1, RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes"):
        train_small(Shape.PAIRS, FAST, model=tiny_model, folder=tmp_path)


def test_a_huge_rate_fails_clearly_or_keeps_finite_weights(tiny_model: Path, tmp_path: Path) -> None:
    """Learning rate 1e6: never a model with weights that are no numbers."""
    with pytest.raises(TrainingError, match="learning rate"):
        train_small(Shape.PAIRS, replace(FAST, learning_rate=1e6, warmup=0.0), model=tiny_model, folder=tmp_path)
    assert not list((tmp_path / "run").glob("*/closer.json"))


@pytest.mark.parametrize(("step", "kept"), [(2, False), (8, True)])
def test_a_failure_says_that_something_is_kept_only_where_it_is(
    step: int, kept: bool, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the first epoch there is nothing yet."""
    bad_loss_after(monkeypatch, step, float("nan"))
    with pytest.raises(TrainingError, match=f"step {step}") as caught:
        train_small(Shape.PAIRS, FAST, model=tiny_model, folder=tmp_path)
    assert ("best epoch so far is kept" in str(caught.value)) == kept
    assert bool(list((tmp_path / "run").glob("*/closer.json"))) == kept


def test_a_metric_that_is_no_number_is_refused_before_anything_is_trained(tiny_model: Path, tmp_path: Path) -> None:
    """All scores of the validation part alike: their ranks say nothing."""
    frame = frame_of(Shape.SCORED)
    frame.loc[frame["part"] == "validation", "score"] = 0.5
    progress = Recorder()
    with pytest.raises(TrainingError, match="spearman"):
        train_small(Shape.SCORED, FAST, model=tiny_model, folder=tmp_path, frame=frame, progress=progress)
    assert progress.losses == []


def test_an_epoch_without_a_metric_is_never_the_best(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its vectors lie at one place; a later epoch takes its place."""
    measured = iter([0.4, float("nan"), 0.3, float("nan"), 0.35])
    monkeypatch.setattr(validate, "measure", lambda task, rows: {"mrr@10": next(measured)})
    assert train_small(Shape.PAIRS, FAST, model=tiny_model, folder=tmp_path).result.best_epoch == 4


def test_one_label_in_the_validation_part_is_told(tiny_model: Path, tmp_path: Path) -> None:
    frame = frame_of(Shape.LABELLED_PAIRS)
    frame.loc[frame["part"] == "validation", "label"] = "1"
    session = train_small(Shape.LABELLED_PAIRS, replace(FAST, epochs=1), model=tiny_model, folder=tmp_path, frame=frame)
    assert any("Split again" in line for line in session.progress.logs)


def test_threads_of_one_run_are_not_those_of_the_next(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One worker does many runs: 0 means all again, also after a run that failed."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        train_small(Shape.PAIRS, replace(FAST, epochs=1, threads=1), model=tiny_model, folder=tmp_path / "one")
        session = train_small(
            Shape.PAIRS, replace(FAST, epochs=1, threads=0), model=tiny_model, folder=tmp_path / "all"
        )
        assert any("2 threads" in line for line in session.progress.logs)
        bad_loss_after(monkeypatch, 1, float("nan"))
        with pytest.raises(TrainingError):
            train_small(Shape.PAIRS, FAST, model=tiny_model, folder=tmp_path / "failed")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_texts_that_the_base_cannot_tell_apart_are_named_before_the_first_step(
    tiny_model: Path, tmp_path: Path
) -> None:
    """Thai words are one unknown token each for the English vocabulary, so all texts have one vector."""
    frame = frame_of(Shape.PAIRS, rows=60)
    words = {name: [f"{sign * (at + 1)}" for at in range(60)] for name, sign in (("anchor", "ก"), ("positive", "ข"))}
    session = train_small(
        Shape.PAIRS, replace(FAST, epochs=1), model=tiny_model, folder=tmp_path, frame=frame.assign(**words)
    )
    log = "\n".join(session.progress.logs)
    assert "Nearly all vectors of the base model are equal" in log
    assert "of the tokens are unknown to" in log
    english = train_small(Shape.PAIRS, replace(FAST, epochs=1), model=tiny_model, folder=tmp_path / "english")
    assert "unknown" not in "\n".join(english.progress.logs)


@pytest.mark.parametrize("packed", [True, False])
def test_the_log_says_how_batches_are_computed_and_nothing_is_printed(
    packed: bool, tiny_model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Standard output is a command's result; the stock trainer's own callbacks are out."""
    session = train_small(Shape.PAIRS, replace(FAST, epochs=1, packed=packed), model=tiny_model, folder=tmp_path)
    layout = "packed" if packed else "padded"
    assert any(line.startswith(f"Batches are {layout}") and "fp32" in line for line in session.progress.logs)
    assert capfd.readouterr().out == ""


def test_weights_that_are_no_numbers_are_not_saved(tiny_model: Path) -> None:
    model = SentenceTransformer(str(tiny_model), device="cpu")
    with torch.no_grad():
        next(model.parameters())[0, 0] = float("nan")
    with pytest.raises(TrainingError, match="not finite"):
        saving.check_weights(model)


def test_a_saved_model_that_differs_is_found(tiny_model: Path) -> None:
    """Other vectors than in memory, or none that are numbers: refused."""
    expected = SentenceTransformer(str(tiny_model), device="cpu").encode(["sort", "open a file"])
    saving.check_saved(tiny_model, ["sort", "open a file"], expected, reading=PLAIN_READING)
    with pytest.raises(ModelError, match="other embeddings"):
        saving.check_saved(tiny_model, ["sort", "open a file"], expected[::-1], reading=PLAIN_READING)
    with pytest.raises(ModelError, match="other embeddings"):
        saving.check_saved(tiny_model, ["sort", "open a file"], expected * np.nan, reading=PLAIN_READING)


def test_killed_while_saving_resumes_at_the_end(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All steps done, no model yet: the next attempt only saves."""
    with monkeypatch.context() as patch:
        patch.setattr(run, "save_model", lambda *given, **named: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            train_small(Shape.PAIRS, FAST, model=tiny_model, folder=tmp_path)
    session = train_small(Shape.PAIRS, FAST, model=tiny_model, folder=tmp_path)
    assert session.progress.losses == []
    assert verify(session.result.model_dir) == []


def test_trained_again_from_a_tuned_model(tiny_model: Path, tmp_path: Path) -> None:
    """A second training starts where the first ended: its base is the first's best."""
    first = train_small(Shape.PAIRS, FAST, model=tiny_model, folder=tmp_path / "first")
    second = train_small(Shape.PAIRS, FAST, model=first.result.model_dir, folder=tmp_path / "second")
    best = next(e for e in first.result.epochs if e["epoch"] == first.result.best_epoch)
    assert second.result.epochs[0]["metrics"]["mrr@10"] == pytest.approx(best["metrics"]["mrr@10"], abs=0.02)


def test_a_guide_is_the_base_even_when_packed(tiny_model: Path) -> None:
    """The student's steps must not move its guide."""
    model = SentenceTransformer(str(tiny_model), device="cpu").eval()
    with switch.packing(model) as on:
        guide = losses.build_loss(model, Recipe(loss="GISTEmbed")).guide
        before = guide(guide.preprocess(["sort a list"]))["sentence_embedding"]
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter))
        after = guide(guide.preprocess(["sort a list"]))["sentence_embedding"]
    assert on
    assert torch.equal(before, after)


@pytest.mark.parametrize("shape", [Shape.LABELLED_PAIRS, Shape.LABELLED_TEXTS])
def test_one_label_is_refused(shape: Shape, tiny_model: Path, tmp_path: Path) -> None:
    """With one label there is nothing to tell apart."""
    frame = frame_of(shape).assign(label="1")
    with pytest.raises(InputError, match="label"):
        train_small(shape, FAST, model=tiny_model, folder=tmp_path, frame=frame)


def test_large_validation_is_cut_and_says_so() -> None:
    """Within the limit, always the same rows, and every right target of a chosen source."""
    count = 3_000
    frame = pd.DataFrame(
        {
            "anchor": [f"question {i % 2_900}" for i in range(count)],
            "positive": [f"answer {i}" for i in range(count)],
            "part": ["validation" if i % 5 == 0 else "train" for i in range(count)],
        }
    )
    inputs = ModelInputs.of(frame, Shape.PAIRS)
    sample, words = validation_inputs(inputs, limit=1_000)
    seen = sample.frame
    assert "of 600 validation rows" in words
    assert len(pd.unique(seen[["anchor", "positive"]].to_numpy().ravel())) <= 1_100
    asked = set(seen.loc[seen["part"] == "validation", "anchor"])
    assert set(frame.loc[frame["anchor"].isin(asked), "positive"]) <= set(seen["positive"])
    assert seen.index.equals(validation_inputs(inputs, limit=1_000)[0].frame.index)
    assert validation_inputs(inputs, limit=10_000) == (inputs, "")
