"""A run trains where its recipe says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from lib.cluster import dispatch, torchrun
from lib.cluster.request import TrainingRequest
from lib.errors import InputError
from lib.progress import Silent
from lib.recipe.recipe import Recipe
from lib.store.context import JobContext
from lib.store.workspace import open_workspace
from tests.builders import add_dataset, add_run


def test_a_run_for_all_devices_is_asked_of_torchrun(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[TrainingRequest, int]] = []

    def train(request: TrainingRequest, *, processes: int, progress: Any) -> None:
        asked.append((request, processes))

    monkeypatch.setattr(torchrun, "train_by_torchrun", train)
    workspace = open_workspace(home)
    dataset = add_dataset(workspace)
    run = add_run(
        workspace, dataset, "model", where="devices", processes=2, device="cpu", loss="MultipleNegativesRanking"
    )
    context = JobContext(workspace, workspace.jobs.all(run=run.id)[0], dataset, Silent(), run)
    dispatch.dispatch_training(context, card={"run": run.id})
    ((request, processes),) = asked
    assert processes == 2
    assert (request.model, Path(request.folder), request.card) == ("model", run.folder, {"run": run.id})
    assert Recipe.from_json(request.recipe) == run.recipe
    assert len(request.read_inputs().frame) == dataset.rows


@pytest.mark.parametrize(
    ("device", "cards", "wanted", "expected"),
    [("cpu", 0, 3, 3), ("cpu", 0, 0, 1), ("cuda", 4, 0, 4), ("cuda", 4, 2, 2), ("mps", 0, 0, 1)],
)
def test_so_many_processes_as_devices(
    device: str, cards: int, wanted: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "choose_device", lambda name: device)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
    assert dispatch.choose_processes(Recipe(where="devices", processes=wanted), Silent()) == expected
    assert dispatch.choose_processes(Recipe(processes=wanted), Silent()) == 1


@pytest.mark.parametrize(("device", "cards"), [("cuda", 2), ("mps", 0)])
def test_more_processes_than_devices_are_refused(device: str, cards: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "choose_device", lambda name: device)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
    with pytest.raises(InputError):
        dispatch.choose_processes(Recipe(where="devices", processes=3), Silent())
