"""Trainings of one command on a cluster run side by side; a Ctrl-C ends all of them, and nothing starts later unasked."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lib.__main__ import main
from lib.cluster import ray_training
from lib.cluster.request import TrainingRequest
from lib.errors import ClusterError
from lib.jobs.worker import work
from lib.progress import Progress
from lib.store.jobs import OPEN
from lib.store.workspace import open_workspace
from tests.builders import pairs
from tests.unit.cluster.small import train_here

ON_RAY = ["--where", "ray", "--address", "127.0.0.1:6379", "--epochs", "1", "--threads", "1", "--batch-size", "16"]
PATIENCE = 120.0

Training = Callable[[TrainingRequest, Progress], None]


@pytest.fixture
def command(home: Path, tiny_model: Path, tmp_path: Path) -> list[str]:
    """Write a file of pairs, and the words of a command that trains two seeds on a cluster."""
    file = tmp_path / "pairs.csv"
    pairs().to_csv(file, index=False)
    return ["train", str(file), "--model", str(tiny_model), *ON_RAY, "--seed", "3", "--seeds", "2"]


@pytest.fixture
def train_on(monkeypatch: pytest.MonkeyPatch) -> Callable[[Training], None]:
    """Make a function that sets what stands for the cluster."""

    def use(training: Training) -> None:
        monkeypatch.setattr(ray_training, "train_on_ray", lambda request, *, progress: training(request, progress))

    return use


def test_seeds_of_a_command_train_side_by_side(
    command: list[str], train_on: Callable[[Training], None], capsys: pytest.CaptureFixture[str]
) -> None:
    both, one_at_a_time = threading.Barrier(2), threading.Lock()  # torch's random numbers are the process's

    def training(request: TrainingRequest, progress: Progress) -> None:
        both.wait(PATIENCE)
        with one_at_a_time:
            train_here(request, progress)

    train_on(training)
    assert main([*command, "--json"]) == 0
    captured = capsys.readouterr()
    output = json.loads(captured.out.strip().splitlines()[-1])
    runs = [open_workspace().runs.get(run["run"]) for run in output["runs"]]
    assert [run.recipe.seed for run in runs] == output["seeds"][0]["seeds"] == [3, 4]
    for run in runs:
        assert {job.kind for job in open_workspace().jobs.all(run=run.id)} == {"train", "evaluate", "project"}
        lines = [line for line in captured.err.splitlines() if line.startswith(f"{run.name}: ")]
        assert any("training epoch 1 of 1" in line for line in lines)
        assert any("succeeded" in line for line in lines)
    assert "\x1b" not in captured.err
    assert "\r" not in captured.err


def test_one_that_fails_leaves_the_other(
    command: list[str], train_on: Callable[[Training], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def training(request: TrainingRequest, progress: Progress) -> None:
        if request.recipe["seed"] == 3:
            raise ClusterError("Nothing answers.")
        train_here(request, progress)

    train_on(training)
    assert main(command) == 1
    assert "Nothing answers." in capsys.readouterr().err
    assert {run.recipe.seed: run.state for run in open_workspace().runs.all()} == {3: "failed", 4: "succeeded"}


def test_an_interrupt_ends_all_and_nothing_starts_later(
    command: list[str], train_on: Callable[[Training], None], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A third seed waits for its turn: it never becomes a run."""
    monkeypatch.setattr("lib.settings.MAX_CLUSTER_TRAININGS", 2)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background has it ignored
    both, released = threading.Barrier(2), threading.Event()

    def training(request: TrainingRequest, progress: Progress) -> None:
        if both.wait(PATIENCE) == 0:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        for _ in range(int(PATIENCE / 0.1)):
            progress.check()
            released.wait(0.1)
        pytest.fail("It was never interrupted.")

    train_on(training)
    try:
        assert main([*command[:-1], "3"]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    workspace = open_workspace(home)
    assert [run.state for run in workspace.runs.all()] == ["cancelled"] * 2
    work(home)
    assert not workspace.jobs.all(states=OPEN)
    assert len(workspace.jobs.all()) == 2
