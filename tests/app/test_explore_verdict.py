"""The verdict section and the pair tables of Explore: what they say, what a click asks of the queue, that torch stays out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lib.evaluation.run import evaluate
from lib.store.runs import Run
from lib.store.workspace import Workspace
from tests.app.conftest import button, texts


def embed(name: str, given: list[str]) -> np.ndarray:
    """Give vectors by which the tuned model knows most pairs better than the base, and the first held-out one worse."""
    import zlib

    rows = []
    for text in given:
        words = text.split()
        number = words[-1]
        generator = np.random.default_rng(zlib.crc32(f"{name}{text}".encode()))
        meaning = np.random.default_rng(zlib.crc32(number.encode())).normal(size=16)
        rows.append((0.3 if name == "base" else 0.9) * meaning + generator.normal(size=16))
    return np.array(rows, dtype=np.float32)


@pytest.fixture
def run(make_run: Callable[..., Run], workspace: Workspace) -> Run:
    """Give a finished run with a stored evaluation."""
    made = make_run()
    dataset = workspace.datasets.get(made.dataset)
    evaluate(dataset.frame(), dataset.shape, embed, folder=made.evaluation_dir)
    return made


@pytest.fixture
def page(open_page: Callable[..., AppTest], run: Run) -> AppTest:
    """Give Explore, open on that run."""
    return open_page("explore", run=run.id)


def test_the_page_opens_on_the_verdict_in_one_sentence(page: AppTest) -> None:
    said = texts(page).replace("\\", "")
    assert "held-out pairs the right answer now comes first for" in said
    assert "It chose nothing" in said
    assert "What threshold should I use?" in said
    cards = {metric.label: metric for metric in page.metric}
    assert {"Recall@1", "Recall@5", "Recall@10", "MRR@10", "nDCG@10", "Median rank"} <= set(cards)
    assert "→" in cards["MRR@10"].value
    assert " to " in cards["MRR@10"].delta


def test_what_got_worse_is_the_first_table(page: AppTest) -> None:
    assert [one for one in page.get("button_group") if "Got worse" in str(one.proto)]
    said = texts(page)
    tables = [frame.value for frame in page.dataframe if "rank before" in frame.value or "source" in frame.value]
    assert tables or "No pair got worse." in said
    for table in tables:
        assert set(table["change"]) == {"worse"}


@pytest.mark.parametrize(
    ("label", "kind", "payload"),
    [
        ("Train the placebo", "placebo", {}),
        ("Train on parts", "learning_curve", {}),
        ("Measure blends", "blend", {}),
        ("Save the 75% blend as a model", "blend", {"share": 0.75}),
    ],
)
def test_each_experiment_is_one_click_and_one_job(
    page: AppTest, run: Run, workspace: Workspace, label: str, kind: str, payload: dict[str, float]
) -> None:
    button(page, label).click().run()
    jobs = workspace.jobs.all(run=run.id, kind=kind)
    assert [job.payload for job in jobs] == [payload]
    assert label not in [one.label for one in page.button]


def test_stored_experiments_are_told(open_page: Callable[..., AppTest], run: Run) -> None:
    numbers = {"base": 0.5, "tuned": 0.51, "difference": 0.01, "low": -0.05, "high": 0.07, "verdict": "no clear change"}
    points = [{"fraction": f, "rows": int(40 * f), **numbers} for f in (0.5, 1.0)]
    blend = [{"share": s, "target": 0.4 + s / 10, "general": 0.9 - s / 10} for s in (0.0, 0.5, 1.0)]
    for name, value in (
        ("placebo", {"metric": "accuracy@1", **numbers}),
        ("learning_curve", {"metric": "accuracy@1", "points": points}),
        ("blend", {"metric": "mrr@10", "points": blend}),
    ):
        (run.folder / f"{name}.json").write_text(json.dumps(value))
    page = open_page("explore", run=run.id)
    said = texts(page)
    assert "The placebo shows no clear change" in said
    assert "more of the same would hardly help" in said
    shares = next(frame.value for frame in page.dataframe if "share" in frame.value)
    assert shares["share"].tolist() == ["0%", "50%", "75%", "100%"]
    assert shares["target"].tolist() == pytest.approx([0.4, 0.45, 0.475, 0.5])


def test_a_run_that_was_not_judged_can_be_judged(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    made = make_run()
    page = open_page("explore", run=made.id)
    button(page, "Judge it now").click().run()
    assert [job.kind for job in workspace.jobs.all(run=made.id, states=("queued",))] == ["evaluate"]


def test_a_chosen_pair_opens_to_its_neighbours(open_page: Callable[..., AppTest], run: Run) -> None:
    from lib.evaluation.store import load_pairs

    pair = int(load_pairs(run)["pair"].iloc[2])
    app = open_page("explore", run=run.id)
    app.session_state["chosen-pairs"] = [pair]
    app.session_state["chosen-pairs-run"] = run.id
    app.run()
    assert not app.exception
    near = [frame.value for frame in app.dataframe if list(frame.value.columns) == ["place", "right", "cosine", "text"]]
    assert len(near) == 2
    assert all(len(table) == 10 for table in near)
    row = load_pairs(run).set_index("pair").loc[pair]
    assert row["anchor"] in [element.value for element in app.text]
    assert f"ank of the right answer {row['base_rank']} → {row['tuned_rank']}" in texts(app)


def test_a_damaged_evaluation_says_so_and_the_rest_stays(open_page: Callable[..., AppTest], run: Run) -> None:
    (run.evaluation_dir / "evaluation.json").write_text("{")
    page = open_page("explore", run=run.id)
    assert any("cannot be read" in error.value.replace("\\", "") for error in page.error)


def test_the_sections_import_neither_torch_nor_scikit_learn() -> None:
    import subprocess

    code = "import sys, lib.ui.verdict, lib.ui.pairs, lib.ui.pairs_inspect; print([m for m in ('torch','sklearn','scipy','umap') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
