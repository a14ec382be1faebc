"""Publish a dataset again without some of its rows: datasets never change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lib.data.audit.run import excluded_rows
from lib.errors import InputError
from lib.settings import PARTS
from lib.store.datasets import Dataset
from lib.store.workspace import Workspace

LABEL_NOISE_REASON = "Possible label error: the base model ranks another target higher"


@dataclass(frozen=True)
class RemainingDataset:
    """The rest of a dataset, in the form that `Datasets.publish` takes; `facts` as they were stored."""

    shape: str
    frame: pd.DataFrame
    facts: dict[str, Any]
    left_out: pd.DataFrame


def drop_rows(workspace: Workspace, dataset: Dataset, pairs: Collection[int], *, name: str) -> Dataset:
    """Publish the dataset without these rows under a new name.

    Raises InputError when a part would be empty.
    """
    frame = dataset.frame()
    dropped = frame.index.isin(list(pairs))
    rest = frame[~dropped].reset_index(drop=True)
    for part in PARTS:
        if not (rest["part"] == part).any():
            raise InputError(f"No {part.replace('_', '-')} rows would be left.", todo="Drop fewer rows.")
    left_out = pd.concat([dataset.left_out(), excluded_rows(frame[dropped], LABEL_NOISE_REASON)], ignore_index=True)
    facts = dataset.facts | {"without": int(dropped.sum()), "from": dataset.id}
    return workspace.datasets.publish(
        RemainingDataset(dataset.shape, rest, facts, left_out), name=name, originals=dataset.originals
    )
