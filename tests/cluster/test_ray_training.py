"""Two processes of a Ray cluster train the bits that torchrun trains, also after kills; the token is written nowhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from lib.cluster.ray_training import train_on_ray
from lib.cluster.torchrun import train_by_torchrun
from lib.errors import CancelledError, ClusterError, LostProcessError
from lib.recipe.recipe import Recipe
from lib.store.rank_layout import RankPaths
from tests.ray_cluster import LocalCluster
from tests.unit.cluster.small import TWO, small_request
from tests.unit.cluster.test_torchrun import is_same, weights
from tests.unit.training.small import Recorder


@pytest.fixture
def on_ray(cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """Give this process the token; the recipe trains on the cluster."""
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    return replace(TWO, where="ray", address=cluster.address)


def train(folder: Path, model: Path, recipe: Recipe, progress: Recorder) -> Recorder:
    """Train the tiny model on the cluster."""
    train_on_ray(small_request(folder, model, recipe), progress=progress)
    return progress


class Watching(Recorder):
    """Notes what the processes of the training have in their arguments."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.arguments = folder, ""

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None:
        super().loss(step=step, epoch=epoch, loss=loss, learning_rate=learning_rate)
        lines = (one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"]))
        self.arguments += "\n".join(" ".join(line) for line in lines)


@pytest.fixture(scope="module")
def whole(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train once by torchrun."""
    folder = tmp_path_factory.mktemp("torchrun")
    train_by_torchrun(small_request(folder, tiny_model), processes=2, progress=Recorder())
    return folder


def test_ray_trains_what_torchrun_trains_and_the_token_stands_nowhere(
    whole: Path, cluster: LocalCluster, on_ray: Recipe, tiny_model: Path, tmp_path: Path
) -> None:
    progress = Watching(tmp_path)
    train(tmp_path, tiny_model, on_ray, progress)
    assert is_same(weights(tmp_path), weights(whole))
    assert [one["snapshot"] for one in progress.measurements] == ["base", "epoch-001", "epoch-002", "epoch-003"]
    assert not RankPaths(tmp_path / "run").folder.exists()
    assert [place.rpartition(": ")[2] for place in progress.where] == ["cpu", "cpu"]
    assert any("2 processes take 8 examples each" in line for line in progress.logs)
    assert "lib.cluster.ray_driver" in progress.arguments
    assert cluster.token not in progress.arguments
    assert cluster.token not in "".join(progress.logs + progress.stages)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path for path in files if cluster.token.encode() in path.read_bytes()]


class Killer(Recorder):
    """Kills a rank at step 8 or later, and the driver some steps after Ray started that rank again."""

    def __init__(self, cluster: LocalCluster) -> None:
        super().__init__()
        self.cluster = cluster
        self.kills: list[str] = []

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None:
        super().loss(step=step, epoch=epoch, loss=loss, learning_rate=learning_rate)
        if not self.kills and step >= 8:
            find_rank(self.cluster).kill()
            self.kills.append("rank")
        elif self.kills == ["rank"] and self.steps_resumed and step > self.steps_resumed[0]:
            find_driver().kill()
            self.kills.append("driver")


def find_rank(cluster: LocalCluster) -> psutil.Process:
    """Find a process that trains on the cluster."""
    folder = str(cluster.folder)
    ranks = [one for one in psutil.process_iter(["cmdline"]) if "RayTrainWorker" in " ".join(one.info["cmdline"] or [])]
    return next(one for one in ranks if one.environ().get("RAY_TMPDIR") == folder)


def find_driver() -> psutil.Process:
    """Find the process below this one that drives the training."""
    return next(one for one in psutil.Process().children() if "lib.cluster.ray_driver" in one.cmdline())


def test_what_is_killed_costs_no_bit(
    cluster: LocalCluster, on_ray: Recipe, tiny_model: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What was told arrives late on a busy machine, so which epoch a kill falls into is open; the weights are not.

    The training is long enough that neither kill comes after its end.
    """
    folder = tmp_path_factory.mktemp("long")
    train_by_torchrun(small_request(folder, tiny_model, replace(TWO, epochs=8)), processes=2, progress=Recorder())
    killer = Killer(cluster)
    with pytest.raises(LostProcessError):
        train(tmp_path, tiny_model, replace(on_ray, epochs=8), killer)
    assert killer.kills == ["rank", "driver"]
    (first,) = killer.steps_resumed
    again = train(tmp_path, tiny_model, replace(on_ray, epochs=8), Recorder())
    (second,) = again.steps_resumed
    assert 0 < first <= second < 48
    assert first % 6 == second % 6 == 0
    assert is_same(weights(tmp_path), weights(folder))


class Canceller(Recorder):
    """Wants to stop once an epoch is measured."""

    def check(self) -> None:
        if len(self.measurements) > 2:
            raise CancelledError("Cancelled.")


def test_a_cancelled_training_keeps_its_best_epoch(on_ray: Recipe, tiny_model: Path, tmp_path: Path) -> None:
    progress = Canceller()
    with pytest.raises(CancelledError):
        train(tmp_path, tiny_model, replace(on_ray, epochs=400), progress)
    assert weights(tmp_path)
    assert len(progress.measurements) < 400


def test_more_processes_than_fit_are_refused(on_ray: Recipe, tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ClusterError) as caught:
        train(tmp_path, tiny_model, replace(on_ray, processes=3), Recorder())
    assert "2 CPUs" in str(caught.value)


def test_a_training_that_waits_for_the_cluster_can_be_stopped(tmp_path: Path, on_ray: Recipe, tiny_model: Path) -> None:
    class Impatient(Recorder):
        def check(self) -> None:
            raise CancelledError("Cancelled.")

    with pytest.raises(CancelledError):
        train(tmp_path, tiny_model, on_ray, Impatient())
    assert not RankPaths(tmp_path / "run").folder.exists()
    assert not [one for one in psutil.Process().children() if "lib.cluster.ray_driver" in one.cmdline()]
