"""python -m lib export: a run's tuned model in another form, with what it costs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from sentence_transformers import SentenceTransformer

from lib.__main__ import main
from lib.experiments.exported_form import has_files, list_exported_forms
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from tests.builders import add_dataset, add_run


@pytest.fixture
def run(home: Path, tiny_model: Path) -> Run:
    """Make a run whose tuned model is the base model: nothing has to be trained here."""
    workspace = open_workspace(home)
    made = add_run(workspace, add_dataset(workspace), tiny_model)
    shutil.copytree(tiny_model, made.model_dir)
    return made


def test_a_truncated_model_is_written_and_measured_with_each_dimension(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "small"
    arguments = ["export", run.id, "--format", "truncated", "--dimensions", "8", "4", "--out", str(out), "--json"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [one["exported"]["dimension"] for one in report["forms"]] == [8, 4]
    first = report["forms"][0]["metrics"]["mrr@10"]
    assert "base" not in first, "the base model was not measured"
    assert first["difference"] == pytest.approx(first["exported"] - first["tuned"])
    assert first["low"] <= first["difference"] <= first["high"]
    assert SentenceTransformer(str(out), device="cpu").encode("a text").shape == (8,)
    stored = list_exported_forms(run)
    assert [one.name for one in stored] == ["truncated-8", "truncated-4"]
    assert not any(has_files(run, one) for one in stored)


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        (["--format", "static", "--out", "full"], "not an empty folder"),
        (["--format", "truncated", "--dimensions", "33", "--out", "new"], "has 32 dimensions"),
        (["--format", "static", "--dimensions", "0", "--out", "new"], "has 32 dimensions"),
        (["--format", "onnx", "--dimensions", "8", "--out", "new"], "keeps the model's dimension"),
    ],
    ids=["folder", "too many", "none", "no choice"],
)
def test_what_cannot_be_exported_is_said_in_one_line(
    run: Run, tmp_path: Path, options: list[str], cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    assert main(["export", run.id, *options[:-1], str(tmp_path / options[-1])]) == 1
    assert cause in capsys.readouterr().err.splitlines()[-1]
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"
    assert not (tmp_path / "new").exists()


def test_a_form_whose_packages_are_missing_is_refused_with_what_to_install(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lib.models.forms.form.find_spec", lambda name: None if name == "onnxruntime" else object())
    assert main(["export", run.id, "--format", "onnx", "--out", str(tmp_path / "new")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "onnxruntime" in line
    assert "requirements-export.txt" in line
    assert not (tmp_path / "new").exists()
