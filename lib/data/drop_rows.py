"""A dataset without some of its rows: a new dataset, because datasets never change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from lib.data.audit.run import excluded_rows
from lib.errors import InputError
from lib.settings import PARTS

if TYPE_CHECKING:
    from lib.store.datasets import Dataset
    from lib.store.workspace import Workspace

LABEL_NOISE_REASON = "Left out by hand: the base model ranks another target above it"


@dataclass(frozen=True)
class RemainingDataset:
    """What is left, in the form that is stored."""

    shape: str
    frame: pd.DataFrame
    facts: dict[str, Any]
    left_out: pd.DataFrame


def drop_rows(workspace: Workspace, dataset: Dataset, pairs: Collection[int], *, name: str) -> Dataset:
    """Store the dataset without these rows under a new name and return it. Raises InputError when a part would be empty."""
    frame = dataset.frame()
    gone = frame.index.isin(list(pairs))
    rest = frame[~gone].reset_index(drop=True)
    for part in PARTS:
        if not (rest["part"] == part).any():
            raise InputError(f"No row of the part {part} would be left.", todo="Leave fewer rows out.")
    out = pd.concat([dataset.left_out(), excluded_rows(frame[gone], LABEL_NOISE_REASON)], ignore_index=True)
    facts = dataset.facts | {"without": int(gone.sum()), "from": dataset.id}
    return workspace.datasets.publish(
        RemainingDataset(dataset.shape, rest, facts, out), name=name, originals=dataset.originals
    )
