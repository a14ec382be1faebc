"""The search of Explore without a browser: stored answers need no model, other questions ask the models, also for a viewer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib.errors import MemoryShortageError
from lib.evaluation.questions import load_questions
from lib.evaluation.store import load_pairs
from lib.models.inference.answers import NearestText, Ranking
from lib.models.inference.client import InferenceClient
from lib.store import permission
from lib.store.runs import Run
from tests.unit.projection.finished import evaluate_planted, finished_run

ANSWER = Ranking((NearestText("Answer 3 of topic 4", 0.5, is_right=True),), None, 1, 60)


@pytest.fixture
def run(home: Path) -> Run:
    """Finish and evaluate a run."""
    new_run = finished_run(home, with_map=False)
    evaluate_planted(new_run)
    return new_run


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Answer in the place of the inference process, and list what it is asked."""
    calls: list[dict[str, Any]] = []

    def call(_client: InferenceClient, handler: str, **arguments: object) -> object:
        calls.append({"handler": handler, **arguments})
        return ANSWER.to_json() if handler == "best_by_words" else [ANSWER.to_json(), ANSWER.to_json()]

    monkeypatch.setattr(InferenceClient, "call", call)
    return calls


def open_search(run: Run) -> AppTest:
    """Open the search of a run."""
    test = AppTest.from_function(_search, default_timeout=60)
    test.query_params["run"] = run.id
    return test.run()


def _search() -> None:
    import streamlit as st

    from lib.store.workspace import open_workspace
    from lib.ui.explore.search import section

    section.show_search(open_workspace().runs.get(st.query_params["run"]))


def columns(test: AppTest) -> dict[str, list[dict[str, Any]]]:
    """Read the rows of each column that the browser draws."""
    (component,) = test.get("bidi_component")
    return {column["title"]: column["rows"] for column in json.loads(component.proto.json)["columns"]}


def right_rank(rows: list[dict[str, Any]]) -> int:
    """Find the rank of the first right row."""
    return next(row["rank"] for row in rows if row["right"])


def test_it_opens_on_a_question_that_only_tuned_answers_right(run: Run, asked: list[dict[str, Any]]) -> None:
    questions, test = load_questions(run), open_search(run)
    assert not test.exception
    assert test.text_input[0].value == questions.texts[questions.improved[0]]
    pair = load_pairs(run).set_index("pair").loc[questions.improved[0]]
    found = columns(test)
    assert list(found) == ["Base", "Tuned"]
    assert [right_rank(rows) for rows in found.values()] == [pair["base_rank"], 1]
    assert asked == []


def test_a_held_out_question_is_one_click_and_needs_no_model(run: Run, asked: list[dict[str, Any]]) -> None:
    questions, test = load_questions(run), open_search(run)
    test.button(key=f"search-example-{questions.improved[1]}").click().run()
    assert test.text_input[0].value == questions.texts[questions.improved[1]]
    test.text_input[0].set_value(questions.texts[questions.improved[0]]).run()
    assert right_rank(columns(test)["Tuned"]) == 1
    next(one for one in test.button if one.label == "Surprise me").click().run()
    assert test.text_input[0].value in questions.texts.values()
    assert asked == []


def test_another_question_asks_both_models(run: Run, asked: list[dict[str, Any]]) -> None:
    test = open_search(run)
    test.text_input[0].set_value("Question 1 about topic 1").run()  # a trained pair's
    assert [call["handler"] for call in asked] == ["nearest"]
    assert asked[0]["models"] == (run.model, str(run.model_dir))
    assert asked[0]["right"] == ["Answer 1 of topic 2"]
    assert [row["text"] for row in columns(test)["Base"]] == ["Answer 3 of topic 4"]
    test.text_input[0].set_value(" ").run()
    assert not test.get("bidi_component")


def test_bm25_is_a_third_column_on_request(run: Run, asked: list[dict[str, Any]]) -> None:
    test = open_search(run)
    test.toggle[0].set_value(True).run()
    assert list(columns(test)) == ["Base", "Tuned", "BM25"]
    assert [call["handler"] for call in asked] == ["best_by_words"]


def test_a_search_that_memory_may_not_hold_goes_on_when_asked_for_again(
    run: Run, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = InferenceClient.call

    def call(client: InferenceClient, handler: str, **arguments: Any) -> object:
        if not arguments["ignore_memory"]:
            raise MemoryShortageError("It needs 3 GB; 1 GB is free.", todo="Close something.")
        return answer(client, handler, **arguments)

    monkeypatch.setattr(InferenceClient, "call", call)
    test = open_search(run)
    test.text_input[0].set_value("anything else").run()
    assert not test.get("bidi_component")
    assert "3 GB" in test.error[0].value
    test.button(key="search-all-the-same").click().run()
    assert not test.error
    assert columns(test)["Tuned"]
    test.text_input[0].set_value("something else").run()
    assert [call["ignore_memory"] for call in asked] == [True, True]


def test_a_viewer_may_search(run: Run, asked: list[dict[str, Any]]) -> None:
    permission.set_change_rule(lambda: False)
    try:
        test = open_search(run)
        test.text_input[0].set_value("anything else").run()
    finally:
        permission.set_change_rule(lambda: True)
    assert not test.error
    assert len(asked) == 1
    assert columns(test)["Tuned"]


def test_without_an_evaluation_the_search_waits_for_a_question(home: Path, asked: list[dict[str, Any]]) -> None:
    test = open_search(finished_run(home, with_map=False))
    assert not test.get("bidi_component")
    assert not test.button
    test.text_input[0].set_value("anything").run()
    assert columns(test)["Tuned"]
