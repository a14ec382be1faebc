"""Two processes of a Ray cluster train the bits that torchrun trains; the token is written nowhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from lib.cluster.ray_training import train_on_ray
from lib.cluster.request import TrainingRequest
from lib.errors import CancelledError, ClusterError
from lib.recipe.recipe import Recipe
from lib.store.rank_layout import RankPaths
from tests.cluster.conftest import EPOCHS, request_on
from tests.ray_cluster import LocalCluster
from tests.unit.cluster.small import small_request
from tests.unit.cluster.test_torchrun import is_same, weights
from tests.unit.training.small import Recorder


class Watching(Recorder):
    """Notes what the processes of the training have in their arguments."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.arguments = folder, ""

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None:
        super().loss(step=step, epoch=epoch, loss=loss, learning_rate=learning_rate)
        lines = (one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"]))
        self.arguments += "\n".join(" ".join(line) for line in lines)


def test_ray_trains_what_torchrun_trains_and_the_token_stands_nowhere(
    whole: TrainingRequest, cluster: LocalCluster, on_ray: Recipe, tmp_path: Path
) -> None:
    progress = Watching(tmp_path)
    train_on_ray(request_on(whole, on_ray, tmp_path), progress=progress)
    assert is_same(weights(tmp_path), weights(Path(whole.home)))
    epochs = [f"epoch-{number:03d}" for number in range(1, EPOCHS + 1)]
    assert [one["snapshot"] for one in progress.measurements] == ["base", *epochs]
    assert not RankPaths(tmp_path / "run").folder.exists()
    assert [place.rpartition(": ")[2] for place in progress.where] == ["cpu", "cpu"]
    assert any("2 processes take 8 examples each" in line for line in progress.logs)
    assert "lib.cluster.ray_driver" in progress.arguments
    assert cluster.token not in progress.arguments
    assert cluster.token not in "".join(progress.logs + progress.stages)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path for path in files if cluster.token.encode() in path.read_bytes()]


class Canceller(Recorder):
    """Wants to stop once an epoch is measured."""

    def check(self) -> None:
        if len(self.measurements) > 2:
            raise CancelledError("Cancelled.")


def test_a_cancelled_training_keeps_its_best_epoch(on_ray: Recipe, tiny_model: Path, tmp_path: Path) -> None:
    progress = Canceller()
    with pytest.raises(CancelledError):
        train_on_ray(small_request(tmp_path, tiny_model, replace(on_ray, epochs=400)), progress=progress)
    assert weights(tmp_path)
    assert len(progress.measurements) < 400


def test_more_processes_than_fit_are_refused(on_ray: Recipe, tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ClusterError) as caught:
        train_on_ray(small_request(tmp_path, tiny_model, replace(on_ray, processes=3)), progress=Recorder())
    assert "2 CPUs" in str(caught.value)


def test_a_training_that_waits_for_the_cluster_can_be_stopped(tmp_path: Path, on_ray: Recipe, tiny_model: Path) -> None:
    class Impatient(Recorder):
        def check(self) -> None:
            raise CancelledError("Cancelled.")

    with pytest.raises(CancelledError):
        train_on_ray(small_request(tmp_path, tiny_model, on_ray), progress=Impatient())
    assert not RankPaths(tmp_path / "run").folder.exists()
    assert not [one for one in psutil.Process().children() if "lib.cluster.ray_driver" in one.cmdline()]
