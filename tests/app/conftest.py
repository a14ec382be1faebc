"""Shared by the page tests: an open workspace with a dataset, a run in any state, and its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.data.prepare import prepare
from lib.jobs.events import EventWriter
from lib.recipe.presets import RECOMMENDED
from lib.store.datasets import Dataset
from lib.store.headline import Headline
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace

ROUTER = Path(__file__).resolve().parent.parent.parent / "pages" / "router.py"


@pytest.fixture
def workspace(home: Path) -> Workspace:
    """Open the empty workspace."""
    return open_workspace(home)


@pytest.fixture
def dataset(workspace: Workspace) -> Dataset:
    """Publish a small dataset of pairs, with signs that markdown would take for its own."""
    rows = [(f"question *{n}* about topic {n}", f"answer number {n} to topic {n}") for n in range(60)]
    prepared = prepare(pd.DataFrame(rows, columns=["source_sentence", "target_sentence"]))
    return workspace.datasets.publish(prepared, name="Pairs of [mine](http://x)")


@pytest.fixture
def make_run(workspace: Workspace, dataset: Dataset) -> Callable[..., Run]:
    """Provide a function that makes a run in a state.

    With a curve, a headline and a model folder where the state has them.
    """

    def make(state: str = "succeeded", *, name: str = "", recipe: dict[str, Any] | None = None, **rest: Any) -> Run:
        settings = replace(RECOMMENDED.for_shape(dataset.shape), **(recipe or {}))
        model = "sentence-transformers/all-MiniLM-L6-v2"
        run = workspace.runs.create(dataset=dataset.id, model=model, recipe=settings, name=name, **rest)
        if state != "queued":
            finish(workspace, run, state)
        return workspace.runs.get(run.id)

    return make


def finish(workspace: Workspace, run: Run, state: str) -> None:
    """Take a queued run through an attempt to its end, as a worker would."""
    others = [job for job in workspace.jobs.all(states=("queued",)) if job.run != run.id]
    job = workspace.jobs.claim(run.job)
    assert job is not None
    assert all(other.state == "queued" for other in others)
    writer = EventWriter(run.paths.events)
    writer.begin_attempt(job)
    writer.stage("training", "epoch 1 of 2")
    for step in range(1, 5):
        writer.loss(step=step, epoch=step / 2, loss=1 / step, learning_rate=1e-4)
    for epoch, value in enumerate((0.5, 0.75, 0.7)):
        writer.snapshot_metrics(
            part="validation", snapshot=f"epoch-{epoch:03d}", epoch=epoch, metrics={"mrr@10": value}, seconds=1
        )
    writer.advance(2, 4, pairs_per_second=100)
    writer.log("A line for the log.")
    if state == "running":
        return
    workspace.jobs.finish(job, state, "The disk is full." if state == "failed" else "")
    if state == "succeeded":
        run.model_dir.mkdir(parents=True)
        (run.model_dir / "modules.json").write_text("[]")
        headline = Headline("mrr@10", "better", 12, base=0.5, tuned=0.75, difference=0.25, low=0.1, high=0.4)
        workspace.runs.set_headline(run.id, headline)


@pytest.fixture
def open_page(workspace: Workspace) -> Callable[..., AppTest]:
    """Provide a function that opens a page of the app (its file's name) with query parameters."""

    def opened(page: str = "overview", **query: str) -> AppTest:
        app = AppTest.from_file(str(ROUTER), default_timeout=30)
        if page != "overview":
            app.run()
            app.switch_page(f"{page}.py")
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, app.exception
        return app

    return opened


def texts(app: AppTest) -> str:
    """Join all that a page says in one string."""
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.text, app.error, app.warning, app.info, app.toast)
    return "\n".join(str(element.value) for elements in kinds for element in elements)


def button(app: AppTest, label: str) -> Any:
    """Find the one button with this label."""
    found = [one for one in app.button if one.label == label]
    assert len(found) == 1, [one.label for one in app.button]
    return found[0]
