"""python -m lib embed: a file's rows with vectors by a run's base or tuned model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sentence_transformers import SentenceTransformer

from lib.__main__ import main
from lib.store.locations import Location
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from tests.builders import add_dataset, add_run, pairs
from tests.object_store import upload_folder


@pytest.fixture
def run(home: Path, tiny_model: Path) -> Run:
    """Make a run whose tuned model is the base model's folder: nothing has to be trained here."""
    workspace = open_workspace(home)
    made = add_run(workspace, add_dataset(workspace), tiny_model, query_prompt="ask: ", document_prompt="tell: ")
    made.model_dir.symlink_to(tiny_model)
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    pairs(8).assign(number=range(8)).to_csv(path, index=False)
    return path


def test_rows_come_back_with_the_vectors_of_the_column_that_the_role_had(
    run: Run, file: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "vectors.parquet"
    assert main(["embed", str(file), "--run", run.id, "--out", str(out), "--role", "query", "--json"]) == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out.splitlines()[-1])
    assert report["columns"] == ["source_sentence"]
    assert (report["rows"], report["dimension"], report["model"], report["role"]) == (8, 32, "tuned", "query")
    assert 'prompt "ask: "' in printed.err
    frame = pd.read_parquet(out)
    assert list(frame.columns) == ["source_sentence", "target_sentence", "number", "vector"]
    assert frame["source_sentence"].tolist() == pairs(8)["source_sentence"].tolist()
    texts = [f"ask: {text}" for text in frame["source_sentence"]]
    expected = SentenceTransformer(str(tiny_model), device="cpu").encode(texts)
    assert np.allclose(np.stack(frame["vector"].to_list()), expected, atol=1e-5)


def test_base_and_tuned_and_any_column_can_be_chosen(
    run: Run, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, tuned = tmp_path / "base.npy", tmp_path / "tuned.npy"
    arguments = ["--run", run.id, "--column", "target_sentence", "--column", "number"]
    assert main(["embed", str(file), *arguments, "--model", "base", "--out", str(base)]) == 0
    assert main(["embed", str(file), *arguments, "--out", str(tuned)]) == 0
    assert "8 rows of 32 dimensions" in capsys.readouterr().out
    assert np.array_equal(np.load(base), np.load(tuned))
    assert np.load(base).any(axis=1).all()


@pytest.mark.parametrize(
    ("out", "column", "cause"),
    [
        ("vectors.csv", "source_sentence", "neither .parquet nor .npy"),
        ("none/vectors.npy", "source_sentence", "There is no folder"),
        ("vectors.npy", "nope", "There is no column “nope”"),
    ],
)
def test_what_cannot_be_written_is_said_in_one_line_before_any_work(
    run: Run, file: Path, tmp_path: Path, out: str, column: str, cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["embed", str(file), "--run", run.id, "--column", column, "--out", str(tmp_path / out)]) == 1
    assert cause in capsys.readouterr().err.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir() if path.suffix in (".npy", ".csv")] == ["rows.csv"]


def test_parquet_by_path_or_url_becomes_a_folder_of_parts_by_a_run_or_any_model(
    run: Run, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    model = Location(f"memory://command/{tmp_path.name}")
    upload_folder(tiny_model, model)
    file = tmp_path / "rows.parquet"
    pairs(8).to_parquet(file)
    column = ["--column", "target_sentence", "--json"]
    outs = [tmp_path / name for name in ("of-run", "of-model")]
    assert main(["embed", str(file), "--run", run.id, "--out", str(outs[0]), *column]) == 0
    by_model = ["embed", file.as_uri(), "--model", str(model), "--out", outs[1].as_uri(), *column]
    assert main(by_model) == 0
    reports = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [report["model"] for report in reports] == ["tuned", str(model)]
    assert [(report["rows"], report["prompt"]) for report in reports] == [(8, "tell: "), (8, "")]
    frames = [pd.read_parquet(out / "part-000000.parquet") for out in outs]
    expected = SentenceTransformer(str(tiny_model), device="cpu").encode(frames[1]["target_sentence"].tolist())
    assert np.allclose(np.stack(frames[1]["vector"].to_list()), expected, atol=1e-5)
    assert not np.allclose(np.stack(frames[0]["vector"].to_list()), expected, atol=1e-2)
    assert main([*by_model, "--role", "query"]) == 1
    assert "something else already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ([], "Which model"),
        (["--run", "none", "--model", "other"], "A run has no “other”"),
        (["--model", "no/such/folder"], "There is no folder"),
    ],
    ids=["none", "side", "folder"],
)
def test_a_model_that_is_not_named_or_not_there_is_one_line(
    file: Path, home: Path, tmp_path: Path, options: list[str], cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["embed", str(file), "--out", str(tmp_path / "out"), *options]) == 1
    assert cause in capsys.readouterr().err.splitlines()[-1]


def test_the_file_itself_is_never_the_target(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows.parquet"
    pairs(8).to_parquet(file)
    before = file.read_bytes()
    assert main(["embed", str(file), "--run", run.id, "--out", str(file)]) == 1
    assert "the file itself" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_a_run_without_a_tuned_model_has_its_base_only(
    run: Run, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run.model_dir.unlink()
    out = str(tmp_path / "vectors.npy")
    assert main(["embed", str(file), "--run", run.id, "--out", out]) == 1
    assert "has no tuned model" in capsys.readouterr().err
    assert main(["embed", str(file), "--run", run.id, "--out", out, "--model", "base"]) == 0
