"""Verdict, per-pair results and evaluation details of Explore.

Numbers, what a click queues, and that torch stays out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.data.model_inputs import ModelInputs
from lib.evaluation.run import evaluate_inputs
from lib.evaluation.store import load_pairs
from lib.models.prompts.choose import ExpectedPrompts
from lib.recipe.options import PromptSource
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.ui.explore.evaluation import prompts
from tests.app.conftest import texts


def embed(name: str, sentences: list[str]) -> np.ndarray:
    """Embed so that the tuned model knows most pairs better, and the first held-out one worse."""
    import zlib

    rows = []
    for text in sentences:
        words = text.split()
        number = words[-1]
        generator = np.random.default_rng(zlib.crc32(f"{name}{text}".encode()))
        meaning = np.random.default_rng(zlib.crc32(number.encode())).normal(size=16)
        rows.append((0.3 if name == "base" else 0.9) * meaning + generator.normal(size=16))
    return np.array(rows, dtype=np.float32)


@pytest.fixture
def run(make_run: Callable[..., Run], workspace: Workspace) -> Run:
    """Finish a run and store its evaluation."""
    new_run = make_run()
    dataset = workspace.datasets.get(new_run.dataset)
    evaluate_inputs(ModelInputs.of(dataset.frame(), dataset.shape), embed, folder=new_run.paths.evaluation.folder)
    return new_run


@pytest.fixture
def page(open_page: Callable[..., AppTest], run: Run) -> AppTest:
    """Open Explore on that run."""
    return open_page("explore", run=run.id)


def test_the_page_opens_on_the_verdict_in_one_sentence(page: AppTest) -> None:
    page_text = texts(page).replace("\\", "")
    assert "Top-1 accuracy on " in page_text
    assert any("threshold" in frame.value for frame in page.dataframe)
    cards = {metric.label: metric for metric in page.metric}
    assert {"Recall@1", "Recall@5", "Recall@10", "MRR@10", "nDCG@10", "Median rank"} <= set(cards)
    assert "→" in cards["MRR@10"].value
    assert " to " in cards["MRR@10"].delta
    assert "With this sample size, changes below about" in page_text
    assert "With this sample size" in cards["MRR@10"].help


def test_an_evaluation_that_was_made_again_is_shown(page: AppTest, run: Run, workspace: Workspace) -> None:
    before = {metric.label: metric.value for metric in page.metric}["MRR@10"]
    dataset = workspace.datasets.get(run.dataset)
    evaluate_inputs(
        ModelInputs.of(dataset.frame(), dataset.shape),
        lambda name, sentences: embed("tuned" if name == "base" else "base", sentences),
        folder=run.paths.evaluation.folder,
    )
    after = {metric.label: metric.value for metric in page.run().metric}["MRR@10"]
    assert after.split(" → ") == before.split(" → ")[::-1]


def evaluate_as(run: Run, stored: Run, *, p_value: float) -> None:
    """Give a run the evaluation of another one, better with this p-value."""
    found = json.loads(stored.paths.evaluation.summary.read_text()) | {"verdict": "better"}
    found["metrics"][found["metric"]]["p_value"] = p_value
    run.paths.evaluation.folder.mkdir(parents=True, exist_ok=True)
    run.paths.evaluation.summary.write_text(json.dumps(found))


def test_the_verdict_of_one_of_several_runs_is_corrected(
    open_page: Callable[..., AppTest], run: Run, make_run: Callable[..., Run]
) -> None:
    """Clear alone, p = 0.03; of two runs no longer."""
    evaluate_as(run, run, p_value=0.03)
    assert verdict_badge(open_page("explore", run=run.id)) == "Better"
    evaluate_as(make_run(name="Other"), run, p_value=0.9)
    page = open_page("explore", run=run.id)
    assert verdict_badge(page) == "No clear change"
    assert "The best of 2 runs on this dataset: corrected for 2 comparisons (Holm)" in texts(page).replace("\\", "")
    evaluate_as(run, run, p_value=0.02)
    assert verdict_badge(page.run()) == "Better"


def test_the_verdict_names_the_spread_over_seeds(
    open_page: Callable[..., AppTest], run: Run, make_run: Callable[..., Run]
) -> None:
    assert "standard deviation" not in texts(open_page("explore", run=run.id))
    make_run(name="Other", recipe={"seed": 43})
    shown = texts(open_page("explore", run=run.id)).replace("\\", "").replace("\u2060", "")
    assert "Over 2 seeds: MRR@10 0.750 on average, standard deviation 0.000, from 0.750 to 0.750" in shown


def verdict_badge(page: AppTest) -> str:
    """Find which verdict the badge says."""
    badges = [one.value for one in page.markdown if "-badge[" in one.value]
    (found,) = {title for title in ("Better", "Worse", "No clear change") for one in badges if title in one}
    return found


def test_what_got_worse_is_the_first_table(page: AppTest) -> None:
    assert [one for one in page.get("button_group") if "Got worse" in str(one.proto)]
    page_text = texts(page)
    tables = [frame.value for frame in page.dataframe if "rank (base)" in frame.value or "source" in frame.value]
    assert tables or "No pair got worse." in page_text
    for table in tables:
        assert set(table["change"]) == {"worse"}


CONTROLS, BLEND, SIDE_EFFECTS, GROUPS = "Controls", "Blend with base model", "Side effects", "Groups"


def open_details(page: AppTest, tab: str) -> AppTest:
    """Open a tab of the evaluation's details: only the open one is drawn."""
    page.session_state["evaluation-details"] = tab
    return page.run()


def test_the_distributions_of_cosines_are_drawn_once_they_are_asked_for(page: AppTest) -> None:
    figures = len(open_details(page, "Similarity and threshold").get("plotly_chart"))
    page.session_state["similarity-distributions"] = True
    assert len(page.run().get("plotly_chart")) == figures + 1


@pytest.mark.parametrize(
    ("tab", "key", "kind", "payload"),
    [
        (CONTROLS, "placebo", "placebo", {}),
        (CONTROLS, "learning_curve", "learning_curve", {}),
        (BLEND, "blend", "blend", {}),
        (BLEND, "blend-save", "blend", {"share": 0.75}),
    ],
)
def test_each_experiment_is_one_click_and_one_job(
    page: AppTest, run: Run, workspace: Workspace, tab: str, key: str, kind: str, payload: dict[str, float]
) -> None:
    assert f"{key}-{run.id}" not in [one.key for one in page.button]
    open_details(page, tab)
    page.button(key=f"{key}-{run.id}").click().run()
    jobs = workspace.jobs.all(run=run.id, kind=kind)
    assert [job.payload for job in jobs] == [payload]
    assert f"{key}-{run.id}" not in [one.key for one in page.button]


NOTHING = {"base": 0.5, "tuned": 0.51, "difference": 0.01, "low": -0.05, "high": 0.07, "detectable": 0.09}
NOTHING |= {"verdict": "no clear change"}
GAIN = {"base": 0.5, "tuned": 0.7, "difference": 0.2, "low": 0.1, "high": 0.3, "detectable": 0.09, "verdict": "better"}


def store_evaluation(run: Run, name: str, value: object) -> None:
    (run.folder / f"{name}.json").write_text(json.dumps(value))


def test_stored_experiments_are_shown(open_page: Callable[..., AppTest], run: Run) -> None:
    points = [{"fraction": f, "rows": int(40 * f), **NOTHING} for f in (0.5, 1.0)]
    store_evaluation(
        run, "placebo", {"metric": "accuracy@1", **NOTHING, "run": GAIN, "beyond": GAIN, "model": "earlier"}
    )
    store_evaluation(run, "learning_curve", {"metric": "accuracy@1", "points": points, "step": NOTHING})
    page_text = texts(open_details(open_page("explore", run=run.id), CONTROLS)).replace("\\", "")
    assert "base → control: 50% → 51% (+1 point, 95% CI -5 to +7)" in page_text
    assert "The gain comes from the pairs" in page_text
    assert "no clear change" in page_text
    assert "probably help" not in page_text
    assert "+nan" not in page_text


def test_a_control_of_an_earlier_model_says_so(open_page: Callable[..., AppTest], run: Run) -> None:
    path = run.paths.evaluation.summary
    path.write_text(json.dumps(json.loads(path.read_text()) | {"versions": {"tuned model": "now"}}))
    store_evaluation(
        run, "placebo", {"metric": "accuracy@1", **NOTHING, "run": GAIN, "beyond": GAIN, "model": "earlier"}
    )
    page = open_details(open_page("explore", run=run.id), CONTROLS)
    assert "From an earlier checkpoint" in texts(page).replace("\\", "")


def test_a_clear_last_step_says_that_more_data_would_probably_help(open_page: Callable[..., AppTest], run: Run) -> None:
    points = [{"fraction": f, "rows": int(40 * f), **GAIN} for f in (0.5, 1.0)]
    store_evaluation(run, "learning_curve", {"metric": "accuracy@1", "points": points, "step": GAIN})
    page_text = texts(open_details(open_page("explore", run=run.id), CONTROLS)).replace("\\", "")
    assert "From 50% to 100% of the data: +20 points, 95% CI +10 to +30. More data would probably help." in page_text


def test_blends_have_intervals_and_the_share_of_the_slider_is_interpolated(
    open_page: Callable[..., AppTest], run: Run
) -> None:
    blend = [
        {
            "share": s,
            "target": 0.4 + s / 10,
            "general": 0.9 - s / 10,
            "target_difference": GAIN,
            "general_difference": NOTHING,
        }
        for s in (0.0, 0.5, 1.0)
    ]
    store_evaluation(run, "blend", {"metric": "mrr@10", "points": blend})
    folder = run.folder / "blends" / "model-050"
    folder.mkdir(parents=True)
    facts = {"share_of_tuned_weights": 0.5, "metric": "accuracy@1", "held_out": GAIN, "general": NOTHING}
    (folder / "closer.json").write_text(json.dumps(facts))
    page = open_details(open_page("explore", run=run.id), BLEND)
    shares, saved = (frame.value for frame in page.dataframe if "share" in frame.value)
    assert shares["share"].tolist() == ["0%", "50%", "75%", "100%"]
    assert shares["target"].tolist() == pytest.approx([0.4, 0.45, 0.475, 0.5])
    assert shares["general"].tolist() == pytest.approx([0.9, 0.85, 0.825, 0.8])
    assert shares["measured"].tolist() == ["yes", "yes", "interpolated", "yes"]
    assert shares["target, vs. base"].tolist()[1:3] == ["+0.200, 95% CI +0.100 to +0.300", ""]
    assert saved["held-out"].tolist() == ["Top-1 accuracy 50% → 70% (+20 points, 95% CI +10 to +30)"]


def change_evaluation(run: Run, **fields: object) -> None:
    """Write other values into a run's stored evaluation."""
    path = run.paths.evaluation.summary
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_a_card_is_coloured_by_the_verdict_of_its_metric_not_by_its_interval(
    open_page: Callable[..., AppTest], run: Run
) -> None:
    numbers = {name: value for name, value in GAIN.items() if name != "verdict"} | {"p_value": 0.25}
    metrics = dict.fromkeys(("accuracy@1", "recall@1", "mrr@10"), numbers)
    change_evaluation(
        run,
        metrics=metrics,
        verdicts={"accuracy@1": "no clear change", "recall@1": "no clear change", "mrr@10": "better"},
    )
    cards = {metric.label: metric for metric in open_page("explore", run=run.id).metric}
    colours = {name: cards[name].proto.color for name in ("Recall@1", "MRR@10")}
    assert colours["Recall@1"] != colours["MRR@10"]


def test_the_change_of_validation_has_an_interval(open_page: Callable[..., AppTest], run: Run) -> None:
    fall = GAIN | {"base": 0.7, "tuned": 0.5, "difference": -0.2, "low": -0.3, "high": -0.1, "verdict": "worse"}
    change_evaluation(run, cost={"moments": [], "validation": {"best": GAIN, "last": fall, "looks": 9}})
    page_text = texts(open_details(open_page("explore", run=run.id), SIDE_EFFECTS)).replace("\\", "")
    assert "best to last epoch: 0.700 → 0.500 (-0.200, 95% CI -0.300 to -0.100)" in page_text


def test_an_evaluation_of_an_older_version_opens_and_can_be_repeated(
    open_page: Callable[..., AppTest], run: Run, workspace: Workspace
) -> None:
    path = run.paths.evaluation.summary
    older = json.loads(path.read_text())
    for name in ("verdicts", "texts", "version"):
        older.pop(name)
    path.write_text(json.dumps(older))
    page = open_page("explore", run=run.id)
    assert "Top-1 accuracy on " in texts(page).replace("\\", "")
    assert not page.exception
    page.button(key=f"evaluate-{run.id}").click().run()
    assert [job.kind for job in workspace.jobs.all(run=run.id, kind="evaluate")] == ["evaluate"]


def test_a_base_that_was_read_without_its_prompts_is_warned_about(
    open_page: Callable[..., AppTest], run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the run and its evaluation are of a version before prompts; with prompts, they are shown."""
    expected = ExpectedPrompts("query: ", "passage: ", PromptSource.TABLE, "https://example.org")
    monkeypatch.setattr(prompts, "_expected", lambda model, shape: expected)
    assert any("was trained with prompts" in one.value for one in open_page("explore", run=run.id).warning)
    workspace.runs.set_recipe(run.id, run.recipe.with_prompts("query: ", "passage: ", PromptSource.TABLE))
    page = open_page("explore", run=run.id)
    assert not any("was trained with prompts" in one.value for one in page.warning)
    assert '"passage: "' in texts(page).replace("\\", "")


def test_the_present_mode_shows_badge_and_sentence_alone(open_page: Callable[..., AppTest], run: Run) -> None:
    change_evaluation(run, warnings=[{"name": "Forgetting", "text": "It forgot."}])
    page = open_page("explore", run=run.id, present="1", step="play")
    page_text = texts(page).replace("\\", "")
    assert "Top-1 accuracy on " in page_text
    assert not page.metric
    assert "bootstrap over groups" not in page_text
    assert "It forgot." not in page_text
    assert "Forgetting" in page_text  # its name stays, as a badge


def test_the_present_mode_without_a_run_takes_the_newest(open_page: Callable[..., AppTest], run: Run) -> None:
    page = open_page("explore", present="1")
    assert not page.warning
    assert page.query_params["run"] == run.id


def test_the_steps_of_the_present_mode_follow_each_other(open_page: Callable[..., AppTest], run: Run) -> None:
    page = open_page("explore", run=run.id, present="1", step="unknown")
    assert page.metric[0].label == "Recall@1"
    assert page.button(key="present-back").disabled
    page.button(key="present-next").click().run()
    assert page.query_params["step"] == "search"
    assert page.text_input
    assert not page.metric
    page.button(key="present-next").click().run()
    page.button(key="present-next").click().run()
    assert page.query_params["step"] == "pairs"
    assert page.button(key="present-next").disabled
    assert [one.label for one in page.metric] == ["Rank", "Cosine"] * 3
    page.button(key="exit-presentation").click().run()
    assert "step" not in page.query_params
    assert page.selectbox[0].value == run.id


def test_a_run_without_an_evaluation_can_be_evaluated(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    new_run = make_run()
    page = open_page("explore", run=new_run.id)
    page.button(key=f"evaluate-{new_run.id}").click().run()
    assert [job.kind for job in workspace.jobs.all(run=new_run.id, states=("queued",))] == ["evaluate"]


def test_a_selected_pair_opens_with_its_neighbours(open_page: Callable[..., AppTest], run: Run) -> None:
    from lib.evaluation.store import load_pairs

    pair = int(load_pairs(run)["pair"].iloc[2])
    app = open_page("explore", run=run.id)
    app.session_state["selected-pairs"] = [pair]
    app.session_state["selected-pairs-run"] = run.id
    app.run()
    assert not app.exception
    near = [
        frame.value for frame in app.dataframe if list(frame.value.columns) == ["rank", "correct", "cosine", "text"]
    ]
    assert len(near) == 2
    assert all(len(table) == 10 for table in near)
    row = load_pairs(run).set_index("pair").loc[pair]
    assert row["anchor"] in [element.value for element in app.text]
    assert f"ank of this target {row['base_rank']} → {row['tuned_rank']}" in texts(app)


def test_pair_details_list_who_overtook_whom_and_wrong_targets(open_page: Callable[..., AppTest], run: Run) -> None:
    from lib.evaluation.store import load_neighbours, load_pairs

    table = load_pairs(run).assign(negative="a wrong target", base_negative_cosine=0.4, tuned_negative_cosine=0.1)
    table.to_parquet(run.paths.evaluation.pairs)
    row = table[(table["tuned_rank"] <= 3) & (table["base_rank"] > table["tuned_rank"])].iloc[0]
    near = load_neighbours(run, pair=int(row["pair"]))
    before = near[(near["moment"] == "base") & ~near["right"]]["text"].head(int(row["base_rank"]) - 1)
    app = open_page("explore", run=run.id)
    app.session_state["selected-pairs"] = [int(row["pair"])]
    app.session_state["selected-pairs-run"] = run.id
    app.run()
    page_text = texts(app)
    assert "Overtaken by the correct answer" in page_text
    assert f"· {before.iloc[-1]}" in page_text
    assert "a wrong target" in page_text
    assert "osine of the nearest wrong target 0.400 → 0.100" in page_text


def test_a_damaged_evaluation_says_so_and_the_rest_stays(open_page: Callable[..., AppTest], run: Run) -> None:
    (run.paths.evaluation.summary).write_text("{")
    page = open_page("explore", run=run.id)
    assert any("cannot be read" in error.value.replace("\\", "") for error in page.error)


def test_the_sections_import_neither_torch_nor_scikit_learn() -> None:
    import subprocess

    code = "import sys, lib.ui.explore.evaluation.verdict, lib.ui.explore.pairs.table, lib.ui.explore.pairs.detail; print([m for m in ('torch','sklearn','scipy','umap') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_quality_is_listed_by_group_worst_first(
    open_page: Callable[..., AppTest], run: Run, workspace: Workspace
) -> None:
    assert "no column whose values repeat" in texts(open_details(open_page("explore", run=run.id), GROUPS))
    path = workspace.datasets.get(run.dataset).paths.examples
    frame = pd.read_parquet(path)
    held_out = frame.index[frame["part"] == "held_out"]
    hits = load_pairs(run).set_index("pair")["tuned_rank"].reindex(held_out) <= 1
    language = pd.Series("de", frame.index)
    language[hits.index[hits]] = "en"
    language[held_out[:2]] = "few *"
    frame.assign(**{"meta:language": language}).to_parquet(path)
    page = open_details(open_page("explore", run=run.id), GROUPS)
    assert not page.exception
    table = next(frame.value for frame in page.dataframe if "95% interval" in frame.value)
    assert table["value"].iloc[-1] == "few *"
    assert table["95% interval"].iloc[-1] == "too few"
    assert table["queries"].sum() == len(held_out)
    assert page.selectbox(key="group-column").options == ["language"]
