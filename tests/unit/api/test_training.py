"""train() from a notebook: what cannot work is an error before anything is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from lib import Pairs, load_run, train
from lib.api import training
from lib.api.results import TrainedModels
from lib.errors import InputError, ModelError, NotFoundError, TrainingError
from lib.store.workspace import open_workspace
from lib.training import memory_estimate
from tests.builders import pairs

PAIRS = Pairs(*(pairs(60)[name] for name in ("source_sentence", "target_sentence")))


@pytest.mark.parametrize(
    ("change", "error", "cause"),
    [
        ({"models": []}, InputError, "no base model"),
        ({"models": ["no/such-model"]}, ModelError, "no/such-model"),
        ({"nonsense": 3}, InputError, "no setting nonsense"),
        ({"epochs": 0}, InputError, "epochs|Epochs"),
        ({"preset": "fast"}, InputError, "no preset fast"),
        ({"seeds": 0}, InputError, "no number of seeds"),
        ({"data": "none.csv"}, InputError, "There is no file"),
        ({"data": Pairs(["a"], ["b"])}, InputError, "."),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_stored(
    home: Path, tiny_model: Path, change: dict[str, Any], error: type[Exception], cause: str
) -> None:
    with pytest.raises(error, match=cause):
        train(**({"models": str(tiny_model), "data": PAIRS} | change))
    workspace = open_workspace(home)
    assert workspace.datasets.all() == []
    assert workspace.runs.all() == []


def test_what_memory_cannot_hold_is_refused_with_figures_unless_asked_for(
    home: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_estimate, "available_memory", lambda: 1_000)
    with pytest.raises(TrainingError, match="1 kB"):
        train(str(tiny_model), PAIRS, epochs=1)
    assert open_workspace(home).datasets.all() == []
    monkeypatch.setattr(training, "train_runs", lambda *_, **__: [])
    with pytest.raises(TrainingError) as ended:  # nothing was trained here
        train(str(tiny_model), PAIRS, epochs=1, ignore_memory=True)
    assert "memory" not in ended.value.what


def test_two_models_get_a_folder_each_and_the_page_finds_their_runs(
    home: Path, tiny_model: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.symlink_to(tiny_model)
    prompts = {"query_prompt": "ask: ", "document_prompt": "tell: "}
    options = {"epochs": 1, "batch_size": 16, "folder": tmp_path / "out", "name": "Mine"}
    done = train([str(tiny_model), str(other)], PAIRS, **options, **prompts)
    assert [model.folder.name for model in done] == ["tiny", "other"]
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == ["other", "tiny"]
    runs = {run.id: run for run in open_workspace(home).runs.all()}
    assert {model.run for model in done} == runs.keys()
    assert len({run.batch for run in runs.values()}) == 1
    assert all(run.name.startswith("Mine") and run.recipe.batch_size == 16 for run in runs.values())
    again = load_run(done[0].run)
    assert again.evaluation == done[0].evaluation
    assert again.folder == runs[done[0].run].model_dir
    saved = SentenceTransformer(str(done[0].folder), device="cpu")
    for role in ("query", "document"):
        expected = saved.encode(["a text"], prompt=prompts[f"{role}_prompt"])
        assert np.abs(again.embed(["a text"], role=role) - expected).max() < 1e-5
    with pytest.raises(NotFoundError):
        load_run("nope")


def test_several_seeds_give_a_row_each_and_their_spread(home: Path, tiny_model: Path, tmp_path: Path) -> None:
    found = train(str(tiny_model), PAIRS, epochs=1, batch_size=16, seed=5, seeds=2, folder=tmp_path / "out")
    assert [model.seed for model in found] == found.to_frame()["seed"].tolist() == [5, 6]
    assert len({model.folder for model in found}) == 2
    values = [model.evaluation.primary.tuned for model in found]
    spread = found.seeds.loc[str(tiny_model)]
    assert spread["seeds"] == 2
    assert (spread["mean"], spread["low"], spread["high"]) == (sum(values) / 2, min(values), max(values))
    assert len(TrainedModels(found[:1], {}).seeds) == 0
