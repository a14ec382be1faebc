"""Damaged checkpoints, models and datasets are noticed; nothing goes on silently with something else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lib.store.publish import MANIFEST
from tests.faults.conftest import Farm, weights
from tests.faults.template import Template

FILES = (
    "model.safetensors",
    "loss.safetensors",
    "optimizer.safetensors",
    "optimizer.json",
    "scheduler.json",
    "random.safetensors",
    "random.json",
    "trainer_state.json",
    "history.json",
    MANIFEST,
)
DAMAGES = ("missing", "truncated", "flipped", "zeroed")


@pytest.fixture(scope="module")
def half_done(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, template: Template):
    """Train two of three epochs, keep the workspace as it was then, and finish it for the reference bits."""
    import time

    from tests.faults.conftest import kill

    home = tmp_path_factory.mktemp("half")
    farm = Farm(home / "workspace", tiny_model, template)
    farm.home.mkdir()
    run = farm.add(epochs=3, patience=0)
    process = farm.start()
    farm.wait_for(
        lambda: (
            (run.paths.checkpoints / "step-00000008").is_dir() or len(list(run.paths.checkpoints.glob("step-*"))) >= 2
        )
    )
    kill(process)
    time.sleep(0.1)
    shutil.copytree(farm.home, home / "kept")
    farm.finish()
    return home / "kept", run.id, weights(run)


def damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif how == "flipped":
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    else:
        path.write_bytes(b"\0" * len(data))


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_newest_checkpoint_is_not_used(
    home: Path, half_done: tuple[Path, str, dict[str, bytes]], name: str
) -> None:
    """Every way of damage is detected and the older checkpoint chosen."""
    from lib.store.workspace import open_workspace
    from lib.training.checkpoints import newest_checkpoint

    kept, identity, _ = half_done
    for how in DAMAGES:
        shutil.rmtree(home)
        shutil.copytree(kept, home)
        folder = open_workspace(home).runs.get(identity).paths.checkpoints
        steps = sorted(folder.glob("step-*"))
        assert len(steps) == 2
        damage(steps[-1] / name, how)
        chosen, problems = newest_checkpoint(folder)
        assert chosen == steps[0], how
        assert problems != []


@pytest.mark.parametrize(("name", "how"), [("optimizer.safetensors", "flipped"), ("random.json", "missing")])
def test_a_run_with_a_damaged_checkpoint_ends_in_the_same_bits(
    farm: Farm, half_done: tuple[Path, str, dict[str, bytes]], name: str, how: str
) -> None:
    kept, identity, expected = half_done
    shutil.rmtree(farm.home)
    shutil.copytree(kept, farm.home)
    run = farm.workspace.runs.get(identity)
    damage(sorted(run.paths.checkpoints.glob("step-*"))[-1] / name, how)
    farm.finish()
    assert farm.workspace.runs.get(identity).state == "succeeded", farm.log()
    assert weights(run) == expected
    assert "damaged" in run.paths.events.read_text()


def test_when_every_checkpoint_is_damaged_the_run_fails_clearly(
    farm: Farm, half_done: tuple[Path, str, dict[str, bytes]]
) -> None:
    kept, identity, _ = half_done
    shutil.rmtree(farm.home)
    shutil.copytree(kept, farm.home)
    run = farm.workspace.runs.get(identity)
    for step in run.paths.checkpoints.glob("step-*"):
        damage(step / "model.safetensors", "flipped")
    farm.finish()
    ended = farm.workspace.runs.get(identity)
    assert ended.state == "failed"
    assert "damaged" in ended.reason


def test_a_model_folder_that_vanishes_is_named(farm: Farm, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    shutil.copytree(farm.model, gone)
    farm.model = gone
    run = farm.add()
    shutil.rmtree(gone)
    farm.finish()
    ended = farm.workspace.runs.get(run.id)
    assert ended.state == "failed"
    assert "gone" in ended.reason
    farm.whole()


def test_a_dataset_deleted_while_queued_fails_clearly_and_can_come_back(farm: Farm) -> None:
    run = farm.add(epochs=1)
    farm.workspace.datasets.delete(run.dataset)
    farm.finish()
    ended = farm.workspace.runs.get(run.id)
    assert ended.state == "failed"
    assert "deleted" in ended.reason
    farm.workspace.datasets.restore(run.dataset)
    farm.workspace.jobs.retry(run.job)
    farm.finish()
    assert farm.workspace.runs.get(run.id).state == "succeeded", farm.log()


def test_a_loss_that_is_not_finite_stops_the_run(farm: Farm) -> None:
    run = farm.add(epochs=3, learning_rate=1e6, precision="fp32", packed=False)
    farm.finish()
    ended = farm.workspace.runs.get(run.id)
    assert ended.state == "failed"
    assert "learning rate" in ended.reason
    farm.whole()
