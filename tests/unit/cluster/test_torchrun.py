"""Two real processes train the model of one: the same batches, and the same bits after kills."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from safetensors.numpy import load_file

from lib.cluster.torchrun import train_by_torchrun
from lib.errors import CancelledError
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.store.layout import RunPaths
from lib.store.rank_layout import RankPaths
from tests.unit.cluster.small import TWO, small_request
from tests.unit.training.small import Recorder, train_small

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 300.0
"""Seconds that a process on a busy machine is waited for."""


def train_two(folder: Path, model: Path, recipe: Recipe = TWO, progress: Any = None) -> Recorder:
    """Train the tiny model on small pairs in two processes."""
    progress = progress or Recorder()
    train_by_torchrun(small_request(folder, model, recipe), processes=2, progress=progress)
    return progress


def weights(folder: Path) -> dict[str, np.ndarray]:
    """Read the weights of the one tuned model of a run."""
    (path,) = [one for one in folder.glob("run/*/model.safetensors") if (one.parent / "modules.json").exists()]
    return load_file(path)


def is_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    """Compare weights bit for bit."""
    return {name: value.tobytes() for name, value in one.items()} == {
        name: value.tobytes() for name, value in other.items()
    }


class Listening(Recorder):
    """Notes the addresses at which the processes listen in each step."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: set[str] = set()

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None:
        super().loss(step=step, epoch=epoch, loss=loss, learning_rate=learning_rate)
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                sockets = process.net_connections(kind="inet")
                self.addresses |= {one.laddr.ip for one in sockets if one.status == psutil.CONN_LISTEN}


@pytest.fixture(scope="module")
def whole(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Listening]:
    """Train once in two processes that nothing disturbs."""
    folder, progress = tmp_path_factory.mktemp("whole"), Listening()
    train_two(folder, tiny_model, progress=progress)
    return folder, progress


def test_two_processes_learn_what_one_learns(whole: tuple[Path, Listening], tiny_model: Path, tmp_path: Path) -> None:
    """Each has half of every batch and gathers the other's negatives, so the gradient is the whole batch's."""
    folder, progress = whole
    alone = train_small(Shape.PAIRS, TWO, model=tiny_model, folder=tmp_path)
    assert [round(epoch, 6) for epoch, _ in progress.losses] == [round(epoch, 6) for epoch, _ in alone.progress.losses]
    np.testing.assert_allclose(
        [loss for _, loss in progress.losses], [loss for _, loss in alone.progress.losses], rtol=0.02
    )
    for name, value in weights(tmp_path).items():
        np.testing.assert_allclose(weights(folder)[name], value, atol=2e-3, err_msg=name)
    assert [one["snapshot"] for one in progress.measurements] == ["base", "epoch-001", "epoch-002", "epoch-003"]
    assert not RankPaths(folder / "run").folder.exists()
    assert progress.addresses
    assert progress.addresses <= {"127.0.0.1", "::1"}


class Killer(Recorder):
    """Kills the second process, once, when a step's loss is told."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step, self.killed = step, 0

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None:
        super().loss(step=step, epoch=epoch, loss=loss, learning_rate=learning_rate)
        if step >= self.step and not self.killed:
            self.killed = next(
                one.pid for one in psutil.Process().children(recursive=True) if one.environ().get("RANK") == "1"
            )
            psutil.Process(self.killed).kill()


def ranks_of(folder: Path) -> list[psutil.Process]:
    """List the processes that train the run of a folder, also those whose starter is gone."""
    ranks = str(RankPaths(folder / "run").folder)
    commands = {one: one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"])}
    return [one for one, command in commands.items() if any(word.startswith(ranks) for word in command)]


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_is_killed_costs_no_bit(whole: tuple[Path, Listening], tiny_model: Path, tmp_path: Path) -> None:
    """First the process that started them, after an epoch, and nothing outlives it; then one of the two."""
    command = [sys.executable, "-m", "tests.unit.cluster.starter", str(tiny_model), str(tmp_path)]
    checkpoints = RunPaths(tmp_path / "run").checkpoints
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as starter:
        wait_for(lambda: (checkpoints / "step-00000006").exists() or starter.poll() is not None)
        assert ranks_of(tmp_path)
        starter.kill()
    wait_for(lambda: not ranks_of(tmp_path))
    progress = Killer(14)
    train_two(tmp_path, tiny_model, progress=progress)
    assert progress.killed
    assert len(progress.steps_resumed) == 2
    assert is_same(weights(tmp_path), weights(whole[0]))


class Canceller(Recorder):
    """Wants to stop once an epoch is measured."""

    def check(self) -> None:
        if len(self.measurements) > 2:
            raise CancelledError("Cancelled.")


def test_a_cancelled_training_keeps_its_best_epoch(tiny_model: Path, tmp_path: Path) -> None:
    progress = Canceller()
    with pytest.raises(CancelledError):
        train_two(tmp_path, tiny_model, replace(TWO, epochs=400), progress)
    assert weights(tmp_path)
    assert len(progress.measurements) < 400
