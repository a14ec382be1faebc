"""What is measured on one part of a dataset: the texts to embed, and from their embeddings the numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from lib.data.normal import same_keys
from lib.data.shapes import Shape
from lib.errors import InputError
from lib.evaluation.retrieval import Retrieval, retrieve, unit

HEADLINE: dict[Shape, str] = {
    Shape.PAIRS: "mrr@10",
    Shape.TRIPLETS: "mrr@10",
    Shape.SCORED: "spearman",
    Shape.LABELLED_PAIRS: "average_precision",
    Shape.LABELLED_TEXTS: "neighbour_recall",
}
"""The one metric by shape that chooses the best epoch on validation and leads the verdict on held-out."""

NEIGHBOURS = 10
RANDOM_PAIRS = 20_000


@dataclass(frozen=True)
class Task:
    """One part of a dataset, ready to be measured: `texts` are the distinct texts to embed, the rest are ids into them.

    left, right: ids of the pair's two texts by row of the part. queries, documents: ids of the distinct sources of the
    part and of all distinct targets of the dataset; relevant: by query, which documents are right.
    """

    shape: Shape
    texts: list[str]
    rows: np.ndarray
    left: np.ndarray
    right: np.ndarray
    values: np.ndarray
    negatives: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))
    queries: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    documents: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    relevant: list[np.ndarray] = field(default_factory=list)
    query_of_row: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @classmethod
    def of(cls, frame: pd.DataFrame, *, shape: Shape | str, part: str) -> Task:
        """Return the task of a part (train, validation, held_out) of a dataset's frame. Raises InputError when it is empty."""
        shape = Shape(shape)
        chosen = frame[frame["part"] == part]
        if chosen.empty:
            raise InputError(f"The part {part} of this dataset is empty.", todo="Split it anew with a larger share.")
        if shape is Shape.LABELLED_TEXTS:
            return _labelled(frame, chosen)
        return _paired(frame, chosen, shape)

    @property
    def retrieves(self) -> bool:
        """Say whether the task ranks documents."""
        return len(self.queries) > 0

    def retrieval(self, embeddings: np.ndarray) -> Retrieval:
        """Rank all documents for every query. embeddings: (len(texts), d)."""
        return retrieve(embeddings[self.queries], embeddings[self.documents], self.relevant)

    def pair_cosines(self, embeddings: np.ndarray) -> np.ndarray:
        """Return the cosine of each row's two texts, bit for bit as sentence-transformers' evaluators compute it.

        Texts that a model cannot tell apart are at a cosine of 1 but for the last bit, and ranks see that bit.
        """
        import torch
        from sentence_transformers.util import pairwise_cos_sim

        rows = torch.from_numpy(np.ascontiguousarray(embeddings, dtype=np.float32))
        return pairwise_cos_sim(rows[self.left], rows[self.right]).numpy()

    def random_cosines(self, embeddings: np.ndarray, *, count: int = RANDOM_PAIRS, seed: int = 0) -> np.ndarray:
        """Return the cosines of random pairs of one left and one right text that do not belong together."""
        rows, generator = unit(embeddings), np.random.default_rng(seed)
        first, second = generator.integers(len(self.left), size=(2, count))
        apart = self.right[first] != self.right[second]
        first, second = first[apart], second[apart]
        return np.einsum("ij,ij->i", rows[self.left[first]], rows[self.right[second]])

    def measure(self, embeddings: np.ndarray) -> dict[str, float]:
        """Return the numbers of this part by name. embeddings: (len(texts), d), any length of rows."""
        numbers = MEASURES[self.shape](self, embeddings)
        return {name: float(value) for name, value in numbers.items()}


def _paired(frame: pd.DataFrame, chosen: pd.DataFrame, shape: Shape) -> Task:
    """Ids of pairs, scored pairs, labelled pairs and triplets; those with one right answer a row also retrieve."""
    names = ["anchor", "positive", *sorted(c for c in frame.columns if c.startswith("negative"))]
    retrieves = shape in (Shape.PAIRS, Shape.TRIPLETS)
    source = frame if retrieves else chosen
    keyed = {name: np.array(same_keys(source[name]), dtype=object) for name in names if name in source}
    codes, keys = pd.factorize(np.concatenate(list(keyed.values())))
    texts = pd.Series(np.concatenate([source[name].to_numpy(dtype=object) for name in keyed]))
    texts = texts.groupby(codes).first().reindex(range(len(keys))).tolist()
    ids = dict(zip(keyed, codes.reshape(len(keyed), -1), strict=True))
    inside = np.flatnonzero(source["part"].to_numpy() == chosen["part"].iloc[0])
    values = _values(chosen, shape)
    task = Task(shape, texts, chosen.index.to_numpy(), ids["anchor"][inside], ids["positive"][inside], values)
    if not retrieves:
        return task
    return _retrieving(task, ids, inside)


def _retrieving(task: Task, ids: dict[str, np.ndarray], inside: np.ndarray) -> Task:
    documents, place = np.unique(ids["positive"], return_inverse=True)
    queries, query_of_row = np.unique(ids["anchor"][inside], return_inverse=True)
    pairs = pd.DataFrame({"anchor": ids["anchor"], "document": place}).drop_duplicates()
    pairs = pairs[pairs["anchor"].isin(queries)].sort_values(["anchor", "document"])
    by_query = pairs.groupby("anchor")["document"].agg(list)
    negatives = [ids[name][inside] for name in ids if name.startswith("negative")]
    used = np.unique(np.concatenate([queries, documents, *negatives]))
    new = np.full(len(task.texts), -1)
    new[used] = np.arange(len(used))
    return Task(
        shape=task.shape,
        texts=[task.texts[i] for i in used],
        rows=task.rows,
        left=new[task.left],
        right=new[task.right],
        values=task.values,
        negatives=np.stack([new[n] for n in negatives], axis=1) if negatives else task.negatives,
        queries=new[queries],
        documents=new[documents],
        relevant=[np.asarray(by_query[anchor]) for anchor in queries],
        query_of_row=query_of_row,
    )


def _values(chosen: pd.DataFrame, shape: Shape) -> np.ndarray:
    if shape is Shape.SCORED:
        return chosen["score"].to_numpy(dtype=float)
    if shape is Shape.LABELLED_PAIRS:
        return chosen["label"].astype(str).to_numpy(dtype=object)
    return np.zeros(len(chosen))


def _labelled(frame: pd.DataFrame, chosen: pd.DataFrame) -> Task:
    """Texts of the part are queries; neighbours are looked for among all texts of the dataset, by label."""
    codes, texts = pd.factorize(frame["text"].to_numpy(dtype=object))
    inside = np.flatnonzero(frame["part"].to_numpy() == chosen["part"].iloc[0])
    labels = frame["label"].astype(str).to_numpy(dtype=object)
    return Task(
        Shape.LABELLED_TEXTS,
        list(texts),
        chosen.index.to_numpy(),
        codes[inside],
        codes,
        labels,
        queries=np.zeros(0, dtype=np.int64),
        query_of_row=inside,
    )


def measure_retrieval(task: Task, embeddings: np.ndarray) -> dict[str, float]:
    """Return the means over queries, and the mean cosine of pairs and of random pairs."""
    found = task.retrieval(embeddings)
    numbers = {
        name: float(values.mean()) for name, values in found.metrics().items() if not name.startswith("accuracy")
    }
    numbers["pair_cosine"] = float(task.pair_cosines(embeddings).mean())
    numbers["random_cosine"] = mean_or_zero(task.random_cosines(embeddings))
    if task.negatives.size:
        numbers["triplet_accuracy"] = float(triplet_wins(task, embeddings).mean())
    return numbers


def triplet_wins(task: Task, embeddings: np.ndarray) -> np.ndarray:
    """Return by row 1 where the positive is closer than every negative, else 0."""
    rows = unit(embeddings)
    pair = np.einsum("ij,ij->i", rows[task.left], rows[task.right])  # summed as the wrong ones: equal texts stay equal
    wrong = np.einsum("ij,ikj->ik", rows[task.left], rows[task.negatives])
    return (pair > wrong.max(axis=1)).astype(float)


def measure_scored(task: Task, embeddings: np.ndarray) -> dict[str, float]:
    """Return rank and linear correlation of cosine and score."""
    from scipy.stats import pearsonr, spearmanr

    cosines = task.pair_cosines(embeddings)
    return {"spearman": spearmanr(cosines, task.values)[0], "pearson": pearsonr(cosines, task.values)[0]}


def positives(task: Task) -> np.ndarray:
    """Return by row of labelled pairs 1 where the label means the same ("1", "entailment"), else 0."""
    names = set(task.values)
    same = "1" if "1" in names else next((n for n in ("entailment", "same", "true", "yes") if n in names), max(names))
    return (task.values == same).astype(int)


def measure_labelled_pairs(task: Task, embeddings: np.ndarray) -> dict[str, float]:
    """Return average precision, and the best F1 with its threshold, of cosine as a sign that a pair is the same."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    cosines, same = task.pair_cosines(embeddings), positives(task)
    if same.min() == same.max():
        return {"average_precision": float(same.min()), "best_f1": float(same.min()), "threshold": 0.0}
    precision, recall, thresholds = precision_recall_curve(same, cosines)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(f1[:-1].argmax())
    return {
        "average_precision": float(average_precision_score(same, cosines)),
        "best_f1": float(f1[best]),
        "threshold": float(thresholds[best]),
    }


def neighbour_shares(task: Task, embeddings: np.ndarray) -> np.ndarray:
    """Return by text of the part the share of its 10 nearest other texts that have its label."""
    rows, labels = unit(embeddings), task.values
    texts_labels = pd.Series(labels).groupby(task.right).first().to_numpy()
    shares = np.empty(len(task.left))
    k = min(NEIGHBOURS, len(rows) - 1)
    for begin in range(0, len(task.left), 1000):
        ids = task.left[begin : begin + 1000]
        scores = rows[ids] @ rows.T
        scores[np.arange(len(ids)), ids] = -np.inf
        near = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        own = labels[task.query_of_row[begin : begin + 1000]]
        shares[begin : begin + 1000] = (texts_labels[near] == own[:, None]).mean(axis=1)
    return shares


def measure_labelled_texts(task: Task, embeddings: np.ndarray) -> dict[str, float]:
    """Return the share of same-class neighbours and the silhouette of the classes (cosine) on the part."""
    from sklearn.metrics import silhouette_score

    own = task.values[task.query_of_row]
    numbers = {"neighbour_recall": float(neighbour_shares(task, embeddings).mean())}
    if 1 < len(set(own)) < len(own):
        rows = unit(embeddings)[task.left]
        numbers["silhouette"] = float(
            silhouette_score(rows, own, metric="cosine", sample_size=min(len(own), 5000), random_state=0)
        )
    return numbers


def mean_or_zero(values: np.ndarray) -> float:
    """Return the mean, or zero of nothing."""
    return float(values.mean()) if len(values) else 0.0


MEASURES = {
    Shape.PAIRS: measure_retrieval,
    Shape.TRIPLETS: measure_retrieval,
    Shape.SCORED: measure_scored,
    Shape.LABELLED_PAIRS: measure_labelled_pairs,
    Shape.LABELLED_TEXTS: measure_labelled_texts,
}
