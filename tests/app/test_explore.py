"""The shell of Explore: the run picker, sections that fail alone, the lines that use the model."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib import settings
from lib.errors import InputError
from lib.evaluation.difference import Difference
from lib.experiments.exported_form import ExportedForm, ModelCost, list_exported_forms, save_exported_form
from lib.experiments.hub_push import PushPlan, plan_push
from lib.models.forms.form import Form
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.ui.explore import hub
from lib.ui.explore.usage import run_snippets
from tests.app.conftest import texts


@pytest.fixture
def usable_run(make_run: Callable[..., Run], tiny_model: Path) -> Run:
    """Make a finished run with a model that loads."""
    run = make_run()
    shutil.rmtree(run.model_dir)
    shutil.copytree(tiny_model, run.model_dir)
    return run


def test_without_a_run_the_next_step_is_to_train(open_page: Callable[..., AppTest]) -> None:
    assert [one.label for one in open_page("explore").button] == ["Train a model"]


def test_a_link_with_an_id_opens_that_run(open_page: Callable[..., AppTest], make_run: Callable[..., Run]) -> None:
    older, newer = make_run(name="Older"), make_run(name="Newer")
    assert open_page("explore", run=older.id).selectbox[0].value == older.id
    assert open_page("explore").selectbox[0].value == newer.id


def test_choosing_another_run_puts_it_into_the_address(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run]
) -> None:
    older, newer = make_run(name="Older"), make_run(name="Newer")
    app = open_page("explore", run=newer.id)
    app.selectbox[0].set_value(older.id).run()
    assert app.query_params["run"] == older.id


def test_a_section_that_fails_leaves_the_others_alone(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(run: Run) -> None:
        raise InputError("The map is damaged.", todo="Draw it again.")

    monkeypatch.setattr("lib.ui.explore.map.section.show_map", fail)
    make_run()
    app = open_page("explore")
    assert any("The map is damaged" in str(error.value).replace("\\", "") for error in app.error)
    assert "Try it" in texts(app)


def test_the_code_is_that_of_the_chosen_library_and_names_the_tuned_model(
    open_page: Callable[..., AppTest], usable_run: Run
) -> None:
    run = usable_run
    app = open_page("explore")
    assert not app.code, "only when asked for"
    app.session_state["playground"] = "Use it elsewhere"
    app.run()
    for key in ("sentence-transformers", "langchain"):
        app.session_state[f"usage-library-{run.id}"] = key
        app.run()
        (snippet,) = [one for one in run_snippets(run) if one.key == key]
        assert [one.value.strip() for one in app.code] == [snippet.install, snippet.code.strip()]
        assert repr(str(run.model_dir)) in snippet.code
    assert f"/download/{run.id}/model.zip" in [one.proto.url for one in app.get("link_button")]


def open_usage(open_page: Callable[..., AppTest]) -> AppTest:
    app = open_page("explore")
    app.session_state["playground"] = "Use it elsewhere"
    return app.run()


def test_nothing_can_be_pushed_unless_the_network_was_allowed(
    open_page: Callable[..., AppTest], usable_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(settings.DOWNLOADS, raising=False)
    app = open_usage(open_page)
    assert f"{settings.DOWNLOADS}=1" in texts(app)
    assert not [one for one in app.text_input if one.label == "Repository"]


def test_what_goes_to_the_hub_is_listed_before_it_is_sent(
    open_page: Callable[..., AppTest], usable_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[PushPlan] = []
    monkeypatch.setattr(hub, "push_in_process", lambda plan: sent.append(plan) or plan.address)
    monkeypatch.setenv(settings.DOWNLOADS, "1")
    monkeypatch.setenv("HF_TOKEN", "x")
    app = open_usage(open_page)
    (repo,) = [one for one in app.text_input if one.label == "Repository"]
    repo.set_value("ann/desk").run()
    plan = plan_push(usable_run, "ann/desk")
    (listed,) = [one.value for one in app.dataframe if "File" in one.value]
    assert listed["File"].tolist() == [file.name for file in plan.files]
    assert sent == []
    (push,) = [one for one in app.button if one.label.startswith("Push ")]
    push.click().run()
    assert not app.exception
    assert sent == [plan]
    assert sent[0].is_private
    assert plan.address in [one.value for one in app.code]


def test_a_file_is_embedded_as_a_job_of_the_run(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    run = make_run()
    app = open_page("explore")
    app.session_state["playground"] = "Embed a file"
    app.run()
    (uploader,) = app.get("file_uploader")
    uploader.set_value([("mine.csv", b"id,words\n1,the first long text\n2,and the second\n", "text/csv")]).run()
    assert not app.error
    (columns,) = [one for one in app.multiselect if one.label == "Columns of the text"]
    assert columns.options == ["id", "words"]
    assert columns.value == ["words"]
    (button,) = [one for one in app.button if one.label == "Embed 2 rows"]
    button.click().run()
    (job,) = workspace.jobs.all(run=run.id, kind="embed")
    assert {**job.payload, "upload": ""} == {
        "upload": "",
        "name": "mine.csv",
        "columns": ["words"],
        "role": "document",
        "side": "tuned",
        "format": "parquet",
    }


def test_forms_are_exported_as_a_job_and_shown_beside_the_tuned_model(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    run = make_run()
    metrics = {"mrr@10": Difference(0.6, 0.5, -0.2, -0.01, 0.01, 0.1), "recall@1": Difference(0.5, 0.4)}
    exported, tuned = ModelCost(31_000_000, 256, 12_000.0), ModelCost(90_000_000, 384, 100.0)
    save_exported_form(run, ExportedForm(Form.STATIC, "mrr@10", metrics, 74, 0.2, exported, tuned, "abc"))
    (run.paths.exports / "static-256").mkdir()
    app = open_page("explore")
    app.session_state["playground"] = "Other forms"
    app.run()
    assert not app.exception
    (table,) = [one.value for one in app.dataframe if "Form" in one.value]
    assert table["Form"].tolist() == ["Tuned model", "Static (256)"]
    assert table["MRR@10"].tolist() == ["0.600", "0.500 (-0.100, 95% CI -0.200 to -0.010)"]
    assert table["Speed"].tolist() == ["100 texts/s", "12,000 texts/s (120.0x)"]
    assert table["Size"].tolist() == ["90 MB", "31 MB"]
    app.button_group(key=f"export-forms-{run.id}").set_value([Form.TRUNCATED]).run()
    app.selectbox(key=f"export-dimension-{run.id}").set_value("128").run()
    app.button(key=f"export-start-{run.id}").click().run()
    (job,) = workspace.jobs.all(run=run.id, kind="export")
    assert job.payload == {"forms": ["truncated"], "dimension": 128}
    assert not [one for one in app.button if one.label.startswith("Export ")], "the job's progress stands in its place"
    app.button(key=f"export-remove-{run.id}-static-256").click().run()
    assert list_exported_forms(run) == []
