"""One Ray cluster of two nodes for all tests of this folder, and the training that theirs are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from lib.cluster.request import TrainingRequest
from lib.cluster.torchrun import train_by_torchrun
from lib.recipe.recipe import Recipe
from lib.store.workspace import open_workspace
from tests.browser.conftest import chromium, server, window
from tests.builders import add_dataset
from tests.ray_cluster import LocalCluster, local_cluster
from tests.unit.cluster.small import TWO
from tests.unit.training.small import Recorder

__all__ = ["chromium", "server", "window"]

EPOCHS = 20
"""So many that a training lasts beyond three kills, each of which is noticed late on a busy machine."""


@pytest.fixture(scope="session")
def cluster() -> Iterator[LocalCluster]:
    """Start the cluster once."""
    with local_cluster() as started:
        yield started


@pytest.fixture
def on_ray(cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """Give this process the token; the recipe trains on the cluster by two processes."""
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    return replace(TWO, epochs=EPOCHS, where="ray", address=cluster.address)


@pytest.fixture(scope="session")
def whole(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainingRequest:
    """Train once by torchrun, on the dataset of `add_dataset`, with what no test disturbs."""
    home = tmp_path_factory.mktemp("torchrun")
    dataset = add_dataset(open_workspace(home))
    request = TrainingRequest(
        examples=str(dataset.paths.examples),
        shape=dataset.shape,
        model=str(tiny_model),
        recipe=replace(TWO, epochs=EPOCHS).to_json(),
        folder=str(home / "run"),
        home=str(home),
    )
    train_by_torchrun(request, processes=2, progress=Recorder())
    return request


def request_on(whole: TrainingRequest, recipe: Recipe, folder: Path) -> TrainingRequest:
    """Ask for the same training by another recipe; the run's folder is below."""
    return TrainingRequest(**asdict(whole) | {"recipe": recipe.to_json(), "folder": str(folder / "run")})
