"""The map section of Explore, without a browser: sentences, filters, list, and a run without a map."""

from __future__ import annotations

import base64
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.charts.map.quality import line_accuracy
from lib.charts.map.scene import DOUBTFUL_NAME
from lib.projection.run import draw_map
from lib.projection.store import load_map
from lib.projection.turnover import load_text_neighbours
from lib.store.map_paths import MapKind
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore.map.all_texts import pairs_of_text
from lib.ui.explore.map.data import load_map_data
from tests.unit.projection.all_texts import draw_all_texts
from tests.unit.projection.finished import finished_run, finished_texts, plant_regions


def open_explore(run: str, **query: str) -> AppTest:
    """Open Explore for a run by its link."""
    test = AppTest.from_function(_explore, default_timeout=60)
    test.query_params["run"] = run
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def _explore() -> None:
    import streamlit as st

    from lib.store.workspace import open_workspace
    from lib.ui.explore.map import section

    section.show_map(open_workspace().runs.get(st.query_params["run"]))


def words(test: AppTest) -> str:
    """Join all captions and notes of the page."""
    parts = [*test.caption, *test.info, *test.warning, *test.text, *test.subheader]
    return "\n".join([*(part.value for part in parts), *(tab.label for tab in test.tabs)])


def test_quality_figures_are_those_of_the_map(home: Path) -> None:
    run = finished_run(home)
    test = open_explore(run.id)
    assert not test.exception
    layout = load_map(run)
    held_out = layout.lines[layout.lines["part"] == "held_out"].rename(columns={"change": "length_change"})
    assert f"{line_accuracy(held_out):.0%} of lines change length" in words(test)
    trust = list(layout.facts.quality.trustworthiness.values())
    assert f"{trust[0]:.2f} base, {trust[-1]:.2f} tuned" in words(test)
    assert re.search(
        r"[\d.]+% of the texts that moved did so by more than the layout noise \(variation across 3 random seeds\)",
        words(test),
    )
    assert f"All {len(held_out)} lines and 120 points of this view are shown." in words(test)
    assert "full embeddings" in words(test)


def test_filters_select_the_lines(home: Path) -> None:
    test = open_explore(finished_run(home).id)
    test.selectbox(key="part").select("train").run()
    assert "All 15 lines" in words(test)
    test.selectbox(key="part").select("all").run()
    test.selectbox(key="group").select("team 1").run()
    assert "All 20 lines" in words(test)
    test.text_input(key="find").set_value("QUESTION 7 about").run()
    assert "All 1 lines" in words(test)
    test.text_input(key="find").set_value("nothing like this").run()
    assert "No pairs match these filters." in words(test)


def test_a_linked_pair_opens_with_its_nearest_wrong_answer(home: Path) -> None:
    run = finished_run(home)
    test = open_explore(run.id, pair="8")
    assert "Trajectory" in words(test)
    assert "Question 8 about topic 0\n→ Answer 8 of topic 1" in words(test)
    line = load_map(run).lines.set_index("pair").loc[8]
    assert f"Cosine {line['base_cosine']:.3f} → {line['tuned_cosine']:.3f}" in words(test)
    assert "Nearest wrong answer" in words(test)
    assert len(test.dataframe) == 2
    test.button(key="clear-selection").click().run()
    assert "Trajectory" not in words(test)
    assert "Largest changes" in words(test)
    assert "pair" not in test.query_params


def test_unknown_pairs_in_a_link_are_ignored(home: Path) -> None:
    test = open_explore(finished_run(home).id, pair="999999,x")
    assert not test.exception
    assert "Trajectory" not in words(test)


def test_without_a_map_it_is_offered_once(home: Path) -> None:
    run = finished_run(home, with_map=False)
    test = open_explore(run.id)
    assert "This run has no map yet." in words(test)
    test.button(key="compute-map").click().run()
    jobs = open_workspace(home).jobs.all(run=run.id, kind="project")
    assert [(job.state, job.payload) for job in jobs] == [("queued", {"method": "pair-faithful", "balance": 0.5})]
    assert "This run has no map yet." not in words(test)


def test_another_layout_is_a_job(home: Path) -> None:
    run = finished_run(home)
    test = open_explore(run.id)
    test.radio(key="map-method").set_value("umap").run()
    test.button(key="recompute-map").click().run()
    jobs = open_workspace(home).jobs.all(run=run.id, kind="project")
    assert [job.payload["method"] for job in jobs] == ["umap"]
    assert "lines change length" in words(test)


def test_a_recomputed_map_replaces_the_old_one(home: Path) -> None:
    run = finished_run(home)
    test = open_explore(run.id)
    assert test.radio(key="map-method").value == "pair-faithful"
    workspace = open_workspace(home)
    draw_map(run, workspace.datasets.get(run.dataset), home=home, method="pca")
    test = open_explore(run.id)
    assert test.radio(key="map-method").value == "pca"
    assert "Current map: PCA" in words(test)


def add_plain_map(run: Run) -> None:
    """Publish a copy of the run's map as plain UMAP's, turned upside down."""
    shutil.copytree(run.paths.map.folder, run.paths.map_of(MapKind.PLAIN).folder)
    facts = json.loads(run.paths.map_of(MapKind.PLAIN).summary.read_text())
    run.paths.map_of(MapKind.PLAIN).summary.write_text(json.dumps(facts | {"method": "umap"}))
    table = pd.read_parquet(run.paths.map_of(MapKind.PLAIN).coordinates)
    table.assign(y=-table["y"]).to_parquet(run.paths.map_of(MapKind.PLAIN).coordinates)


def test_plain_umap_is_one_choice_away_with_its_figures(home: Path) -> None:
    run = finished_run(home)
    test = open_explore(run.id)
    assert f"map-layout-{run.id}" not in [one.key for one in test.segmented_control]
    assert len(test.table[0].value.columns) == 1
    assert test.button(key="draw-plain-map")
    add_plain_map(run)
    test = open_explore(run.id)
    before = map_height(test)
    figures, quality = test.table[0].value, load_map(run).facts.quality
    assert list(figures.columns) == ["UMAP with pair constraints", "Plain UMAP"]
    for name, share in (("ranks", quality.rank_sign_agreement), ("cosines", quality.sign_agreement)):
        assert figures.loc[f"Lines that change as {name}", "Plain UMAP"] == f"{share:.0%}"
    test.segmented_control(key=f"map-layout-{run.id}").set_value("Plain UMAP").run()
    assert not test.exception
    assert map_height(test) == pytest.approx(-before)
    assert test.radio(key="map-method").value == "pair-faithful", "what is recomputed is the map"


def has_preview(test: AppTest) -> bool:
    """Whether a picture stands in the place of the map."""
    return any("map-preview" in one.proto.body and "base64," in one.proto.body for one in test.get("html"))


def test_a_picture_stands_for_the_map_until_plotly_is_loaded(home: Path) -> None:
    run = finished_run(home)
    test = open_explore(run.id)
    assert has_preview(test)
    assert not has_preview(test.run()), "by then plotly is loaded"
    assert not has_preview(open_explore(run.id, view="Side by side")), "two panels have none"


def map_height(test: AppTest) -> float:
    """Sum up the y of the first marks that are drawn, without those in the background."""
    figure = json.loads(test.get("plotly_chart")[0].proto.spec)
    trace = next(one for one in figure["data"] if one.get("mode") == "markers" and "Source" in one.get("name", ""))
    return float(np.frombuffer(base64.b64decode(trace["y"]["bdata"]), trace["y"]["dtype"]).sum())


def test_plain_umap_is_drawn_on_request(home: Path) -> None:
    run = finished_run(home)
    test = open_explore(run.id)
    test.button(key="draw-plain-map").click().run()
    jobs = open_workspace(home).jobs.all(run=run.id, kind="project_plain")
    assert [job.state for job in jobs] == ["queued"]


def test_a_damaged_plain_map_is_no_choice(home: Path) -> None:
    run = finished_run(home)
    add_plain_map(run)
    run.paths.map_of(MapKind.PLAIN).summary.write_text("torn")
    test = open_explore(run.id)
    assert not test.exception
    assert test.button(key="draw-plain-map")


def test_a_damaged_map_shows_an_error_and_can_be_recomputed(home: Path) -> None:
    run = finished_run(home)
    (run.paths.map.coordinates).write_bytes(b"torn")
    test = open_explore(run.id)
    assert not test.exception
    assert "The map of this run cannot be read" in test.error[0].value
    assert test.button(key="compute-map")


@pytest.mark.parametrize("words_in_link", ["Held-out", "held_out", "<script>"])
def test_present_shows_the_map_alone(home: Path, words_in_link: str) -> None:
    test = open_explore(finished_run(home).id, present="1", part=words_in_link)
    assert not test.exception
    assert not test.button
    assert not test.dataframe
    boxes = ["part", "change", "colour", "group", "neighbours"]
    assert [box.key for box in test.selectbox] == boxes, "they stay for the address, out of sight"
    assert "of lines change length" in words(test)


def run_with_pair_off_map(home: Path) -> Run:
    """Make a run whose pair 8 has no place on the map; it was evaluated."""
    run = finished_run(home)
    path = run.paths.map.lines
    lines = pd.read_parquet(path)
    lines[lines["pair"] != 8].to_parquet(path, index=False)
    run.paths.evaluation.folder.mkdir(parents=True)
    pd.DataFrame({"pair": [8], "base_rank": [3], "tuned_rank": [1]}).to_parquet(run.paths.evaluation.pairs)
    return run


def test_a_search_lists_every_match_with_its_place(home: Path) -> None:
    test = open_explore(run_with_pair_off_map(home).id, find="Question 8 about")
    assert not test.exception
    assert "1 pair found\n" in words(test) + "\n"
    assert "1 not on the map." in words(test)
    assert test.dataframe[0].value.to_dict("records") == [
        {
            "where": "not on the map",
            "source": "Question 8 about topic 0",
            "target": "Answer 8 of topic 1",
            "part": "held-out",
            "rank (base)": 3,
            "rank (tuned)": 1,
        }
    ]
    test.button(key="select-matches").click().run()
    assert "Question 8 about topic 0\n→ Answer 8 of topic 1" in words(test)
    assert "Not on the map" in words(test)


def test_what_a_filter_hides_can_be_shown(home: Path) -> None:
    test = open_explore(run_with_pair_off_map(home).id, find="8", part="Held-out")
    where = test.dataframe[0].value["where"].value_counts()
    assert set(where.index) == {"on the map", "filtered out", "not on the map"}
    test.button(key="reset-filters").click().run()
    assert test.selectbox(key="part").value == "all"
    assert test.dataframe[0].value["where"].value_counts()["on the map"] == where.sum() - 1
    test.button(key="select-matches").click().run()
    assert test.selectbox(key="map-pair").label == f"Pair ({where.sum()} selected)"


def test_one_of_several_selected_pairs_is_shown_in_detail(home: Path) -> None:
    test = open_explore(finished_run(home).id, pair="4,8," + ",".join(str(i) for i in range(20, 45)))
    box = test.selectbox(key="map-pair")
    assert box.value == 4
    box.set_value(8).run()
    assert "Question 8 about topic 0\n→ Answer 8 of topic 1" in words(test)
    assert "A link includes the first 20 of them." in words(test)


@pytest.mark.parametrize("frame", ["epoch-001", "Epoch 1"])
def test_a_link_opens_its_snapshot_by_name_or_label(home: Path, frame: str) -> None:
    test = open_explore(finished_run(home).id, frame=frame)
    figure = json.loads(test.get("plotly_chart")[0].proto.spec)
    assert figure["layout"]["sliders"][0]["active"] == 1
    assert test.query_params["frame"] == frame


def test_a_group_in_a_link_is_chosen_and_empty_groups_are_not_offered(home: Path) -> None:
    run = finished_run(home)
    dataset = open_workspace(home).datasets.get(run.dataset)
    path = dataset.paths.examples
    frame = pd.read_parquet(path)
    frame.loc[frame.index[:9], "group"] = "  "
    frame.to_parquet(path)
    test = open_explore(run.id, group="team 1", part="All")
    box = test.selectbox(key="group")
    assert box.value == "team 1"
    assert box.options == ["All", "team 0", "team 1", "team 2"]
    assert "All 17 lines" in words(test)
    test = open_explore(run.id, group="team 1", part="All", present="1")
    assert "All 17 lines" not in words(test)
    assert test.selectbox(key="group").value == "team 1"


def test_margins_colour_ranked_pairs_and_cosines_the_others(home: Path) -> None:
    run = finished_run(home)
    held_out = load_map(run).lines.query("part == 'held_out'")["pair"]
    run.paths.evaluation.folder.mkdir(parents=True)
    (run.paths.evaluation.summary).write_text("{}")
    pairs = pd.DataFrame({"pair": held_out, "change": "same", "base_rank": 2, "tuned_rank": 2, "base_margin": -0.1})
    pairs.assign(tuned_margin=0.3).to_parquet(run.paths.evaluation.pairs)
    test = open_explore(run.id)
    assert "the margin" in words(test)
    assert "rank of the correct answer improved" in test.selectbox(key="change").help
    assert set(test.dataframe[0].value["margin"].round(3)) == {0.4}
    test.selectbox(key="part").select("train").run()
    assert "the cosine increased" in words(test)
    assert "the margin" not in words(test)
    assert len(set(test.dataframe[0].value["cosine"])) > 1


def traces(test: AppTest) -> list[dict[str, object]]:
    """Read the traces of the page's map."""
    return json.loads(test.get("plotly_chart")[0].proto.spec)["data"]


def test_new_neighbours_colour_and_filter_the_map(home: Path) -> None:
    run = finished_run(home)
    neighbours, lines = load_text_neighbours(run.paths.map.folder, texts=120), load_map(run).lines
    test = open_explore(run.id, colour="New neighbours", part="All")
    assert not test.exception
    names = {one["name"] for one in traces(test) if one.get("showlegend")}
    assert names <= {f"{step} of 10 neighbours new" for step in ("0–2", "3–5", "6–8", "9–10")}
    assert len(names) > 1
    is_new = neighbours.new > 5
    passed = int((is_new[lines["source"]] | is_new[lines["target"]]).sum())
    assert 0 < passed < 60
    test.selectbox(key="neighbours").select("new").run()
    assert f"All {passed} lines" in words(test)


def test_a_column_of_the_data_colours_and_filters_the_map(home: Path) -> None:
    test = open_explore(finished_run(home).id, colour="Column: group", part="All")
    assert not test.exception
    names = [one["name"] for one in traces(test) if one.get("showlegend")]
    assert names == ["team 0", "team 1", "team 2"]
    assert "Coloured by the column “group”" in words(test)
    test.selectbox(key="value").select("team 2").run()
    assert "All 20 lines" in words(test)
    assert {one["name"] for one in traces(test) if one.get("showlegend")} == {"team 2"}
    test.selectbox(key="colour").select("change").run()
    assert "value" not in [box.key for box in test.selectbox]
    assert "All 60 lines" in words(test)


def test_regions_colour_the_map_under_their_names(home: Path) -> None:
    run = finished_run(home)
    regions = plant_regions(run, texts=120)
    test = open_explore(run.id, colour="Region", part="All")
    assert not test.exception
    names = {one["meta"]: one["text"] for one in traces(test) if str(one.get("meta", "")).endswith("-regions")}
    assert names == {"wide-regions": ["warm", "cold"], "near-regions": ["red &lt;i&gt;", "green", "blue", "grey"]}
    legend = {one["name"] for one in traces(test) if one.get("showlegend")}
    assert legend <= {*regions["wide"].names, "Between regions"}
    assert len(legend) > 1


def test_a_pair_says_how_many_neighbours_are_new(home: Path) -> None:
    run = finished_run(home)
    new, line = load_text_neighbours(run.paths.map.folder, texts=120).new, load_map(run).lines.set_index("pair").loc[8]
    words_of_pair = words(open_explore(run.id, pair="8"))
    assert f"nearest texts: source {new[line['source']]}, target {new[line['target']]}." in words_of_pair


def test_doubtful_positions_are_marked_by_a_switch(home: Path) -> None:
    run = finished_run(home)
    test = open_explore(run.id)
    assert DOUBTFUL_NAME not in [one.get("name") for one in traces(test)]
    doubtful = load_text_neighbours(run.paths.map.folder, texts=120).is_doubtful("base")
    assert doubtful.any()
    test = open_explore(run.id, doubtful="true", frame="base")
    (ring,) = [one for one in traces(test) if one.get("name") == DOUBTFUL_NAME]
    x = np.frombuffer(base64.b64decode(ring["x"]["bdata"]), ring["x"]["dtype"])
    assert np.isfinite(x).sum() == doubtful.sum()


def test_a_map_of_an_earlier_version_has_no_neighbours_to_choose(home: Path) -> None:
    run = finished_run(home)
    run.paths.map.neighbours.unlink()
    run.paths.map.regions.unlink()
    test = open_explore(run.id, colour="New neighbours", neighbours="Mostly new", doubtful="true")
    assert not test.exception
    assert "neighbours" not in {box.key for box in test.selectbox}
    assert test.selectbox(key="colour").options == ["Change in cosine", "Column: group"]
    assert "lines change length" in words(test)


def test_skipped_snapshots_are_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finished_run(home, snapshots=5, with_map=False)
    monkeypatch.setattr("lib.projection.run.MAX_MAP_POINTS", 360)
    draw_map(run, open_workspace(home).datasets.get(run.dataset), home=home)
    assert re.search(r"2 snapshots are not shown.*Epoch \d\W+Epoch \d", words(open_explore(run.id)))


def test_the_scatter_figure_is_built_once_it_is_opened(home: Path) -> None:
    test = open_explore(finished_run(home).id)
    assert len(test.get("plotly_chart")) == 1


def test_labelled_texts_are_coloured_by_class_and_have_no_filters_for_pairs(home: Path) -> None:
    run = finished_texts(home)
    run.paths.evaluation.folder.mkdir(parents=True)
    (run.paths.evaluation.summary).write_text("{}")
    pairs = pd.DataFrame({"pair": [0, 4], "text": ["a", "b"], "label": ["1", "2"], "change": ["better", "worse"]})
    pairs.to_parquet(run.paths.evaluation.pairs)
    test = open_explore(run.id)
    assert not test.exception
    assert {box.label for box in test.selectbox} >= {"Texts"}
    assert not {"Pairs", "Change"} & {box.label for box in test.selectbox}
    classes = test.multiselect(key="class")
    assert 1 < len(classes.value) <= 6
    assert "coloured by class" in words(test)
    assert "All 80 texts are shown." in words(test)
    figure = json.loads(test.get("plotly_chart")[0].proto.spec)
    assert {trace["name"] for trace in figure["data"]} >= set(classes.value)
    test.multiselect(key="class").set_value(classes.value[:1]).run()
    figure = json.loads(test.get("plotly_chart")[0].proto.spec)
    names = [trace["name"] for trace in figure["data"]]
    assert names == ["Other texts", classes.value[0], classes.value[0]], "held-out full, the others hollow"
    assert not any("<b>" in words for trace in figure["data"] for words in trace["hovertext"])
    test.selectbox(key="colour").select("neighbours").run()
    assert "class" not in [box.key for box in test.multiselect]
    assert any("neighbours new" in str(trace["name"]) for trace in traces(test))


def test_labelled_texts_are_searched_filtered_and_read(home: Path) -> None:
    run = finished_texts(home)
    test = open_explore(run.id, part="Held-out", find="text 4 <")
    assert "1 text found" in words(test)
    assert test.dataframe[0].value["where"].tolist() == ["on the map"]
    test = open_explore(run.id, pair="4")
    assert "text 4 <b>of</b> class" in words(test)
    assert re.search(r"Class.+class 0.+Held.+out", words(test))
    before, after = (table.value for table in test.dataframe)
    assert list(before) == ["cosine", "class", "text"]
    assert len(after) == 6
    figure = json.loads(test.get("plotly_chart")[0].proto.spec)
    assert "Selected" in [trace["name"] for trace in figure["data"]]


def test_all_texts_are_offered_where_some_are_missing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finished_run(home)
    assert "draw-all-texts" not in [one.key for one in open_explore(run.id).button], "nothing is missing"
    lines = pd.read_parquet(run.paths.map.lines)
    lines.head(50).to_parquet(run.paths.map.lines)
    run.paths.map.summary.touch()
    test = open_explore(run.id)
    test.button(key="draw-all-texts").click().run()
    assert [job.state for job in open_workspace(home).jobs.all(run=run.id, kind="project_all")] == ["queued"]
    assert "draw-all-texts" not in [one.key for one in test.button]


def test_the_map_of_all_texts_is_one_choice_away(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finished_run(home)
    draw_all_texts(monkeypatch, run, home)
    test = open_explore(run.id, part="all", pair="5")
    test.segmented_control(key=f"map-layout-{run.id}").set_value("All 120 texts").run()
    assert not test.exception
    data = map_of_all_texts(test)
    line = load_map(run, kind=MapKind.ALL).lines.set_index("pair").loc[5]
    assert data["pairs"] == [[line["source"], line["target"], data["colours"]["tuned"]]]
    assert data["labels"] == ["Base", "Best (epoch 2)"]
    assert data["positions"].startswith(f"download/{run.id}/map/positions?version=")
    assert "All 120 texts are shown." in words(test)
    assert "Answer 5 of topic" in words(test), "the panel shows the selected pair"
    before = data["marks"]
    test.selectbox(key="change").set_value("worse").run()
    assert map_of_all_texts(test)["marks"] != before, "other texts are coloured"


def test_a_click_on_a_text_selects_its_pairs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finished_run(home)
    draw_all_texts(monkeypatch, run, home)
    data = load_map_data(run, kind=MapKind.ALL)
    line = data.lines.iloc[7]
    assert pairs_of_text(data, int(line["target"])) == [line["pair"]]
    assert pairs_of_text(data, -1) == pairs_of_text(data, 10**9) == []


def map_of_all_texts(test: AppTest) -> dict:
    """Read what the browser draws of the map of all texts."""
    return json.loads(test.get("bidi_component")[0].proto.json)
