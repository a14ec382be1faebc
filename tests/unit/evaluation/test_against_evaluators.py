"""Our numbers are those of sentence-transformers' own evaluators, within 1e-6, for every shape.

On our samples and on real data.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from lib.data.model_inputs import ModelInputs
from lib.data.samples.registry import load_support_desk
from lib.evaluation.metrics import measure
from lib.evaluation.task import EvalTask
from lib.shapes import Shape
from tests.conftest import REAL_DATA

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

CLOSE = {"rel": 0, "abs": 1e-6}


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(tiny_model), device="cpu", local_files_only=True)


def hold_out_third(frame: pd.DataFrame) -> pd.DataFrame:
    """Hold out every third row of the frame."""
    return frame.assign(part=np.where(np.arange(len(frame)) % 3 == 0, "held_out", "train"))


def real(name: str, columns: dict[str, str], rows: int) -> pd.DataFrame:
    """Read the first rows of a real data set in the canonical columns."""
    frame = pd.read_csv(REAL_DATA / name / "data.csv", nrows=rows, dtype=str, keep_default_na=False)
    return hold_out_third(frame[list(columns)].rename(columns=columns))


def present(*names: str) -> list[str]:
    return [name for name in names if (REAL_DATA / name / "data.csv").exists()]


def own_pairs() -> pd.DataFrame:
    frame = load_support_desk().rename(columns={"source_sentence": "anchor", "target_sentence": "positive"})
    return hold_out_third(frame.head(150))


Both = tuple[dict[str, float], dict[str, float]]
"""The same measures by our code and by sentence-transformers' evaluator."""


OWN_METRICS = {"median_rank", "pair_cosine", "random_cosine"}
"""Retrieval metrics that the evaluator does not have; every other one has to agree with it."""


def retrieval(frame: pd.DataFrame, model: SentenceTransformer) -> Both:
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

    task = EvalTask.of(ModelInputs.of(frame, Shape.PAIRS), part="held_out")
    ours = measure(task, model.encode(task.texts))
    evaluator = InformationRetrievalEvaluator(
        {f"q{n:06d}": task.texts[query] for n, query in enumerate(task.queries)},
        {f"d{n:06d}": task.texts[document] for n, document in enumerate(task.documents)},
        {f"q{n:06d}": {f"d{d:06d}" for d in right} for n, right in enumerate(task.relevant)},
        precision_recall_at_k=[1, 3, 5, 10],
        map_at_k=[10],
        show_progress_bar=False,
    )
    theirs = evaluator(model)
    names = set(ours) - OWN_METRICS
    return {name: ours[name] for name in names}, {name: theirs[f"cosine_{name}"] for name in names}


def test_pairs_of_our_sample(model: SentenceTransformer) -> None:
    ours, theirs = retrieval(own_pairs(), model)
    assert ours == pytest.approx(theirs, **CLOSE)
    assert 0 < ours["mrr@10"] < 1


@pytest.mark.parametrize("name", present("tldr_en", "stackfaq", "covid_faq"))
def test_pairs_of_real_data(name: str, model: SentenceTransformer) -> None:
    ours, theirs = retrieval(real(name, {"source_sentence": "anchor", "target_sentence": "positive"}, 240), model)
    assert ours == pytest.approx(theirs, **CLOSE)
    assert 0 < ours["mrr@10"] < 1


def scored(frame: pd.DataFrame, model: SentenceTransformer) -> Both:
    from sentence_transformers.sentence_transformer.evaluation import EmbeddingSimilarityEvaluator

    task = EvalTask.of(ModelInputs.of(frame, Shape.SCORED), part="held_out")
    held_out = frame[frame["part"] == "held_out"]
    ours = measure(task, model.encode(task.texts))
    theirs = EmbeddingSimilarityEvaluator(
        held_out["anchor"].tolist(), held_out["positive"].tolist(), held_out["score"].tolist(), main_similarity="cosine"
    )(model)
    names = ("spearman", "pearson")
    return {name: ours[name] for name in names}, {name: theirs[f"{name}_cosine"] for name in names}


def test_scored_pairs_of_our_probe(model: SentenceTransformer) -> None:
    from lib.evaluation.side_effects.forgetting import load_probe

    pairs = load_probe().rename(columns={"first": "anchor", "second": "positive"})
    ours, theirs = scored(hold_out_third(pairs.assign(score=pairs["grade"] / 5)), model)
    assert ours == pytest.approx(theirs, **CLOSE)


@pytest.mark.parametrize("name", present("jsts"))
def test_scored_pairs_of_real_data(name: str, model: SentenceTransformer) -> None:
    frame = real(name, {"sentence1": "anchor", "sentence2": "positive", "score": "score"}, 300)
    ours, theirs = scored(frame.assign(score=frame["score"].astype(float) / 5), model)
    assert ours == pytest.approx(theirs, **CLOSE)


def labelled(frame: pd.DataFrame, model: SentenceTransformer) -> Both:
    from sentence_transformers.sentence_transformer.evaluation import BinaryClassificationEvaluator

    task = EvalTask.of(ModelInputs.of(frame, Shape.LABELLED_PAIRS), part="held_out")
    held_out = frame[frame["part"] == "held_out"]
    ours = measure(task, model.encode(task.texts))
    theirs = BinaryClassificationEvaluator(
        held_out["anchor"].tolist(), held_out["positive"].tolist(), held_out["label"].astype(int).tolist()
    )(model)
    names = {"average_precision": "cosine_ap", "best_f1": "cosine_f1"}
    return {name: ours[name] for name in names}, {name: theirs[their] for name, their in names.items()}


def test_labelled_pairs_of_our_probe(model: SentenceTransformer) -> None:
    from lib.evaluation.side_effects.forgetting import load_probe

    pairs = load_probe().rename(columns={"first": "anchor", "second": "positive"})
    ours, theirs = labelled(hold_out_third(pairs.assign(label=(pairs["grade"] >= 4).astype(int).astype(str))), model)
    assert ours == pytest.approx(theirs, **CLOSE)


@pytest.mark.parametrize("name", present("covid_similarity"))
def test_labelled_pairs_of_real_data(name: str, model: SentenceTransformer) -> None:
    columns = {"question1": "anchor", "question2": "positive", "is_duplicate": "label"}
    ours, theirs = labelled(real(name, columns, 300), model)
    assert ours == pytest.approx(theirs, **CLOSE)


def triplets(frame: pd.DataFrame, model: SentenceTransformer) -> Both:
    from sentence_transformers.sentence_transformer.evaluation import TripletEvaluator

    task = EvalTask.of(ModelInputs.of(frame, Shape.TRIPLETS), part="held_out")
    held_out = frame[frame["part"] == "held_out"]
    ours = measure(task, model.encode(task.texts))
    theirs = TripletEvaluator(
        held_out["anchor"].tolist(),
        held_out["positive"].tolist(),
        held_out["negative"].tolist(),
        main_similarity_function="cosine",
    )(model)
    return {"triplet_accuracy": ours["triplet_accuracy"]}, {"triplet_accuracy": theirs["cosine_accuracy"]}


def test_triplets_of_our_sample(model: SentenceTransformer) -> None:
    frame = own_pairs()
    ours, theirs = triplets(frame.assign(negative=frame["positive"].iloc[::-1].to_numpy()), model)
    assert ours == pytest.approx(theirs, **CLOSE)


@pytest.mark.parametrize("name", present("tldr_triplets"))
def test_triplets_of_real_data(name: str, model: SentenceTransformer) -> None:
    ours, theirs = triplets(real(name, {c: c for c in ("anchor", "positive", "negative")}, 240), model)
    assert ours == pytest.approx(theirs, **CLOSE)


def test_same_class_neighbours_are_those_of_scikit_learn(model: SentenceTransformer) -> None:
    from sklearn.metrics import silhouette_score
    from sklearn.neighbors import NearestNeighbors

    sample = own_pairs()
    frame = pd.DataFrame({"text": sample["anchor"], "label": sample["positive"].str[:1], "part": "held_out"})
    task = EvalTask.of(ModelInputs.of(frame, Shape.LABELLED_TEXTS), part="held_out")
    rows = model.encode(task.texts)
    near = NearestNeighbors(n_neighbors=11, metric="cosine", algorithm="brute").fit(rows).kneighbors(rows)[1][:, 1:]
    labels = frame["label"].to_numpy()
    ours = measure(task, rows)
    assert ours["neighbour_recall"] == pytest.approx(float((labels[near] == labels[:, None]).mean()), **CLOSE)
    assert ours["silhouette"] == pytest.approx(float(silhouette_score(rows, labels, metric="cosine")), abs=1e-5)


def test_the_intervals_measures_are_those_of_the_epochs(model: SentenceTransformer) -> None:
    """What the verdict compares and what an epoch reports come from two code paths: they must agree."""
    from lib.evaluation.compare import compare_metrics
    from lib.evaluation.model_pair import ModelPair

    frame = own_pairs()
    scored = frame.assign(score=np.linspace(0, 1, len(frame)))
    labelled = frame.assign(label=np.where(np.arange(len(frame)) % 2, "1", "0"))
    for shape, data in ((Shape.PAIRS, frame), (Shape.SCORED, scored), (Shape.LABELLED_PAIRS, labelled)):
        task = EvalTask.of(ModelInputs.of(data, shape), part="held_out")
        rows = model.encode(task.texts)
        found, epoch = compare_metrics(ModelPair(task, rows, rows, np.arange(len(task.rows)))), measure(task, rows)
        for name in set(found) & set(epoch):
            assert found[name].tuned == pytest.approx(epoch[name], **CLOSE), name
        assert len(set(found) & set(epoch)) >= 2


def test_a_further_metric_changes_no_other_ones_interval(
    model: SentenceTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All metrics of a shape share their resamples: leave each out in turn, the verdict's own excepted."""
    from lib.evaluation.compare import compare_metrics
    from lib.evaluation.model_pair import ModelPair
    from lib.evaluation.retrieval import Retrieval

    frame = own_pairs()
    frame["positive"] = frame["positive"].iloc[(np.arange(len(frame)) // 3) * 3].to_numpy()  # groups of three
    task = EvalTask.of(ModelInputs.of(frame, Shape.PAIRS), part="held_out")
    rows = model.encode(task.texts)
    noise = np.random.default_rng(0).normal(scale=0.3 * rows.std(), size=rows.shape).astype(np.float32)
    models = ModelPair(task, rows + noise, rows, np.arange(len(task.rows)) // 3)
    every, metrics = compare_metrics(models), Retrieval.metrics
    assert len({every[name].p_value for name in every}) > 3
    for left_out in sorted(set(every) - {"accuracy@1", "median_rank"}):
        monkeypatch.setattr(
            Retrieval, "metrics", lambda one, out=left_out: {k: v for k, v in metrics(one).items() if k != out}
        )
        found = compare_metrics(models)
        assert set(every) - set(found) == {left_out}
        for name, one in found.items():
            assert one.p_value == every[name].p_value, (left_out, name)
            assert (one.low, one.high) == pytest.approx((every[name].low, every[name].high), rel=0, abs=1e-12)
