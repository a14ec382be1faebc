"""From a dataset's training rows to the columns that the trainer and its batches need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd

from lib.data.class_sizes import check_labels
from lib.data.model_inputs import ModelInputs
from lib.data.normalisation import same_keys
from lib.data.text_array import KeyHashes, PickedTexts, TextArray, as_texts
from lib.errors import InputError
from lib.evaluation.task import same_label
from lib.shapes import Shape, negative_columns

NEGATIVE_SEED = 11
"""Seed of the negatives that are drawn for triplets without one: the same in every run on a dataset."""


@dataclass(frozen=True)
class TrainingColumns:
    """Training rows as columns in the order of the losses: texts, then score or label.

    Texts as the model reads them.

    plain: the text columns as they stand, by which texts count as the same.
    """

    columns: dict[str, Sequence[Any]]
    plain: dict[str, Sequence[str]]
    classes: list[str]

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values())))

    @property
    def texts_per_row(self) -> int:
        """Number of texts in a row."""
        return len(self.plain)

    @property
    def texts(self) -> list[str]:
        """The distinct texts, as the model reads them."""
        return list(dict.fromkeys(text for name in self.plain for text in self.columns[name]))


def training_columns(inputs: ModelInputs) -> TrainingColumns:
    """Select the rows of the train part; labels become numbers by their sorted names.

    Raises InputError when there are too few rows.
    """
    shape, frame = inputs.shape, inputs.frame
    rows = np.flatnonzero(frame["part"] == "train")
    train = frame[[name for name in ("score", "label") if name in frame]].iloc[rows]
    if len(train) < 2:
        raise InputError(
            f"The training part has {len(train)} rows.", todo="Upload more examples: at least a few dozen."
        )
    own = {name: PickedTexts(TextArray.of_cells(frame[name]), rows) for name in inputs.columns}
    plain = draw_missing_negatives(fill_missing_negatives(own))
    columns: dict[str, Sequence[Any]] = {
        name: as_texts(texts).prefix(inputs.prompt_of(name)) for name, texts in plain.items()
    }
    classes: list[str] = []
    if shape is Shape.SCORED:
        columns["score"] = train["score"].astype(float).tolist()
    elif shape in (Shape.LABELLED_PAIRS, Shape.LABELLED_TEXTS):
        classes = label_names(train["label"].astype(str), shape)
        check_labels(train["label"].astype(str), shape)
        number = {name: value for value, name in enumerate(classes)}
        columns["label"] = [number[name] for name in train["label"].astype(str)]
    return TrainingColumns(columns, plain, classes)


def fill_missing_negatives(columns: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Fill the empty negatives of each row by repeating its own in order.

    So no empty text is trained on. As FlagEmbedding fills its groups, there in random order (AbsEmbedderTrainDataset.__getitem__, `train_group_size`).
    """
    names = negative_columns(columns)
    if all(text.strip() for name in names for text in columns[name]):
        return dict(columns)
    rows = [_repeat_filled(row) for row in zip(*(columns[name] for name in names), strict=True)]
    return dict(columns) | {name: [row[at] for row in rows] for at, name in enumerate(names)}


def draw_missing_negatives(columns: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Draw a wrong target of another row for every row that has no negative at all.

    It is no right target of the row's source. Raises InputError where there is none. As FlagEmbedding advises: "you can
    random sample some from the entire corpus as the negatives".
    """
    names = negative_columns(columns)
    rows = [at for at, text in enumerate(columns[names[0]]) if not text.strip()] if names else []
    if not rows:
        return dict(columns)
    anchors, targets = text_ids(columns["anchor"], columns["positive"])
    right: dict[int, set[int]] = {}
    for anchor, target in zip(anchors.tolist(), targets.tolist(), strict=True):
        right.setdefault(anchor, {anchor}).add(target)
    filled = {name: list(columns[name]) for name in names}
    generator = np.random.default_rng(NEGATIVE_SEED)
    order = generator.permutation(len(targets)).tolist()
    for row in rows:
        begin = int(generator.integers(len(order)))
        wrong = (at for at in order[begin:] + order[:begin] if int(targets[at]) not in right[int(anchors[row])])
        place = next(wrong, None)
        if place is None:
            raise InputError(
                "A triplet has no negative, and no other row has a wrong target for it.",
                where=columns["anchor"][row][:60],
                todo="Drop the rows without a negative, or add rows with other targets.",
            )
        for name in names:
            filled[name][row] = columns["positive"][place]
    return dict(columns) | filled


def _repeat_filled(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Replace the empty texts by the filled ones in turn; texts without any filled one stay."""
    filled = [text for text in texts if text.strip()]
    turn = cycle(filled)
    return tuple(text if text.strip() else next(turn) for text in texts) if filled else texts


def label_names(labels: pd.Series, shape: Shape) -> list[str]:
    """List the labels in order of their numbers.

    "0" and "1" keep theirs even where only one of them occurs.

    Of two labels of pairs the one that means the same comes last: 1 is what losses draw together.
    """
    found = sorted(labels.unique())
    if set(found) <= {"0", "1"}:
        return ["0", "1"]
    same = same_label(found) if shape is Shape.LABELLED_PAIRS and len(found) == 2 else ""
    return sorted(found, key=lambda name: (name == same, name))


def text_ids(*columns: Sequence[str]) -> list[np.ndarray]:
    """Number the normalised texts, (n,) by column: equal texts have the same id in all columns."""
    hashes = KeyHashes(sum(map(len, columns)))
    for column in columns:
        for block in as_texts(column).blocks():
            hashes.add(same_keys(block))
    return np.split(hashes.codes(), np.cumsum([len(column) for column in columns])[:-1])
