"""What is measured on one split: the texts to embed, and metrics from their embeddings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from lib.data.columns.same_class import guess_same
from lib.data.model_inputs import ModelInputs
from lib.data.normalisation import same_keys
from lib.errors import InputError
from lib.evaluation.retrieval import Retrieval, retrieve
from lib.shapes import Shape, negative_columns
from lib.vectors import normalize_rows

RANDOM_PAIRS = 20_000
"""Random pairs that a model's cosines are compared with."""


@dataclass(frozen=True)
class EvalTask:
    """One part of a dataset, ready to be measured.

    texts: the distinct texts to embed, as a model reads them; plain: the same as they stand; everything else are ids into
    them. identity: by id a number that is the same for texts that count as the same: one text that is query and document has
    two ids where it is read differently. left, right: ids of the pair's two texts by row of the part. queries, documents: ids
    of the distinct sources of the part and of all distinct targets of the dataset; relevant: by query, which documents are
    right; negatives: ids by row of the part, -1 where a row has fewer than others; own_document: by query, which one is its
    own text, -1 for none. middle: the score above which a scored pair counts as right; same: the label of a labelled pair
    that means the same, by all labels of the dataset.
    """

    shape: Shape
    texts: list[str]
    plain: list[str]
    identity: np.ndarray
    rows: np.ndarray
    left: np.ndarray
    right: np.ndarray
    values: np.ndarray
    negatives: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))
    queries: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    documents: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    relevant: list[np.ndarray] = field(default_factory=list)
    query_of_row: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    own_document: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    middle: float = 0.5
    same: str = "1"

    @classmethod
    def of(cls, inputs: ModelInputs, *, part: str) -> EvalTask:
        """Build the task of a part (train, validation, held_out). Raises InputError when it is empty."""
        chosen = inputs.frame[inputs.frame["part"] == part]
        if chosen.empty:
            raise InputError(f"The part {part} of this dataset is empty.", todo="Split again with a larger share.")
        if inputs.shape is Shape.LABELLED_TEXTS:
            return _labelled(inputs, chosen)
        return _paired(inputs, chosen)

    @property
    def retrieves(self) -> bool:
        """Whether the task ranks documents."""
        return len(self.queries) > 0

    def retrieval(self, embeddings: np.ndarray) -> Retrieval:
        """Rank all documents for every query. embeddings: (len(texts), d)."""
        asked = embeddings[self.queries]
        return retrieve(asked, embeddings, self.relevant, own=self.own_document, places=self.documents)

    @property
    def has_negative(self) -> np.ndarray:
        """By row whether it has a negative of its own."""
        if not self.negatives.size:
            return np.zeros(len(self.left), dtype=bool)
        return np.asarray((self.negatives >= 0).any(axis=1))

    @property
    def target_of_row(self) -> np.ndarray:
        """By row the place of its own target in `Retrieval.target_rank`."""
        starts = np.concatenate([[0], np.cumsum([len(ids) for ids in self.relevant])])
        document = np.searchsorted(self.documents, self.right)
        return np.array(
            [
                starts[query] + np.searchsorted(self.relevant[query], place)
                for query, place in zip(self.query_of_row, document, strict=True)
            ],
            dtype=np.int64,
        )

    @property
    def is_right(self) -> np.ndarray:
        """By row whether its two texts match: by label, by a score above the middle, or because it is a pair."""
        if self.shape is Shape.LABELLED_PAIRS:
            return positives(self) == 1
        return self.values > self.middle if self.shape is Shape.SCORED else np.ones(len(self.left), dtype=bool)

    def pair_cosines(self, embeddings: np.ndarray) -> np.ndarray:
        """Compute the cosine of each row's two texts.

        Bit for bit as sentence-transformers' evaluators compute it.

        Texts that a model cannot distinguish are at a cosine of 1 but for the last bit, and ranks see that bit.
        """
        import torch
        from sentence_transformers.util import pairwise_cos_sim

        rows = torch.from_numpy(np.ascontiguousarray(embeddings, dtype=np.float32))
        return pairwise_cos_sim(rows[self.left], rows[self.right]).numpy()

    def random_cosines(self, embeddings: np.ndarray, *, count: int = RANDOM_PAIRS, seed: int = 0) -> np.ndarray:
        """Compute the cosines of random pairs of one left and one right text that are no known pair."""
        first, second = self.random_pairs(count=count, seed=seed)
        sides = [normalize_rows(embeddings[ids]) for ids in (self.left[first], self.right[second])]
        return np.einsum("ij,ij->i", *sides)

    def random_pairs(self, *, count: int = RANDOM_PAIRS, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Draw random pairs that are no known pairs, as two arrays of rows (pairs,).

        The left text of the first row, and the right text of the second.
        """
        first, second = np.random.default_rng(seed).integers(len(self.left), size=(2, count))
        left, right = self.identity[self.left[first]], self.identity[self.right[second]]
        size = len(self.texts)
        known = self.identity[self.known_pairs] @ np.array([size, 1])
        apart = (left != right) & ~np.isin(left * size + right, known) & ~np.isin(right * size + left, known)
        return first[apart], second[apart]

    @property
    def known_pairs(self) -> np.ndarray:
        """The text ids of all pairs of the part, (pairs, 2); of queries, all their right documents."""
        if not self.retrieves:
            return np.stack([self.left, self.right], axis=1)
        asked = np.repeat(self.queries, [len(ids) for ids in self.relevant])
        return np.stack([asked, self.documents[np.concatenate(self.relevant)]], axis=1)


def _paired(inputs: ModelInputs, chosen: pd.DataFrame) -> EvalTask:
    """Build the task of pairs, scored pairs, labelled pairs or triplets; pairs and triplets also retrieve."""
    frame, shape = inputs.frame, inputs.shape
    retrieves = shape in (Shape.PAIRS, Shape.TRIPLETS)
    source = frame if retrieves else chosen
    names = inputs.columns
    keys = [key for name in names for key in same_keys(source[name])]
    prompts = [inputs.reading.prompt(inputs.role_of(name)) for name in names for _ in range(len(source))]
    if inputs.reading.has_two_roles:
        codes, _ = pd.factorize(pd.MultiIndex.from_arrays([prompts, keys]))
    else:
        codes, _ = pd.factorize(np.array(keys, dtype=object))
    _, first = np.unique(codes, return_index=True)
    plain = np.concatenate([source[name].to_numpy(dtype=object) for name in names])[first].tolist()
    ids = dict(zip(names, codes.reshape(len(names), -1), strict=True))
    inside = np.flatnonzero(source["part"].to_numpy() == chosen["part"].iloc[0])
    task = EvalTask(
        shape,
        [prompts[at] + text for at, text in zip(first.tolist(), plain, strict=True)],
        plain,
        pd.factorize(np.array(keys, dtype=object)[first])[0],
        chosen.index.to_numpy(),
        ids["anchor"][inside],
        ids["positive"][inside],
        _values(chosen, shape),
        middle=0.0 if shape is Shape.SCORED and frame["score"].astype(float).min() < 0 else 0.5,
        same=same_label(frame["label"].astype(str)) if shape is Shape.LABELLED_PAIRS else "1",
    )
    if not retrieves:
        return task
    return _retrieving(task, ids, inside)


def _retrieving(task: EvalTask, ids: dict[str, np.ndarray], inside: np.ndarray) -> EvalTask:
    documents, place = np.unique(ids["positive"], return_inverse=True)
    queries, query_of_row = np.unique(ids["anchor"][inside], return_inverse=True)
    pairs = pd.DataFrame({"anchor": ids["anchor"], "document": place}).drop_duplicates()
    pairs = pairs[pairs["anchor"].isin(queries)].sort_values(["anchor", "document"])
    by_query = pairs.groupby("anchor")["document"].agg(list)
    missing = np.array([not text.strip() for text in task.plain])
    negatives = [ids[name][inside] for name in negative_columns(ids)]
    used = np.unique(np.concatenate([queries, documents, *(column[~missing[column]] for column in negatives)]))
    new = np.full(len(task.texts), -1)
    new[used] = np.arange(len(used))
    return EvalTask(
        shape=task.shape,
        texts=[task.texts[i] for i in used],
        plain=[task.plain[i] for i in used],
        identity=task.identity[used],
        rows=task.rows,
        left=new[task.left],
        right=new[task.right],
        values=task.values,
        negatives=np.stack([np.where(missing[n], -1, new[n]) for n in negatives], axis=1)
        if negatives
        else task.negatives,
        queries=new[queries],
        documents=new[documents],
        relevant=[np.asarray(by_query[anchor]) for anchor in queries],
        query_of_row=query_of_row,
        own_document=_own_documents(queries, documents, task.identity, by_query),
    )


def _own_documents(queries: np.ndarray, documents: np.ndarray, identity: np.ndarray, by_query: pd.Series) -> np.ndarray:
    """Find the index of each query's own text among the documents.

    -1 where it is none or is itself a right one.
    """
    place = {same: at for at, same in enumerate(identity[documents].tolist())}
    own = [place.get(same, -1) for same in identity[queries].tolist()]
    return np.array([-1 if at in by_query[query] else at for query, at in zip(queries, own, strict=True)])


def _values(chosen: pd.DataFrame, shape: Shape) -> np.ndarray:
    if shape is Shape.SCORED:
        return chosen["score"].to_numpy(dtype=float)
    if shape is Shape.LABELLED_PAIRS:
        return chosen["label"].astype(str).to_numpy(dtype=object)
    return np.zeros(len(chosen))


def _labelled(inputs: ModelInputs, chosen: pd.DataFrame) -> EvalTask:
    """Build the task of labelled texts.

    Those of the split are queries, neighbours are all texts of the dataset.
    """
    frame = inputs.frame
    codes, texts = pd.factorize(frame["text"].to_numpy(dtype=object))
    inside = np.flatnonzero(frame["part"].to_numpy() == chosen["part"].iloc[0])
    labels = frame["label"].astype(str).to_numpy(dtype=object)
    return EvalTask(
        Shape.LABELLED_TEXTS,
        inputs.read_column(texts, "text"),
        list(texts),
        np.arange(len(texts)),
        chosen.index.to_numpy(),
        codes[inside],
        codes,
        labels,
        queries=np.zeros(0, dtype=np.int64),
        query_of_row=inside,
    )


def positives(task: EvalTask) -> np.ndarray:
    """Compute by row of labelled pairs 1 where the label means the same ("1", "entailment"), else 0."""
    return (task.values == task.same).astype(int)


def same_label(labels: Iterable[str]) -> str:
    """Choose which of a dataset's labels of pairs means the same, by the rule by which Upload offers one.

    Pairs of two classes are stored with the labels "0" and "1". Classes that were kept apart go by their words, else 0 of
    0, 1 and 2 (as SNLI and MNLI write entailment), else "" for none: nothing is then called the same.
    """
    names = sorted({str(label) for label in labels} - {""})
    if set(names) <= {"0", "1"}:
        return "1"
    return next(iter(guess_same(names, nli=True) or ()), "")


def components_of_rows(frame: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """Look up each row's component, the unit of resampling; without that column each row is its own."""
    return frame.loc[rows, "component"].to_numpy() if "component" in frame else np.asarray(rows)
