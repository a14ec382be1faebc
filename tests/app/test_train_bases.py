"""Which base model? The comparison on the Train page: asked for, followed, shown, and trained from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.errors import ModelError
from lib.evaluation.difference import Difference
from lib.experiments.base_comparison import (
    WORDS,
    BaseComparison,
    BaseFacts,
    BaseResult,
    Quality,
    save_base_comparison,
)
from lib.models.catalog import STATIC_MODEL
from lib.recipe.options import PromptSource
from lib.settings import BUNDLED_MODEL
from lib.store.datasets import Dataset
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.training import memory_estimate
from lib.ui.train.base_table import base_table
from tests.app.conftest import button, texts


def comparison(*models: str) -> BaseComparison:
    """Build a comparison in which each model is a little worse than the one before, and BM25 in between."""
    facts = BaseFacts(1234.4, 90_900_000, 384, 256, "apache-2.0", ("en", "de"), "query: ", "")
    bases = []
    for number, model in enumerate(models):
        value = 0.75 - number / 4
        metrics = {"mrr@10": Quality(value, value - 0.125, value + 0.125), "recall@1": Quality(value / 2)}
        change = Difference(0.625, value, value - 0.6875, value - 0.5625, 0.001)
        bases.append(BaseResult(model, metrics, facts, change))
    words = {"mrr@10": Quality(0.625, 0.5, 0.75), "recall@1": Quality(0.5)}
    return BaseComparison("mrr@10", WORDS, 40, 38, tuple(bases), words)


def table_of(app: AppTest) -> pd.DataFrame:
    (table,) = [one.value for one in app.dataframe if "Base model" in one.value]
    return table


@pytest.fixture
def compared(workspace: Workspace, dataset: Dataset) -> BaseComparison:
    """Store a comparison of the bundled and the static model for the dataset."""
    made = comparison(BUNDLED_MODEL, STATIC_MODEL)
    save_base_comparison(workspace.home, dataset.id, made)
    return made


def test_the_chosen_models_are_compared_in_the_queue(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    app = open_page("train")
    app.multiselect[0].set_value([BUNDLED_MODEL, STATIC_MODEL]).run()
    button(app, "Compare 2 base models").click().run()
    assert not app.exception
    (job,) = workspace.jobs.all(kind="bases")
    assert (job.state, job.dataset, job.payload["models"]) == ("queued", dataset.id, [BUNDLED_MODEL, STATIC_MODEL])
    assert not [one for one in app.button if one.key == "compare-bases"]  # it waits; the queue has its Cancel
    assert "Comparison of base models" in texts(app)
    claimed = workspace.jobs.claim(job.id)
    assert claimed is not None
    workspace.jobs.finish(claimed, "failed", "", error=ModelError("It is broken.", where="Here", todo="Mend it."))
    app = open_page("train")
    assert all(part in texts(app) for part in ("Here", "It is broken", "Mend it"))
    button(app, "Compare 1 base model").click().run()
    assert workspace.jobs.get(job.id).payload["models"] == [BUNDLED_MODEL]


def test_the_table_has_bm25_in_its_place_and_survives_a_reload(
    open_page: Callable[..., AppTest], compared: BaseComparison
) -> None:
    table = table_of(open_page("train"))
    assert table["Base model"].tolist() == ["all-MiniLM-L6-v2", WORDS, "static-MiniLM"]
    assert table["MRR@10"].tolist() == ["0.750", "0.625", "0.500"]
    assert table["95% CI"].iloc[0] == "0.625 to 0.875"
    assert table["Recall@1"].tolist() == ["38%", "50%", "25%"]
    assert table["Against BM25"].tolist() == [
        "Better: +0.125 (+0.062 to +0.188)",
        "",
        "Worse: -0.125 (-0.188 to -0.062)",
    ]
    assert table["Size"].iloc[0] == 90.9
    assert table["Texts/s"].isna().tolist() == [False, True, False]
    assert table.iloc[0][["Max length", "Licence", "Languages", "Query prompt", "Document prompt"]].tolist() == [
        "256 tokens",
        "apache-2.0",
        "en, de",
        '"query: "',
        "none",
    ]


def test_names_are_shortened_only_where_they_stay_apart() -> None:
    apart = base_table(comparison("one/mini", "/two/other"))["Base model"]
    alike = base_table(comparison("one/mini", "/two/mini"))["Base model"]
    assert set(apart) == {"mini", "other", WORDS}
    assert set(alike) == {"one/mini", "/two/mini", WORDS}


@pytest.mark.parametrize(
    ("key", "models"),
    [
        ("train-best-base", [BUNDLED_MODEL]),
        ("train-all-bases", [BUNDLED_MODEL, STATIC_MODEL]),
    ],
    ids=["best", "all"],
)
@pytest.mark.usefixtures("compared")
def test_one_press_trains_the_best_or_all(
    open_page: Callable[..., AppTest], workspace: Workspace, key: str, models: list[str]
) -> None:
    app = open_page("train")
    next(one for one in app.number_input if one.label == "Batch size").set_value(16).run()
    app.button(key=key).click().run()
    assert not app.exception
    runs = workspace.runs.all()[::-1]
    assert [run.model for run in runs] == models
    assert {(run.recipe.batch_size, run.recipe.prompt_source) for run in runs} == {(16, PromptSource.NONE)}
    assert app.query_params["run"] == runs[0].id
    assert len({run.batch for run in runs}) == 1


def test_a_base_that_the_form_does_not_hold_is_trained_with_its_own_prompts(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace, tiny_model: Path, prompted: Path
) -> None:
    save_base_comparison(workspace.home, dataset.id, comparison(str(prompted), str(tiny_model)))
    app = open_page("train")
    app.button(key="train-best-base").click().run()
    assert not app.exception
    (run,) = workspace.runs.all()
    assert (run.model, run.recipe.query_prompt, run.recipe.document_prompt) == (str(prompted), "query: ", "passage: ")


def test_prompts_by_hand_reach_every_compared_base(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace, prompted: Path
) -> None:
    save_base_comparison(workspace.home, dataset.id, comparison(str(prompted), BUNDLED_MODEL))
    app = open_page("train")
    (switch,) = [one for one in app.toggle if one.label == "Set prompts by hand"]
    switch.set_value(True).run()
    next(field for field in app.text_area if field.label == "Query prompt").set_value("ask: ").run()
    app.button(key="train-all-bases").click().run()
    assert not app.exception
    found = {run.model: (run.recipe.query_prompt, run.recipe.prompt_source) for run in workspace.runs.all()}
    assert found == dict.fromkeys([str(prompted), BUNDLED_MODEL], ("ask: ", PromptSource.HAND))


def test_a_loss_that_a_static_base_cannot_use_is_one_error(
    open_page: Callable[..., AppTest], compared: BaseComparison, workspace: Workspace, make_run: Callable[..., Run]
) -> None:
    app = open_page("train")
    loss = next(one for one in app.selectbox if one.label == "Loss")
    loss.set_value("GISTEmbed").run()
    app.button(key="train-all-bases").click().run()
    assert not app.exception
    assert workspace.runs.all() == []
    assert any("needs a transformer" in one.value for one in app.error)


@pytest.fixture
def prompted(tiny_model: Path, tmp_path: Path) -> Path:
    """Copy the tiny model under a name whose prompts are known."""
    import shutil

    return Path(shutil.copytree(tiny_model, tmp_path / "e5-small"))


def test_a_training_that_cannot_start_has_no_buttons_to_press(
    open_page: Callable[..., AppTest], compared: BaseComparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    full: Any = shutil.disk_usage("/")._replace(free=50_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: full)
    app = open_page("train")
    assert app.button(key="train-best-base").disabled
    assert app.button(key="train-all-bases").disabled


def test_a_compared_base_that_memory_cannot_hold_is_trained_only_when_asked_for_again(
    open_page: Callable[..., AppTest],
    dataset: Dataset,
    workspace: Workspace,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save_base_comparison(workspace.home, dataset.id, comparison(str(tiny_model), STATIC_MODEL))
    monkeypatch.setattr(memory_estimate, "has_graphics_card", lambda: False)
    monkeypatch.setattr(memory_estimate, "available_memory", lambda: 600_000_000)
    app = open_page("train")
    app.multiselect[0].set_value([STATIC_MODEL]).run()  # not the base that does not fit
    assert not app.button(key="start").disabled
    assert app.button(key="train-best-base").disabled
    assert app.button(key="train-all-bases").disabled
    assert "600 MB are free" in texts(app)
    app.checkbox(key="ignore-memory-bases").check().run()
    app.button(key="train-best-base").click().run()
    assert [run.model for run in workspace.runs.all()] == [str(tiny_model)]
