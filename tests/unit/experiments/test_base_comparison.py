"""Base models side by side: on validation rows alone, beside BM25, with the vectors in the cache."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from lib.__main__ import main
from lib.data.model_inputs import ModelInputs
from lib.data.prepare import prepare
from lib.data.samples.registry import load_support_desk
from lib.evaluation.task import EvalTask
from lib.experiments.base_comparison import BaseComparison, base_comparison_path, load_base_comparison
from lib.experiments.base_measurement import compare_bases
from lib.jobs.worker import run_job
from lib.models import memory_check
from lib.models.catalog import STATIC_MODEL
from lib.models.loader import fingerprint, load_model
from lib.models.prompts.choose import choose_prompts
from lib.models.vector_cache import EmbeddingCache
from lib.progress import Silent
from lib.recipe.recipe import Recipe
from lib.settings import BUNDLED_MODEL
from lib.shapes import Shape
from lib.store.workspace import open_workspace


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Prepare a part of the support desk, with every part of a split."""
    return prepare(load_support_desk().head(160)).frame


def compare(frame: pd.DataFrame, home: Path, *models: Path | str, shape: Shape = Shape.PAIRS) -> BaseComparison:
    return compare_bases(frame, shape, [str(model) for model in models], home=home, progress=Silent())


def without_speed(comparison: BaseComparison) -> dict[str, object]:
    found = comparison.to_json()
    for base in found["bases"]:
        del base["texts_per_second"]
    return found


def test_the_held_out_part_is_never_read(frame: pd.DataFrame, home: Path, tiny_model: Path) -> None:
    before = without_speed(compare(frame, home, tiny_model))
    other = frame.copy()
    held_out = other["part"] == "held_out"
    assert held_out.sum() > 5
    other.loc[held_out, ["anchor", "positive"]] = "reset the scanner"
    assert without_speed(compare(other, home, tiny_model)) == before
    other.loc[other["part"] == "validation", "positive"] = "reset the scanner"
    assert without_speed(compare(other, home, tiny_model)) != before


def test_the_better_base_is_first_and_compared_with_bm25(home: Path, tiny_model: Path) -> None:
    frame = prepare(load_support_desk()).frame  # a part of it has 6 groups, too few for a verdict among two
    found = compare(frame, home, tiny_model, BUNDLED_MODEL)
    assert [base.model for base in found.bases] == [BUNDLED_MODEL, str(tiny_model)]
    assert (found.best, found.reference, found.metric) == (BUNDLED_MODEL, "BM25", "mrr@10")
    best, last = found.bases
    for base in found.bases:
        quality, change = base.metrics["mrr@10"], base.change
        assert 0 <= quality.low < quality.value < quality.high <= 1
        assert change is not None
        assert (change.base, change.tuned) == (found.words["mrr@10"].value, quality.value)
    assert last.change is not None
    assert last.change.verdict == "worse"
    assert (best.facts.dimension, best.facts.max_length, best.facts.licence) == (384, 256, "apache-2.0")
    assert best.facts.languages == ("en",)
    assert best.facts.bytes == pytest.approx(90.9e6, rel=0.01)
    assert (last.facts.licence, last.facts.languages) == ("", ())
    assert best.facts.texts_per_second > 0


def test_a_training_afterwards_finds_the_vectors(frame: pd.DataFrame, home: Path, tiny_model: Path) -> None:
    compare(frame, home, tiny_model)
    recipe = choose_prompts(Recipe(), str(tiny_model), Shape.PAIRS, home=home)
    inputs = ModelInputs.of(frame[frame["part"] != "held_out"], Shape.PAIRS, recipe)
    texts = EvalTask.of(inputs, part="validation").texts
    mark = fingerprint(load_model(str(tiny_model), reading=inputs.reading, home=home))
    assert EmbeddingCache(home).count_known(texts, fingerprint=mark) == len(set(texts)) > 0


def test_the_metrics_do_not_depend_on_prompts_of_another(
    frame: pd.DataFrame, home: Path, tiny_model: Path, tmp_path: Path
) -> None:
    prompted = shutil.copytree(tiny_model, tmp_path / "prompted")
    config = prompted / "config_sentence_transformers.json"
    stored = json.loads(config.read_text()) | {"prompts": {"query": "query: ", "document": "passage: "}}
    config.write_text(json.dumps(stored))
    both = compare(frame, home, tiny_model, prompted)
    by_model = {base.model: base for base in both.bases}
    assert by_model[str(prompted)].facts.query_prompt == "query: "
    assert by_model[str(tiny_model)].facts.query_prompt == ""
    alone = compare(frame, home, prompted)
    assert alone.bases[0].metrics == by_model[str(prompted)].metrics
    assert alone.words == both.words


def test_other_shapes_compare_with_the_first_base(home: Path, tiny_model: Path) -> None:
    rows = 60
    texts = load_support_desk()["question"] if "question" in load_support_desk() else load_support_desk().iloc[:, 0]
    scored = pd.DataFrame(
        {
            "part": ["validation"] * 40 + ["held_out"] * 10 + ["train"] * 10,
            "component": range(rows),
            "anchor": texts.head(rows).tolist(),
            "positive": texts.iloc[1 : rows + 1].tolist(),
            "score": [n % 5 / 4 for n in range(rows)],
        }
    )
    found = compare(scored, home, tiny_model, BUNDLED_MODEL, shape=Shape.SCORED)
    assert (found.metric, found.reference, found.words) == ("spearman", str(tiny_model), {})
    assert {base.model: base.change is None for base in found.bases} == {str(tiny_model): True, BUNDLED_MODEL: False}


def test_the_command_prints_the_table_and_json(
    home: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "desk.csv"
    load_support_desk().head(160).to_csv(file, index=False)
    command = ["bases", str(file), "--model", str(tiny_model), "--model", BUNDLED_MODEL]
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert (found["best"], found["part"], found["reference"]) == (BUNDLED_MODEL, "validation", "BM25")
    assert [base["model"] for base in found["bases"]] == [BUNDLED_MODEL, str(tiny_model)]
    assert main(command) == 0
    text = capsys.readouterr().out
    assert "licence apache-2.0, languages en" in text
    assert "licence not stated, languages not stated" in text
    assert text.strip().splitlines()[-1].startswith("BM25: ")


def test_the_queue_stores_the_comparison_for_the_page(frame: pd.DataFrame, home: Path, tiny_model: Path) -> None:
    workspace = open_workspace(home)
    dataset = workspace.datasets.publish(prepare(load_support_desk().head(160)), name="desk")
    models = [str(tiny_model), STATIC_MODEL]
    job = workspace.jobs.submit_on_dataset("bases", dataset=dataset.id, payload={"models": models}, key="bases")
    claimed = workspace.jobs.claim(job.id)
    assert claimed is not None
    assert run_job(workspace, claimed) == "succeeded"
    found = load_base_comparison(home, dataset.id)
    assert found is not None
    assert {base.model for base in found.bases} == set(models)
    again = compare(dataset.frame(), home, *models)
    assert without_speed(found) == without_speed(again)
    assert [base.change for base in found.bases] == [base.change for base in again.bases]


@pytest.mark.parametrize("damage", ["", "[]", '{"metric": "mrr@10", "bases": []}', '{"bases": [1]}'])
def test_a_damaged_comparison_counts_as_none(home: Path, damage: str) -> None:
    path = base_comparison_path(home, "one")
    path.parent.mkdir(parents=True)
    path.write_text(damage)
    assert load_base_comparison(home, "one") is None


def test_a_name_that_is_no_model_is_one_error(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "desk.csv"
    load_support_desk().head(160).to_csv(file, index=False)
    assert main(["bases", str(file), "--model", "/nowhere"]) == 1


def test_a_model_that_memory_cannot_hold_is_refused(
    home: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "desk.csv"
    load_support_desk().head(160).to_csv(file, index=False)
    monkeypatch.setattr(memory_check, "has_graphics_card", lambda: False)
    monkeypatch.setattr(memory_check, "available_memory", lambda: 600_000_000)
    assert main(["bases", str(file), "--model", str(tiny_model)]) == 1
    assert "600 MB are free" in capsys.readouterr().err
