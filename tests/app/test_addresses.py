"""Addresses with anything in their parameters: the page opens, and says what it leaves out."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from lib.store.runs import Run
from tests.app.conftest import ROUTER, texts
from tests.unit.projection.finished import evaluate_planted, finished_run

REPEATED = "1," * 5000
HOSTILE = [
    "²",
    "9" * 5000,
    "-1",
    "1" * 19 + ",²",
    "0x10",
    "١",
    "\x00",
    "x" * 100_000,
    "<img src=x>",
    "../../etc",
    REPEATED,
    "NaN",
]
PARAMETERS = (
    "run",
    "pair",
    "frame",
    "part",
    "change",
    "find",
    "group",
    "class",
    "view",
    "present",
    "step",
    "dataset",
    "model",
    "upload",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Finish a run with a map and an evaluation."""
    made = finished_run(tmp_path_factory.mktemp("addresses") / "workspace")
    evaluate_planted(made)
    return made


@pytest.fixture
def opened(run: Run, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Provide the app on the run's workspace, not opened yet; a bug on a page is an exception."""
    monkeypatch.setenv("CLOSER_HOME", str(run.folder.parent.parent))
    return AppTest.from_file(str(ROUTER), default_timeout=60)


def show(app: AppTest, page: str, query: dict[str, str | list[str]]) -> str:
    """Open a page with parameters, and return all that it says."""
    app.run()
    app.switch_page(f"{page}.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    said = texts(app)
    assert "Something went wrong" not in said + "".join(str(box.value) for box in app.error)
    return said


@pytest.mark.parametrize("page", ["overview", "upload", "train", "explore"])
def test_any_parameter_gives_the_page(opened: AppTest, page: str) -> None:
    for value in HOSTILE:
        assert show(opened, page, dict.fromkeys(PARAMETERS, value))


@pytest.mark.parametrize("value", HOSTILE)
def test_pairs_that_cannot_be_read_are_left_out_and_told(opened: AppTest, run: Run, value: str) -> None:
    said = show(opened, "explore", {"run": run.id, "pair": value})
    assert ("names pairs that this run does not have" in said) == (value != REPEATED)


def test_readable_pairs_are_selected_beside_others(opened: AppTest, run: Run) -> None:
    said = show(opened, "explore", {"run": run.id, "pair": "4,²,8,99999"})
    assert "names pairs that this run does not have" in said
    assert [one.label for one in opened.button if "Clear selection" in one.label] == ["Clear selection (2)"]
    said = show(opened, "explore", {"run": run.id, "pair": ["8", "4"]})
    assert "names pairs" not in said
