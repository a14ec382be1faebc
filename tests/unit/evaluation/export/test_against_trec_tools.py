"""What other tools compute from an export is what the verdict says, with ties and grades."""

from __future__ import annotations

import json
from pathlib import Path

import ir_measures
import numpy as np
import pandas as pd
import pytest
import pytrec_eval
from ir_measures import RR, P, R, Success, nDCG
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import average_precision_score, ndcg_score

from lib.data.model_inputs import ModelInputs
from lib.evaluation.export.collection import GRADE_STEPS
from lib.evaluation.export.write import ExportedRun, write_export
from lib.evaluation.model_pair import MODEL_NAMES, ModelPair
from lib.evaluation.result import Evaluation
from lib.evaluation.run import embed_part, evaluate_inputs
from lib.evaluation.store import read_pairs
from lib.shapes import Shape
from lib.store.layout import ExportPaths
from tests.unit.evaluation.fakes import Embed, graded_embedder, of_text, pairs_frame

CLOSE = {"rel": 0, "abs": 1e-6}
MEASURES = {
    "accuracy@1": Success @ 1,
    "accuracy@5": Success @ 5,
    "accuracy@10": Success @ 10,
    "recall@1": R @ 1,
    "recall@5": R @ 5,
    "recall@10": R @ 10,
    "precision@3": P @ 3,
    "mrr@10": RR @ 10,
    "ndcg@10": nDCG @ 10,
}


def export(frame: pd.DataFrame, shape: Shape, embed: Embed, folder: Path) -> tuple[Evaluation, ExportPaths, ModelPair]:
    """Evaluate a frame and export the evaluation."""
    inputs = ModelInputs.of(frame, shape)
    evaluation = evaluate_inputs(inputs, embed, folder=folder / "evaluation")
    models = embed_part(inputs, embed, part="held_out")
    exported = ExportedRun("run", "dataset", "model")
    write_export(folder / "export", evaluation, models, read_pairs(folder / "evaluation"), run=exported)
    return evaluation, ExportPaths(folder / "export"), models


def several_answers() -> pd.DataFrame:
    """Build pairs of which some questions have several answers, and some answers several questions."""
    frame = pairs_frame(160, held_out=80)
    more = frame.iloc[::3].assign(positive=frame["positive"].to_numpy()[(np.arange(0, 160, 3) + 60) % 160])
    return pd.concat([frame, more], ignore_index=True)


def with_ties(embed: Embed) -> Embed:
    """Give groups of five answers one vector but for float rounding, whatever the model."""

    def tied(name: str, texts: list[str]) -> np.ndarray:
        rows = embed(name, texts)
        for at, text in enumerate(texts):
            word, _, number = text.rpartition(" ")
            if word == "answer":
                rows[at] = embed(name, [f"answer {int(number) // 5 * 5}"])[0]
                rows[at] += np.float32(3e-8) * of_text(text).astype(np.float32)
        return rows

    return tied


GRADED = graded_embedder({"base": 0.25, "tuned": 0.5})
EMBEDDERS = {"distinct": GRADED, "tied": with_ties(GRADED), "all equal": lambda name, texts: np.ones((len(texts), 8))}


@pytest.mark.parametrize("kind", list(EMBEDDERS))
def test_ir_measures_and_pytrec_eval_compute_our_numbers(kind: str, tmp_path: Path) -> None:
    evaluation, paths, _ = export(several_answers(), Shape.PAIRS, EMBEDDERS[kind], tmp_path)
    assert set(MEASURES) == set(evaluation.metrics) - {"median_rank"}
    for name in MODEL_NAMES:
        ours = {key: getattr(evaluation.metrics[key], name) for key in MEASURES}
        qrels, run = (
            list(ir_measures.read_trec_qrels(str(paths.qrels))),
            list(ir_measures.read_trec_run(str(paths.trec_run(name)))),
        )
        theirs = ir_measures.calc_aggregate(list(MEASURES.values()), qrels, run)
        assert ours == pytest.approx({key: theirs[measure] for key, measure in MEASURES.items()}, **CLOSE)
        by_query = trec_eval(paths, name, {"ndcg_cut.10", "recall.5,10", "success.1", "P.3"})
        for key, theirs_key in {"ndcg@10": "ndcg_cut_10", "accuracy@1": "success_1", "precision@3": "P_3"}.items():
            mean = np.mean([values[theirs_key] for values in by_query.values()])
            assert ours[key] == pytest.approx(mean, **CLOSE)


def trec_eval(paths: ExportPaths, name: str, measures: set[str]) -> dict[str, dict[str, float]]:
    """Evaluate a run with pytrec_eval."""
    with paths.qrels.open() as qrels, paths.trec_run(name).open() as run:
        relevance, ranked = pytrec_eval.parse_qrel(qrels), pytrec_eval.parse_run(run)
    return pytrec_eval.RelevanceEvaluator(relevance, measures).evaluate(ranked)


def test_the_median_rank_is_that_of_the_runs(tmp_path: Path) -> None:
    evaluation, paths, _ = export(several_answers(), Shape.PAIRS, with_ties(GRADED), tmp_path)
    for name in MODEL_NAMES:
        reciprocal = [values["recip_rank"] for values in trec_eval(paths, name, {"recip_rank"}).values()]
        ranks = [1 / value if value else np.inf for value in reciprocal]  # none of a run's 100 documents is right
        assert getattr(evaluation.metrics["median_rank"], name) == pytest.approx(np.median(ranks))


def test_same_class_neighbours_are_a_precision(tmp_path: Path) -> None:
    frame = pairs_frame(150, held_out=60).drop(columns=["anchor", "positive"])
    frame = frame.assign(text=[f"text {n}" for n in range(150)], label=[f"class {n % 5}" for n in range(150)])

    def embed(name: str, texts: list[str]) -> np.ndarray:
        own = {"base": 0.3, "tuned": 0.6}[name]
        kinds = [int(text[5:]) % 5 if text.startswith("text ") else text for text in texts]
        return np.stack(
            [own * of_text(f"{k}") + (1 - own) * of_text(t, name) for k, t in zip(kinds, texts, strict=True)]
        )

    evaluation, paths, _ = export(frame, Shape.LABELLED_TEXTS, embed, tmp_path)
    for name in MODEL_NAMES:
        precision = [values["P_10"] for values in trec_eval(paths, name, {"P.10"}).values()]
        assert len(precision) == 60
        assert getattr(evaluation.metrics["neighbour_recall"], name) == pytest.approx(np.mean(precision), **CLOSE)


def scored_frame() -> pd.DataFrame:
    """Build scored pairs of which a question has several, with grades of quarters."""
    frame = pairs_frame(200, held_out=120)
    number = np.arange(200)
    return frame.assign(
        anchor=[f"question {n // 4 * 4}" for n in number], score=np.array([1.0, 0.25, 0.75, 0.0])[number % 4]
    )


def test_scores_are_grades_and_their_correlations_are_those_of_scipy(tmp_path: Path) -> None:
    evaluation, paths, models = export(scored_frame(), Shape.SCORED, with_ties(GRADED), tmp_path)
    pairs = pd.read_csv(paths.pairs)
    assert pairs["base_cosine"].duplicated().any()
    for name in MODEL_NAMES:
        cosine, score = pairs[f"{name}_cosine"], pairs["score"]
        assert getattr(evaluation.metrics["spearman"], name) == pytest.approx(spearmanr(cosine, score)[0], **CLOSE)
        assert getattr(evaluation.metrics["pearson"], name) == pytest.approx(pearsonr(cosine, score)[0], **CLOSE)
    # nDCG with graded gains, from the embeddings and from the export: dense scores and grades of all documents
    task = models.task
    queries, query_of_row = np.unique(task.left, return_inverse=True)
    documents, place = np.unique(task.right, return_inverse=True)
    gains = np.zeros((len(queries), len(documents)))
    gains[query_of_row, place] = np.round(GRADE_STEPS * task.values)
    rows = models.tuned / np.linalg.norm(models.tuned, axis=1, keepdims=True)
    scores = np.round(rows[queries].astype(float) @ rows[documents].T.astype(float), 5)
    scores -= 1e-9 * np.arange(len(documents))  # ties in the order of the documents
    theirs = trec_eval(paths, "tuned", {"ndcg_cut.10"})
    mean = np.mean([values["ndcg_cut_10"] for values in theirs.values()])
    assert len(theirs) == 30
    assert 0.2 < mean < 0.9
    assert ndcg_score(gains, scores, k=10, ignore_ties=True) == pytest.approx(mean, **CLOSE)


def test_average_precision_is_that_of_scikit_learn(tmp_path: Path) -> None:
    frame = scored_frame().drop(columns="score")
    labels = [str(int(n % 4 == 0)) for n in range(200)]
    evaluation, paths, _ = export(frame.assign(label=labels), Shape.LABELLED_PAIRS, with_ties(GRADED), tmp_path)
    pairs = pd.read_csv(paths.pairs)
    for name in MODEL_NAMES:
        theirs = average_precision_score(pairs["label"], pairs[f"{name}_cosine"])
        assert getattr(evaluation.metrics["average_precision"], name) == pytest.approx(theirs, **CLOSE)


def test_triplets_export_as_pairs_do(tmp_path: Path) -> None:
    frame = pairs_frame()
    frame = frame.assign(negative=frame["positive"].iloc[::-1].to_numpy())
    evaluation, paths, _ = export(frame, Shape.TRIPLETS, with_ties(GRADED), tmp_path)
    values = trec_eval(paths, "tuned", {"success.1"}).values()
    assert evaluation.metrics["accuracy@1"].tuned == pytest.approx(
        np.mean([one["success_1"] for one in values]), **CLOSE
    )
    pairs = pd.read_csv(paths.pairs)
    wins = pairs["tuned_cosine"] > pairs["tuned_negative_cosine"] + 1e-6
    assert evaluation.metrics["triplet_accuracy"].tuned == pytest.approx(wins.mean(), abs=0.02)


def test_the_verdict_is_one_line_with_its_interval(tmp_path: Path) -> None:
    evaluation, paths, _ = export(pairs_frame(), Shape.PAIRS, GRADED, tmp_path)
    (line,) = paths.verdict.read_text().splitlines()
    verdict = json.loads(line)
    assert verdict["verdict"] == evaluation.verdict == "better"
    assert (verdict["low"], verdict["high"]) == (evaluation.primary.low, evaluation.primary.high)
    assert verdict["metric"] == "accuracy@1"
    assert set(verdict["metrics"]) == set(evaluation.metrics)
