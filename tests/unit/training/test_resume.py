"""A training that was cut off anywhere ends with the same bits as one that was not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lib.errors import TrainingError
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.store.free_space import remove_checkpoints
from lib.store.layout import RunPaths
from lib.training import cadence, checkpoints, validate
from tests.unit.training.small import FAST, Recorder, frame_of, train_small

ROOT = Path(__file__).resolve().parents[3]
WEIGHTS = "model.safetensors"


class CutError(BaseException):
    """Stands for a process that ends at once: no handler of the product sees it."""


class Cut(Recorder):
    """Ends the training when a step's loss is told."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None:
        if step == self.step:
            raise CutError
        super().loss(step=step, epoch=epoch, loss=loss, learning_rate=learning_rate)


def weights(folder: Path) -> bytes:
    """Read the bytes of the one tuned model in a run's folder."""
    found = [path for path in folder.glob(f"run/*/{WEIGHTS}") if (path.parent / "modules.json").exists()]
    assert len(found) == 1
    return found[0].read_bytes()


VARIANTS: dict[str, tuple[Shape, Recipe]] = {
    "dropout": (Shape.PAIRS, replace(FAST, dropout=0.2, epochs=3)),
    "cosine-classic": (Shape.PAIRS, replace(FAST, packed=False, schedule="cosine", dropout=-1.0, epochs=3)),
    "softmax": (Shape.LABELLED_PAIRS, replace(FAST, loss="Softmax", epochs=3)),
    "lora": (Shape.SCORED, replace(FAST, lora_rank=4, dropout=0.1, epochs=3)),
    "labels": (Shape.LABELLED_TEXTS, replace(FAST, dropout=0.1, epochs=3)),
    "triplets": (Shape.TRIPLETS, replace(FAST, loss="Triplet", epochs=3)),
    "guided": (Shape.PAIRS, replace(FAST, loss="GISTEmbed", epochs=3)),
    "cached-guided": (Shape.PAIRS, replace(FAST, loss="CachedGISTEmbed", batch_size=40, dropout=0.1, frozen_layers=1)),
    "frozen": (Shape.PAIRS, replace(FAST, frozen_layers=1, epochs=3)),
    "mined": (Shape.PAIRS, replace(FAST, hard_negatives=2, negative_margin=0.0, epochs=3)),
}


@pytest.mark.parametrize("name", list(VARIANTS))
def test_cut_and_resumed_equals_uninterrupted(
    name: str, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut in the middle of an epoch, with a checkpoint after each step.

    A loss's own weights and dropout are included.
    """
    monkeypatch.setattr(cadence, "CHECKPOINT_SECONDS", 0.0)
    shape, recipe = VARIANTS[name]
    frame = frame_of(shape)
    train_small(shape, recipe, model=tiny_model, folder=tmp_path / "whole", frame=frame)
    with pytest.raises(CutError):
        train_small(shape, recipe, model=tiny_model, folder=tmp_path / "cut", frame=frame, progress=Cut(8))
    session = train_small(shape, recipe, model=tiny_model, folder=tmp_path / "cut", frame=frame)
    assert session.progress.steps_resumed == [7]
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")


def run_child(model: Path, folder: Path, step: int) -> int:
    """Train in a process of its own and return how it ended."""
    command = [sys.executable, "-m", "tests.unit.training.killed", str(model), str(folder), str(step)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False).returncode


def test_killed_process_resumes_to_the_same_bits(tiny_model: Path, tmp_path: Path) -> None:
    """kill -9 twice, then to the end, against a process that nobody killed."""
    assert run_child(tiny_model, tmp_path / "whole", 0) == 0
    assert run_child(tiny_model, tmp_path / "killed", 3) == -9
    assert run_child(tiny_model, tmp_path / "killed", 13) == -9
    assert run_child(tiny_model, tmp_path / "killed", 0) == 0
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")


def test_same_seed_same_bits_other_seed_others(tiny_model: Path, tmp_path: Path) -> None:
    """The seed decides everything; nothing else does."""
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        train_small(Shape.PAIRS, replace(FAST, epochs=1, seed=seed), model=tiny_model, folder=tmp_path / name)
    assert weights(tmp_path / "one") == weights(tmp_path / "again")
    assert weights(tmp_path / "one") != weights(tmp_path / "other")


def newest_two(folder: Path) -> list[Path]:
    """List the checkpoints of a run, newest first."""
    return sorted((folder / "run" / "checkpoints").glob("step-*"), reverse=True)


@pytest.fixture(scope="module")
def interrupted_run(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cut a run in its third epoch, with a checkpoint after each of the first two."""
    folder = tmp_path_factory.mktemp("interrupted")
    with pytest.raises(CutError), pytest.MonkeyPatch.context() as patch:
        patch.setattr(cadence, "CHEAP_CHECKPOINT_SECONDS", 60.0)
        train_small(Shape.PAIRS, replace(FAST, epochs=3), model=tiny_model, folder=folder, progress=Cut(13))
    return folder


def test_damaged_newest_checkpoint_gives_way_to_the_older(
    interrupted_run: Path, tiny_model: Path, tmp_path: Path
) -> None:
    """One flipped bit in the newest: told, not used, and the end is the same."""
    import shutil

    train_small(Shape.PAIRS, replace(FAST, epochs=3), model=tiny_model, folder=tmp_path / "whole")
    shutil.copytree(interrupted_run, tmp_path / "damaged")
    victim = newest_two(tmp_path / "damaged")[0] / "optimizer.safetensors"
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(bytes(data))
    session = train_small(Shape.PAIRS, replace(FAST, epochs=3), model=tiny_model, folder=tmp_path / "damaged")
    assert session.progress.steps_resumed == [6]
    assert any("damaged" in line and "optimizer.safetensors" in line for line in session.progress.logs)
    assert weights(tmp_path / "damaged") == weights(tmp_path / "whole")


def test_all_checkpoints_damaged_fails_clearly(interrupted_run: Path, tiny_model: Path, tmp_path: Path) -> None:
    """Starting again from zero would be another run: it fails and says why."""
    import shutil

    shutil.copytree(interrupted_run, tmp_path / "damaged")
    for folder in newest_two(tmp_path / "damaged"):
        (folder / WEIGHTS).unlink()
    with pytest.raises(TrainingError, match="damaged"):
        train_small(Shape.PAIRS, replace(FAST, epochs=3), model=tiny_model, folder=tmp_path / "damaged")


def test_costly_checkpoints_are_few_and_the_end_is_the_same(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Save after the first epoch and the last one only; cut in between, it ends in the same bits."""
    recipe = replace(FAST, epochs=4, dropout=0.1)
    train_small(Shape.PAIRS, recipe, model=tiny_model, folder=tmp_path / "whole")
    monkeypatch.setattr(cadence, "CHEAP_CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(cadence, "CHECKPOINT_SHARE", 1e-9)
    train_small(Shape.PAIRS, recipe, model=tiny_model, folder=tmp_path / "few")
    assert [path.name for path in newest_two(tmp_path / "few")] == ["step-00000024", "step-00000006"]
    with pytest.raises(CutError):
        train_small(Shape.PAIRS, recipe, model=tiny_model, folder=tmp_path / "cut", progress=Cut(20))
    session = train_small(Shape.PAIRS, recipe, model=tiny_model, folder=tmp_path / "cut")
    assert session.progress.steps_resumed == [6]
    assert weights(tmp_path / "few") == weights(tmp_path / "cut") == weights(tmp_path / "whole")


def test_each_process_gets_its_own_generators_back(tmp_path: Path) -> None:
    """And one that a checkpoint of fewer processes does not know, those of the first."""
    states, expected = [], []
    for seed in (1, 2):
        torch.manual_seed(seed)
        states.append(checkpoints.torch_random())
        expected.append(torch.rand(3).tolist())
    checkpoints.save_random(tmp_path, states)
    for rank, values in enumerate([*expected, expected[0]]):
        checkpoints.restore_random(tmp_path, rank=rank)
        assert torch.rand(3).tolist() == values


def test_a_checkpoint_holds_no_pickle(interrupted_run: Path) -> None:
    """safetensors and json only, and two checkpoints at most beside the best."""
    found = newest_two(interrupted_run)
    assert len(found) == checkpoints.KEPT_CHECKPOINTS
    for folder in found:
        assert {path.suffix for path in folder.iterdir()} == {".safetensors", ".json"}
        assert json.loads((folder / "random.json").read_text())["numpy"][0] == "MT19937"


def test_a_run_that_goes_on_and_gets_no_better_keeps_its_model(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its best epoch stands in the tuned model alone, once the run had ended."""
    train_small(Shape.PAIRS, replace(FAST, epochs=2), model=tiny_model, folder=tmp_path)
    before, paths = weights(tmp_path), RunPaths(tmp_path / "run")
    remove_checkpoints(paths, keep_newest=True)
    assert [path.name[:5] for path in paths.checkpoints.iterdir()] == ["step-"]
    measured = validate.measure
    monkeypatch.setattr(validate, "measure", lambda task, rows: dict.fromkeys(measured(task, rows), 0.0))
    session = train_small(Shape.PAIRS, replace(FAST, epochs=3), model=tiny_model, folder=tmp_path)
    assert session.result.best_epoch <= 2
    assert [epoch["epoch"] for epoch in session.result.epochs] == [0, 1, 2, 3]
    assert weights(tmp_path) == before
    remove_checkpoints(paths, keep_newest=True)
    (session.result.model_dir / WEIGHTS).unlink()
    with pytest.raises(TrainingError, match="damaged or gone"):
        train_small(Shape.PAIRS, replace(FAST, epochs=4), model=tiny_model, folder=tmp_path)
