"""Damaged checkpoints, models and datasets are noticed; nothing goes on silently with something else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lib.store.publish import MANIFEST
from tests.faults.conftest import FaultHarness, weights
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
    harness = FaultHarness(home / "workspace", tiny_model, template)
    harness.home.mkdir()
    run = harness.add(epochs=3, patience=0)
    process = harness.start()
    harness.wait_for(
        lambda: (
            (run.paths.checkpoints / "step-00000008").is_dir() or len(list(run.paths.checkpoints.glob("step-*"))) >= 2
        )
    )
    kill(process)
    time.sleep(0.1)
    shutil.copytree(harness.home, home / "kept")
    harness.finish()
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

    copy, identity, _ = half_done
    for how in DAMAGES:
        shutil.rmtree(home)
        shutil.copytree(copy, home)
        folder = open_workspace(home).runs.get(identity).paths.checkpoints
        steps = sorted(folder.glob("step-*"))
        assert len(steps) == 2
        damage(steps[-1] / name, how)
        checkpoint, problems = newest_checkpoint(folder)
        assert checkpoint == steps[0], how
        assert problems != []


@pytest.mark.parametrize(("name", "how"), [("optimizer.safetensors", "flipped"), ("random.json", "missing")])
def test_a_run_with_a_damaged_checkpoint_ends_in_the_same_bits(
    harness: FaultHarness, half_done: tuple[Path, str, dict[str, bytes]], name: str, how: str
) -> None:
    copy, identity, expected = half_done
    shutil.rmtree(harness.home)
    shutil.copytree(copy, harness.home)
    run = harness.workspace.runs.get(identity)
    damage(sorted(run.paths.checkpoints.glob("step-*"))[-1] / name, how)
    harness.finish()
    assert harness.workspace.runs.get(identity).state == "succeeded", harness.log()
    assert weights(run) == expected
    assert "damaged" in run.paths.events.read_text()


def test_when_every_checkpoint_is_damaged_the_run_fails_clearly(
    harness: FaultHarness, half_done: tuple[Path, str, dict[str, bytes]]
) -> None:
    copy, identity, _ = half_done
    shutil.rmtree(harness.home)
    shutil.copytree(copy, harness.home)
    run = harness.workspace.runs.get(identity)
    for step in run.paths.checkpoints.glob("step-*"):
        damage(step / "model.safetensors", "flipped")
    harness.finish()
    ended = harness.workspace.runs.get(identity)
    assert ended.state == "failed"
    assert "damaged" in ended.reason


def test_a_model_folder_that_vanishes_is_named(harness: FaultHarness, tmp_path: Path) -> None:
    missing = tmp_path / "gone"
    shutil.copytree(harness.model, missing)
    harness.model = missing
    run = harness.add()
    shutil.rmtree(missing)
    harness.finish()
    ended = harness.workspace.runs.get(run.id)
    assert ended.state == "failed"
    assert "gone" in ended.reason
    harness.assert_undamaged()


def test_a_dataset_deleted_while_queued_fails_clearly_and_can_come_back(harness: FaultHarness) -> None:
    run = harness.add(epochs=1)
    harness.workspace.datasets.delete(run.dataset)
    harness.finish()
    ended = harness.workspace.runs.get(run.id)
    assert ended.state == "failed"
    assert "deleted" in ended.reason
    harness.workspace.datasets.restore(run.dataset)
    harness.workspace.jobs.retry(run.job)
    harness.finish()
    assert harness.workspace.runs.get(run.id).state == "succeeded", harness.log()


def test_a_loss_that_is_not_finite_stops_the_run(harness: FaultHarness) -> None:
    run = harness.add(epochs=3, learning_rate=1e6, precision="fp32", packed=False)
    harness.finish()
    ended = harness.workspace.runs.get(run.id)
    assert ended.state == "failed"
    assert "learning rate" in ended.reason
    harness.assert_undamaged()
