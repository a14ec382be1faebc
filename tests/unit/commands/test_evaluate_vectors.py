"""python -m lib evaluate with vectors from files: the verdict and the map of the models that made them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.__main__ import main
from lib.data.model_inputs import PLAIN_READING
from lib.data.prepare import prepare
from lib.data.samples.registry import load_support_desk
from lib.evaluation.model_pair import MODEL_NAMES
from lib.evaluation.run import cached_embedder
from lib.jobs.kinds import perform
from lib.progress import Silent
from lib.recipe.recipe import Recipe
from lib.store.runs import Run
from lib.store.workspace import open_workspace


@pytest.fixture
def trained_run(home: Path, tiny_model: Path) -> Run:
    """Train the tiny model on a part of the support desk; nothing is evaluated."""
    workspace = open_workspace(home)
    dataset = workspace.datasets.publish(prepare(load_support_desk().head(160)), name="desk")
    run = workspace.runs.create(
        dataset=dataset.id, model=str(tiny_model), recipe=Recipe(epochs=1, batch_size=16, learning_rate=1e-3)
    )
    perform(workspace, workspace.jobs.get(run.job), Silent())
    return workspace.runs.get(run.id)


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    return dict(json.loads(capsys.readouterr().out.strip().splitlines()[-1]))


def test_the_models_own_vectors_give_the_models_verdict_and_a_map(
    trained_run: Run, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", trained_run.id, "--json"]) == 0
    models = printed(capsys)
    listed = tmp_path / "texts.jsonl"
    assert main(["evaluate", trained_run.id, "--write-texts", str(listed)]) == 0
    texts = [json.loads(line)["text"] for line in listed.read_text().splitlines()]
    embed, _ = cached_embedder(trained_run, PLAIN_READING, home=home)
    files = {name: tmp_path / f"{name}.npy" for name in MODEL_NAMES}
    for name, file in files.items():
        np.save(file, embed(name, texts))
    export, report = tmp_path / "export", tmp_path / "report.html"
    options = ["--base-vectors", str(files["base"]), "--tuned-vectors", str(files["tuned"]), "--json"]
    assert main(["evaluate", trained_run.id, *options, "--export", str(export), "--report", str(report)]) == 0
    own = printed(capsys)
    assert own["metrics"] == models["metrics"]
    assert own["sentence"] == models["sentence"]
    assert own["competition"] is None
    assert json.loads((export / "verdict.json").read_text())["base_model"] == "base.npy"
    assert (export / "figures" / "map.parquet").is_file()
    page = report.read_text()
    assert 'id="figure-1"' in page
    assert "<h2>Recipe</h2>" not in page
    headline = open_workspace(home).runs.get(trained_run.id).headline
    assert headline is not None
    assert headline.verdict == models["verdict"]

    # Parquet in any order, without roles, is the same
    order = np.random.default_rng(0).permutation(len(texts))
    for file in files.values():
        rows = np.load(file)[order]
        table = pd.DataFrame({"text": [texts[at] for at in order], "vector": list(rows)})
        table.to_parquet(file.with_suffix(".parquet"))
    options = [file.replace(".npy", ".parquet") for file in options]
    assert main(["evaluate", trained_run.id, *options]) == 0
    assert printed(capsys)["metrics"] == models["metrics"]
    assert main(["check"]) == 0


def test_files_that_do_not_fit_are_refused_in_one_line(
    trained_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short, words, flat = tmp_path / "short.npy", tmp_path / "words.txt", tmp_path / "flat.parquet"
    np.save(short, np.ones((3, 4), np.float32))
    words.write_text("one\ntwo\nthree\n")
    pd.DataFrame({"words": ["one"]}).to_parquet(flat)
    both = ["--base-vectors", str(short), "--tuned-vectors", str(short)]
    cases = {
        "belong together": both[:2],
        "has 3 rows for": both,
        "texts have no vector in short.npy": [*both, "--texts", str(words)],
        "no columns text and vector": ["--base-vectors", str(flat), "--tuned-vectors", str(flat)],
        "that can be read": ["--base-vectors", str(words), "--tuned-vectors", str(words)],
        "--on goes neither": [*both, "--on", str(words)],
    }
    for message, options in cases.items():
        assert main(["evaluate", trained_run.id, *options]) == 1
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error.startswith("error: "), error
        assert message in error
    assert not (trained_run.folder / "own-vectors").exists()
