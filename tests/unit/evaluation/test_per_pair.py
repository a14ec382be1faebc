"""Per-pair results: each row is evaluated by its own target, by order, by label and by score.

Order, not the raw cosine, decides.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from lib.data.model_inputs import ModelInputs
from lib.errors import ModelError
from lib.evaluation.model_pair import ModelPair
from lib.evaluation.pair_lists import list_errors
from lib.evaluation.per_pair import opposite_class_share
from lib.evaluation.result import Evaluation
from lib.evaluation.run import evaluate_inputs
from lib.evaluation.store import load_neighbours, load_pairs
from lib.evaluation.task import EvalTask, positives
from lib.store.runs import Run
from tests.builders import fake_run
from tests.unit.evaluation.fakes import Embed, graded_embedder, of_text, pairs_frame


def run_evaluation(tmp_path: Path, embed: Embed, frame: pd.DataFrame, shape: str) -> tuple[Evaluation, Run]:
    folder = fake_run(tmp_path)
    return evaluate_inputs(ModelInputs.of(frame, shape), embed, folder=folder.paths.evaluation.folder), folder


def two_targets(queries: int = 40) -> pd.DataFrame:
    """Build held-out pairs in which every source has two targets."""
    number = np.repeat(np.arange(queries), 2)
    return pd.DataFrame(
        {
            "part": "held_out",
            "component": number,
            "anchor": [f"question {n}" for n in number],
            "positive": [f"{which} answer {n}" for n in range(queries) for which in ("first", "second")],
        }
    )


def second_target_falls(name: str, texts: list[str]) -> np.ndarray:
    """Embed so that both targets are found before, and only the first one after."""

    def vector(text: str) -> np.ndarray:
        lost = name == "tuned" and text.startswith("second")
        return of_text(text) if lost else 3 * of_text(text.split()[-1]) + of_text(text)

    return np.stack([vector(text) for text in texts]).astype(np.float32)


def test_a_second_target_that_falls_is_worse_though_the_first_is_still_found(tmp_path: Path) -> None:
    found, folder = run_evaluation(tmp_path, second_target_falls, two_targets(), "pairs")
    table = load_pairs(folder)
    first = table["positive"].str.startswith("first")
    assert (table.loc[first, "tuned_rank"] == 1).all()
    assert (table.loc[first, "change"] == "same").all()
    assert (table["base_rank"] == 1).all()
    assert (table.loc[~first, "change"] == "worse").mean() > 0.9
    assert found.counts.worse == (table["change"] == "worse").sum()
    assert found.sentence.startswith("Top-1 accuracy on 40 held-out queries (80 pairs): ")
    assert "→ 100% (" in found.sentence
    assert found.metrics["recall@10"].verdict == "worse"


def test_where_every_target_is_right_there_is_no_margin(tmp_path: Path) -> None:
    frame = two_targets(1).assign(component=[0, 1])
    _, folder = run_evaluation(tmp_path, second_target_falls, frame, "pairs")
    assert load_pairs(folder)["tuned_margin"].isna().all()
    assert (load_pairs(folder)["tuned_rank"] == 1).all()


def labelled(labels: np.ndarray) -> pd.DataFrame:
    return pairs_frame(len(labels) + 60, held_out=len(labels)).assign(
        label=np.append(np.arange(60) % 2, labels).astype(int).astype(str)
    )


def test_raising_all_cosines_alike_helps_no_labelled_pair(tmp_path: Path) -> None:
    """The tuned vectors all lean one way: every cosine rises, no order changes much."""
    lean = 3 * of_text("lean")

    def embed(name: str, texts: list[str]) -> np.ndarray:
        rows = graded_embedder({"base": 0.5}, special={"base": dict.fromkeys(range(0, 200, 2), 0.0)})("base", texts)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return (rows + lean * (name == "tuned")).astype(np.float32)

    found, folder = run_evaluation(tmp_path, embed, labelled(np.arange(100) % 2), "labelled_pairs")
    table = load_pairs(folder)
    assert (table["tuned_cosine"] > table["base_cosine"] + 0.1).mean() > 0.9
    assert abs(found.counts.better - found.counts.worse) < 35
    assert found.counts.better < 60


def test_a_labelled_pairs_gain_is_its_share_of_the_area_under_the_curve() -> None:
    generator = np.random.default_rng(0)
    same, cosines = generator.random(60) < 0.4, generator.random(60).round(1)
    assert opposite_class_share(cosines, same)[same].mean() == pytest.approx(roc_auc_score(same, cosines))
    assert opposite_class_share(cosines, same)[~same].mean() == pytest.approx(roc_auc_score(same, cosines))
    assert opposite_class_share(cosines, np.ones(60, bool)).tolist() == [0.0] * 60


def test_labelled_pairs_of_which_none_is_the_same_cannot_be_measured(tmp_path: Path) -> None:
    found, _ = run_evaluation(
        tmp_path, graded_embedder({"base": 0.3, "tuned": 0.6}), labelled(np.zeros(50)), "labelled_pairs"
    )
    assert found.verdict == "no clear change"
    assert found.sentence.endswith("can't be measured: no pair is the same.")
    assert np.isnan(found.metrics["average_precision"].base)
    assert found.similarity.tuned.threshold is None
    everything, _ = run_evaluation(
        tmp_path, graded_embedder({"base": 0.3, "tuned": 0.6}), labelled(np.ones(50)), "labelled_pairs"
    )
    assert "can't be measured: all pairs are the same" in everything.sentence


def test_a_label_of_1_means_the_same_also_where_there_is_none() -> None:
    task = EvalTask.of(ModelInputs.of(labelled(np.zeros(30)), "labelled_pairs"), part="held_out")
    assert positives(task).sum() == 0
    words = labelled(np.zeros(30)).assign(label=["entailment", "neutral", "contradiction"] * 30)
    assert positives(EvalTask.of(ModelInputs.of(words, "labelled_pairs"), part="held_out")).sum() == 10


def test_scores_that_are_all_equal_cannot_be_measured(tmp_path: Path) -> None:
    frame = pairs_frame().assign(score=0.5)
    found, _ = run_evaluation(tmp_path, graded_embedder({"base": 0.3, "tuned": 0.6}), frame, "scored")
    assert found.verdict == "no clear change"
    assert found.sentence == "Spearman on 60 held-out pairs can't be measured: all scores are equal."
    assert found.headline is None


@pytest.mark.parametrize("broken", ["base", "tuned"])
def test_vectors_that_are_no_numbers_are_refused(tmp_path: Path, broken: str) -> None:
    good = graded_embedder({"base": 0.3, "tuned": 0.6})

    def embed(name: str, texts: list[str]) -> np.ndarray:
        rows = good(name, texts)
        rows[0] = np.nan if name == broken else rows[0]
        return rows

    with pytest.raises(ModelError, match=f"The {broken} model gives 1 of .* no numbers"):
        run_evaluation(tmp_path, embed, pairs_frame(), "pairs")
    assert not (tmp_path / "evaluation").exists()


def test_a_target_that_its_label_or_score_calls_wrong_is_not_marked_right(tmp_path: Path) -> None:
    embed = graded_embedder({"base": 0.5, "tuned": 0.9})
    for shape, column in (("labelled_pairs", "label"), ("scored", "score")):
        value = np.arange(120) % 2
        frame = pairs_frame().assign(**{column: value.astype(str) if column == "label" else value.astype(float)})
        found, folder = run_evaluation(tmp_path, embed, frame, shape)
        near = load_neighbours(folder)
        own = near[near["own"]].set_index("pair")
        assert own["right"].tolist() == [bool(pair % 2) for pair in own.index]
        assert found.similarity.tuned.threshold.chosen_on == "halves"


def test_still_wrong_are_those_that_are_wrong(tmp_path: Path) -> None:
    """Make even pairs far and odd ones near, as labels and scores say, the last two the other way."""
    far = dict.fromkeys(range(0, 120, 2), 0.0) | {118: 0.9, 119: 0.0}
    embed = graded_embedder({"base": 0.3, "tuned": 0.9}, special={"base": far, "tuned": far})
    value = np.arange(120) % 2
    _, folder = run_evaluation(tmp_path, embed, pairs_frame().assign(label=value.astype(str)), "labelled_pairs")
    table = load_pairs(folder)
    assert {118, 119} <= set(table.loc[table["wrong"], "pair"])
    assert table["wrong"].mean() < 0.2
    assert set(list_errors(table)["pair"].head(2)) == {
        118,
        119,
    }  # the farthest from the threshold first, whatever their label
    _, folder = run_evaluation(tmp_path, embed, pairs_frame().assign(score=value.astype(float)), "scored")
    table = load_pairs(folder)
    assert {118, 119} <= set(table.loc[table["wrong"], "pair"])
    _, folder = run_evaluation(tmp_path, embed, pairs_frame(), "pairs")
    table = load_pairs(folder)
    assert (table["wrong"] == (table["tuned_rank"] > 1)).all()


def test_a_triplets_wrong_texts_are_kept_with_their_cosine(tmp_path: Path) -> None:
    frame = pairs_frame().assign(
        negative=[f"answer {(n + 1) % 120}" for n in range(120)],
        negative_2=[f"answer {(n + 2) % 120}" if n % 2 else "" for n in range(120)],
    )
    found, folder = run_evaluation(tmp_path, graded_embedder({"base": 0.3, "tuned": 0.95}), frame, "triplets")
    table = load_pairs(folder)
    assert {"negative", "negative_2", "base_negative_cosine"} <= set(table)
    wins = table["tuned_cosine"] > table["tuned_negative_cosine"]
    assert found.metrics["triplet_accuracy"].tuned == wins.mean() > 0.95


def test_random_pairs_are_no_known_pairs() -> None:
    frame = two_targets(8)
    task = EvalTask.of(ModelInputs.of(frame, "pairs"), part="held_out")
    first, second = task.random_pairs(count=3_000)
    known = set(zip(frame["anchor"], frame["positive"], strict=True))
    random = {(task.texts[task.left[one]], task.texts[task.right[two]]) for one, two in zip(first, second, strict=True)}
    assert random
    assert not random & known


def test_where_no_pair_could_be_random_there_is_no_background_and_no_threshold(tmp_path: Path) -> None:
    found, folder = run_evaluation(tmp_path, second_target_falls, two_targets(1), "pairs")
    assert load_pairs(folder)["base_background"].isna().all()
    assert found.similarity.base.threshold is None


def test_a_model_pair_refuses_broken_vectors() -> None:
    task = EvalTask.of(ModelInputs.of(pairs_frame(), "pairs"), part="held_out")
    rows = np.ones((len(task.texts), 3), np.float32)
    with pytest.raises(ModelError, match="no numbers"):
        ModelPair(task, rows, np.full_like(rows, np.inf), task.rows)
