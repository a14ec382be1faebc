"""python -m lib evaluate: verdict, numbers with intervals, the table's path.

On the held-out part and on another file.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from lib.__main__ import main
from lib.commands import evaluate as command
from lib.data.prepare import prepare
from lib.data.samples.registry import load_support_desk
from lib.errors import NotFoundError, TrainingError
from lib.evaluation.difference import Difference
from lib.evaluation.export.archive import zip_export
from lib.evaluation.store import load_evaluation
from lib.format import format_change
from lib.jobs.kinds import perform
from lib.models import memory_check
from lib.progress import Silent
from lib.recipe.recipe import Recipe
from lib.settings import BUNDLED_MODEL
from lib.store.layout import WorkspacePaths
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from tests.unit.projection.finished import finished_run


@pytest.fixture
def trained_run(home: Path, tiny_model: Path) -> Run:
    """Train the tiny model on a part of the support desk; nothing is evaluated."""
    workspace = open_workspace(home)
    dataset = workspace.datasets.publish(prepare(load_support_desk().head(160)), name="desk")
    recipe = Recipe(epochs=1, batch_size=16, learning_rate=1e-3)
    run = workspace.runs.create(dataset=dataset.id, model=str(tiny_model), recipe=recipe)
    perform(workspace, workspace.jobs.get(run.job), Silent())
    return workspace.runs.get(run.id)


def print_evaluation(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.strip()


def test_json_has_the_promised_names_and_the_text_tells_the_same(
    trained_run: Run, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", trained_run.id, "--json"]) == 0
    found = json.loads(print_evaluation(capsys).splitlines()[-1])
    assert found["verdict"] in ("better", "no clear change", "worse")
    assert set(found["counts"]) == {"better", "same", "worse"}
    assert set(found["metrics"]["recall@1"]) == {"base", "tuned", "difference", "low", "high"}
    assert {"recall@5", "recall@10", "mrr@10", "ndcg@10", "median_rank"} <= set(found["metrics"])
    table = pd.read_parquet(found["pairs"])
    assert (
        len(table)
        == sum(found["counts"].values())
        == open_workspace(home).datasets.get(trained_run.dataset).counts["held_out"]
    )
    assert open_workspace(home).runs.get(trained_run.id).headline.verdict == found["verdict"]  # type: ignore[union-attr]
    assert main(["evaluate", trained_run.id]) == 0
    text = print_evaluation(capsys)
    assert text.splitlines()[0] == found["verdict"].capitalize()
    change = Difference.from_json(found["metrics"]["mrr@10"])
    (line,) = [line for line in text.splitlines() if line.startswith("MRR@10 ")]
    assert format_change("mrr@10", change, arrow="->") in line
    assert text.splitlines()[-1] == f"pairs: {found['pairs']}"
    assert set(found["detectable"]) == set(found["verdicts"]) == set(found["metrics"])
    assert line.endswith(f"detectable: {found['detectable']['mrr@10']:.3f}")
    assert "-0.000" not in text


def test_a_run_among_others_is_corrected_for_their_number(
    trained_run: Run, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", trained_run.id, "--json", "--export", str(tmp_path / "alone")]) == 0
    assert json.loads((tmp_path / "alone" / "verdict.json").read_text())["competition"] is None
    alone = json.loads(print_evaluation(capsys).splitlines()[-1])
    assert alone["competition"] is None
    other = open_workspace(home).runs.create(
        dataset=trained_run.dataset, model=trained_run.model, recipe=trained_run.recipe
    )
    shutil.copytree(trained_run.paths.evaluation.folder, other.paths.evaluation.folder)
    summary = json.loads(other.paths.evaluation.summary.read_text()) | {"versions": {"tuned model": "another"}}
    other.paths.evaluation.summary.write_text(json.dumps(summary))
    assert main(["evaluate", trained_run.id, "--json", "--export", str(tmp_path / "two")]) == 0
    found = json.loads(print_evaluation(capsys).splitlines()[-1])
    stored = load_evaluation(trained_run)
    assert stored is not None
    assert found["competition"] == {
        "runs": 2,
        "is_best": True,
        "p_value": min(1.0, 2 * stored.primary.p_value),
        "verdict": found["competition"]["verdict"],
    }
    assert found["verdict"] == alone["verdict"]
    assert json.loads((tmp_path / "two" / "verdict.json").read_text())["competition"] == found["competition"]
    workspace = open_workspace(home)
    dataset = workspace.datasets.get(trained_run.dataset)
    with zipfile.ZipFile(io.BytesIO(zip_export(trained_run, dataset, home=home, others=[other]))) as archive:
        line = archive.read(f"closer-evaluation-{trained_run.id}/verdict.json")
    assert json.loads(line)["competition"] == found["competition"]
    assert main(["evaluate", trained_run.id]) == 0
    assert "of 2 runs on this dataset: corrected for 2 comparisons" in print_evaluation(capsys)


def test_another_file_is_judged_whole_and_rows_that_were_trained_on_are_named(
    trained_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "other.csv"
    load_support_desk().iloc[120:200].to_csv(file, index=False)
    assert main(["evaluate", trained_run.id, "--on", str(file), "--json"]) == 0
    found = json.loads(print_evaluation(capsys).splitlines()[-1])
    assert sum(found["counts"].values()) == 80
    assert " on 80 given pairs: " in found["sentence"]
    assert found["competition"] is None
    assert "Seen in training" in found["warnings"]
    assert Path(found["pairs"]).is_file()
    assert not trained_run.paths.evaluation.folder.exists()
    load_support_desk().iloc[200:260].to_csv(file, index=False)
    assert main(["evaluate", trained_run.id, "--on", str(file), "--json"]) == 0
    assert "Seen in training" not in json.loads(print_evaluation(capsys).splitlines()[-1])["warnings"]


def test_a_file_of_another_shape_is_refused_in_one_line(
    trained_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "scored.csv"
    rows = [(f"first sentence {n}", f"second sentence {n}", n % 6) for n in range(40)]
    pd.DataFrame(rows, columns=["sentence1", "sentence2", "score"]).to_csv(file, index=False)
    assert main(["evaluate", trained_run.id, "--on", str(file)]) == 1
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("error: scored.csv looks like scored")
    assert main(["evaluate", trained_run.id, "--on", str(tmp_path / "none.csv")]) == 1
    assert "There is no file" in capsys.readouterr().err


def test_a_run_that_does_not_exist_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "nope"]) == 1
    assert "There is no run nope" in capsys.readouterr().err


def test_a_run_without_a_model_is_refused(trained_run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    trained_run.model_dir.rename(trained_run.model_dir.with_name("away"))
    assert main(["evaluate", trained_run.id]) == 1
    assert "has no tuned model" in capsys.readouterr().err


def test_an_export_is_read_again_by_audit_and_never_overwrites(
    trained_run: Run, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "export"
    assert main(["evaluate", trained_run.id, "--export", str(folder), "--json"]) == 0
    found = json.loads(print_evaluation(capsys).splitlines()[-1])
    verdict = json.loads((folder / "verdict.json").read_text())
    assert (verdict["verdict"], verdict["run"]) == (found["verdict"], trained_run.id)
    pairs = pd.read_csv(folder / "pairs.csv")
    assert len(pairs) == sum(found["counts"].values())
    stored = pd.read_parquet(found["pairs"])
    assert pairs["tuned_rank"].tolist() == stored["tuned_rank"].tolist()
    assert main(["audit", str(folder / "beir"), "--json"]) == 0
    audit = json.loads(print_evaluation(capsys).splitlines()[-1])
    grades = len((folder / "beir" / "qrels" / "test.tsv").read_text().splitlines()) - 1
    assert (audit["format"], audit["rows"]) == ("BEIR", grades)
    assert main(["evaluate", trained_run.id, "--export", str(folder)]) == 1
    assert "is not an empty folder" in capsys.readouterr().err


def test_the_zip_of_a_page_holds_the_same_files(trained_run: Run, home: Path, tmp_path: Path) -> None:
    folder, dataset = tmp_path / "export", open_workspace(home).datasets.get(trained_run.dataset)
    with pytest.raises(NotFoundError, match="has not been evaluated"):
        zip_export(trained_run, dataset, home=home)
    assert main(["evaluate", trained_run.id, "--export", str(folder)]) == 0
    with zipfile.ZipFile(io.BytesIO(zip_export(trained_run, dataset, home=home))) as archive:
        packed = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    written = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert packed == written
    shutil.rmtree(WorkspacePaths(home).vectors)
    with pytest.raises(NotFoundError, match="not there any more"):
        zip_export(trained_run, dataset, home=home)


def test_another_file_is_exported_without_the_runs_map(trained_run: Run, tmp_path: Path) -> None:
    file, folder = tmp_path / "other.csv", tmp_path / "export"
    load_support_desk().iloc[200:260].to_csv(file, index=False)
    assert main(["evaluate", trained_run.id, "--on", str(file), "--export", str(folder)]) == 0
    assert len(pd.read_csv(folder / "pairs.csv")) == 60
    assert {path.name for path in (folder / "figures").iterdir()} == {"metrics.csv", "cosines.csv"}


@pytest.mark.parametrize("on", [False, True], ids=["held-out", "another file"])
def test_models_that_memory_cannot_hold_are_refused_before_they_are_loaded(
    on: bool, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = finished_run(home, with_map=False)
    monkeypatch.setattr(memory_check, "has_graphics_card", lambda: False)
    monkeypatch.setattr(memory_check, "available_memory", lambda: 600_000_000)
    monkeypatch.setattr(command, "model_of_side", lambda run, side: BUNDLED_MODEL)
    monkeypatch.setattr(command, "evaluate_held_out", refuse_to_work)
    monkeypatch.setattr(command, "evaluate_file", refuse_to_work)
    options = ["evaluate", trained.id, *(["--on", str(tmp_path / "other.csv")] if on else [])]
    assert main(options) == 1
    assert "600 MB are free" in capsys.readouterr().err
    assert main([*options, "--ignore-memory"]) == 1
    printed = capsys.readouterr().err
    assert "warning: " in printed
    assert "It began." in printed


def refuse_to_work(*_rest: object) -> None:
    raise TrainingError("It began.")
