"""From a dataset's training rows to the columns that the trainer and its batches need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.data.normal import same_keys
from lib.data.shapes import TEXT_COLUMNS, Shape
from lib.errors import InputError


@dataclass(frozen=True)
class Rows:
    """Training rows as columns in the order the losses want: texts, then score or label."""

    columns: dict[str, list]
    classes: list[str]

    @property
    def texts(self) -> list[str]:
        """Return the distinct texts."""
        found = [value for name, values in self.columns.items() if name not in ("score", "label") for value in values]
        return list(dict.fromkeys(found))


def training_rows(frame: pd.DataFrame, shape: Shape) -> Rows:
    """Return the rows of the train part; labels become numbers by their sorted names. Raises InputError when there are too few."""
    train = frame[frame["part"] == "train"]
    if len(train) < 2:
        raise InputError(
            f"The training part has {len(train)} rows.", todo="Upload more examples: at least a few dozen."
        )
    columns: dict[str, list] = {name: train[name].tolist() for name in text_columns(train, shape)}
    classes: list[str] = []
    if shape is Shape.SCORED:
        columns["score"] = train["score"].astype(float).tolist()
    elif shape in (Shape.LABELLED_PAIRS, Shape.LABELLED_TEXTS):
        classes = sorted(train["label"].astype(str).unique())
        number = {name: value for value, name in enumerate(classes)}
        columns["label"] = [number[name] for name in train["label"].astype(str)]
    return Rows(columns, classes)


def text_columns(frame: pd.DataFrame, shape: Shape) -> list[str]:
    """Return the text columns of the shape that the frame has, negatives in order."""
    more = sorted((c for c in frame.columns if c.startswith("negative_")), key=lambda c: int(c.rsplit("_", 1)[1]))
    return [*TEXT_COLUMNS[shape], *(more if shape is Shape.TRIPLETS else [])]


def text_ids(anchors: list[str], targets: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return one integer a normalised text, shared by both sides: texts that count as equal have the same."""
    codes, _ = pd.factorize(np.array(same_keys([*anchors, *targets]), dtype=object))
    return codes[: len(anchors)], codes[len(anchors) :]
