"""Evaluating as a whole: a planted gain, a planted regression, nothing to gain, what is stored."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.data.model_inputs import ModelInputs
from lib.errors import StoreError
from lib.evaluation.result import Evaluation
from lib.evaluation.run import evaluate_inputs
from lib.evaluation.store import load_evaluation, load_neighbours, load_pairs
from lib.store.publish import verify
from tests.builders import fake_run
from tests.unit.evaluation.fakes import Embed, graded_embedder, of_text, pairs_frame


def run_evaluation(
    tmp_path: Path, embed: Embed, frame: pd.DataFrame | None = None, *, shape: str = "pairs"
) -> Evaluation:
    return evaluate_inputs(
        ModelInputs.of(pairs_frame() if frame is None else frame, shape), embed, folder=tmp_path / "evaluation"
    )


def test_a_planted_gain_is_called_better_in_one_sentence(tmp_path: Path) -> None:
    found = run_evaluation(tmp_path, graded_embedder({"base": 0.25, "tuned": 0.6}))
    assert found.verdict == "better"
    assert found.sentence.startswith("Top-1 accuracy on 60 held-out pairs: ")
    assert "95% CI +" in found.sentence
    assert f"{found.counts.better} pairs better, {found.counts.worse} worse" in found.sentence
    assert found.counts.better + found.counts.same + found.counts.worse == found.examples == 60
    assert found.metrics["mrr@10"].low > 0


def test_what_got_worse_is_called_worse(tmp_path: Path) -> None:
    assert run_evaluation(tmp_path, graded_embedder({"base": 0.6, "tuned": 0.25})).verdict == "worse"


def test_where_there_is_nothing_to_gain_no_change_is_claimed(tmp_path: Path) -> None:
    found = run_evaluation(tmp_path, graded_embedder({"base": 0.9, "tuned": 0.9}))
    assert found.verdict == "no clear change"
    assert found.metrics["accuracy@1"].base == 1.0


@pytest.mark.parametrize("seed", range(8))
def test_after_training_on_shuffled_labels_no_gain_is_claimed(tmp_path: Path, seed: int) -> None:
    """Base and tuned vary at random and neither knows the pairs better."""
    found = run_evaluation(
        tmp_path,
        lambda name, texts: graded_embedder({f"{name}{seed}": 0.3})(f"{name}{seed}", texts),
        pairs_frame(150, held_out=90),
    )
    assert found.verdict == "no clear change"


def test_a_base_whose_vectors_are_nearly_equal_is_named_and_stored(tmp_path: Path) -> None:
    spread = graded_embedder({"base": 0.2, "tuned": 0.6})

    def embed(name: str, texts: list[str]) -> np.ndarray:
        rows = spread(name, texts)
        return rows if name == "tuned" else np.ones_like(rows) + 1e-3 * rows

    found = run_evaluation(tmp_path, embed)
    assert [warning.name for warning in found.warnings][:1] == ["Equal vectors"]
    assert load_evaluation(fake_run(tmp_path)).warnings == found.warnings
    assert "Equal vectors" not in {one.name for one in run_evaluation(tmp_path, spread).warnings}


def test_one_planted_regression_is_listed_first(tmp_path: Path) -> None:
    from lib.evaluation.pair_lists import list_regressions

    embed = graded_embedder({"base": 0.5, "tuned": 0.6}, special={"base": {90: 0.9}, "tuned": {90: 0.0}})
    found = run_evaluation(tmp_path, embed)
    assert found.verdict == "better"
    first = list_regressions(load_pairs(fake_run(tmp_path))).iloc[0]
    assert first["pair"] == 90
    assert first["base_rank"] == 1
    assert first["tuned_rank"] > 5


def test_what_is_stored_is_what_is_read(tmp_path: Path) -> None:
    found, run = run_evaluation(tmp_path, graded_embedder({"base": 0.25, "tuned": 0.6})), fake_run(tmp_path)
    assert load_evaluation(run) == found
    assert verify(run.paths.evaluation.folder) == []
    table = load_pairs(run)
    assert {"pair", "base_rank", "tuned_margin", "base_background", "tuned_cosine", "change"} <= set(table)
    near = load_neighbours(run, pair=int(table["pair"].iloc[3]))
    assert near["moment"].value_counts().to_dict() == {"base": 10, "tuned": 10}
    row = table.iloc[3]
    right = near[(near["moment"] == "tuned") & near["right"]]
    assert right["place"].tolist() == ([row["tuned_rank"]] if row["tuned_rank"] <= 10 else [])


def test_background_and_margin_say_what_they_say(tmp_path: Path) -> None:
    run_evaluation(tmp_path, graded_embedder({"base": 0.0, "tuned": 0.95}))
    table = load_pairs(fake_run(tmp_path))
    assert 0.35 < table["base_background"].mean() < 0.65
    assert table["tuned_background"].min() > 0.99
    assert ((table["tuned_margin"] > 0) == (table["tuned_rank"] == 1)).all()


def test_the_threshold_separates_pairs_from_random_pairs(tmp_path: Path) -> None:
    similarity = run_evaluation(tmp_path, graded_embedder({"base": 0.2, "tuned": 0.9})).similarity
    assert similarity is not None
    assert similarity.tuned.threshold is not None
    assert similarity.tuned.threshold.precision > 0.98
    assert similarity.tuned.threshold.recall > 0.98


def test_too_few_groups_are_said_and_stored(tmp_path: Path) -> None:
    frame = pairs_frame().assign(component=0)
    found = run_evaluation(tmp_path, graded_embedder({"base": 0.2, "tuned": 0.6}), frame)
    assert found.verdict == "no clear change"
    assert "Only 1 independent group" in found.sentence
    assert found.headline is not None
    assert found.headline.to_json()["low"] is None
    assert found.headline.verdict == "no clear change"
    stored = json.loads((tmp_path / "evaluation" / "evaluation.json").read_text())
    assert stored["metrics"]["mrr@10"]["low"] is None
    assert np.isnan(load_evaluation(fake_run(tmp_path)).metrics["mrr@10"].low)  # type: ignore[union-attr]


def test_a_damaged_evaluation_is_named(tmp_path: Path) -> None:
    run = fake_run(tmp_path)
    assert load_evaluation(run) is None
    run_evaluation(tmp_path, graded_embedder({"base": 0.2, "tuned": 0.6}))
    (run.paths.evaluation.summary).write_text('{"shape": "pai')
    with pytest.raises(StoreError, match="Evaluate the run again"):
        load_evaluation(run)
    (run.paths.evaluation.pairs).write_bytes(b"no parquet")
    with pytest.raises(StoreError, match="pairs.parquet"):
        load_pairs(run)


def of_shape(shape: str) -> tuple[pd.DataFrame, Embed]:
    """Build a frame of the shape, and models of which the tuned one knows more of what the shape asks."""
    frame = pairs_frame(200, held_out=120)
    if shape == "triplets":
        return frame.assign(negative=[f"answer {(n + 7) % 200}" for n in range(200)]), graded_embedder(
            {"base": 0.3, "tuned": 0.7}
        )
    if shape == "labelled_texts":
        labels = np.arange(200) % 5
        texts = pd.DataFrame({"text": [f"text {n} of class {n % 5}" for n in range(200)], "label": labels.astype(str)})

        def embed(name: str, sentences: list[str]) -> np.ndarray:
            own = 0.1 if name == "base" else 0.6
            return np.stack([own * of_text(text[-1]) + (1 - own) * of_text(text, salt=name) for text in sentences])

        return pd.concat([frame[["line", "part", "component"]], texts], axis=1), embed
    near = np.arange(200) % 2
    value = {"score": near.astype(float)} if shape == "scored" else {"label": near.astype(str)}
    far = dict.fromkeys(range(0, 200, 2), 0.0)
    return frame.assign(**value), graded_embedder({"base": 0.2, "tuned": 0.7}, special={"base": far, "tuned": far})


@pytest.mark.parametrize("shape", ["triplets", "scored", "labelled_pairs", "labelled_texts"])
def test_every_shape_is_evaluated_by_its_own_metrics(tmp_path: Path, shape: str) -> None:
    frame, embed = of_shape(shape)
    found = run_evaluation(tmp_path, embed, frame, shape=shape)
    metrics = {
        "triplets": {"triplet_accuracy", "mrr@10"},
        "scored": {"spearman", "pearson"},
        "labelled_pairs": {"average_precision", "best_f1"},
        "labelled_texts": {"neighbour_recall", "silhouette"},
    }[shape]
    assert metrics <= set(found.metrics)
    assert found.verdict == "better"
    assert found.counts.better > found.counts.worse
    assert len(load_neighbours(fake_run(tmp_path), pair=int(frame.index[-1]))) == 20
