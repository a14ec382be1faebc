"""The sample of the validation part that each epoch is measured on, so that a validation stays cheap."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.data.text_array import take_rows, text_codes
from lib.evaluation.task import EvalTask
from lib.settings import MAX_VALIDATION_TEXTS
from lib.training.snapshots import shown_texts

ROWS_SHARE = 0.25
"""Largest share of the texts that are rows of the validation part.

The other texts only serve as wrong targets.
"""


def count_validation_texts(inputs: ModelInputs) -> int:
    """Count the distinct texts that a validation encodes, those of its snapshot included."""
    seen, _ = validation_inputs(inputs)
    return len({*EvalTask.of(seen, part="validation").texts, *inputs.read_by_use(shown_texts(inputs))})


def validation_inputs(inputs: ModelInputs, *, limit: int = MAX_VALIDATION_TEXTS) -> tuple[ModelInputs, str]:
    """Select the rows that validations measure, and a note when they are not all ("" when they are).

    Rows are drawn by a fixed seed, so that base and every epoch of every run on the dataset see the same. Other rows of a
    chosen source stay in: all its right targets count.
    """
    frame, names = inputs.frame, list(inputs.columns)
    if not _has_more_texts(frame, names, limit):
        return inputs, ""
    generator = np.random.default_rng(0)
    inside = np.flatnonzero(frame["part"].to_numpy() == "validation")
    rows = generator.permutation(inside)[: max(2, int(limit * ROWS_SHARE / len(names)))]
    others = np.setdiff1d(np.arange(len(frame)), inside)
    around = generator.permutation(others)[: max(1, int(limit * (1 - ROWS_SHARE) / len(names)))]
    chosen = np.zeros(len(frame), dtype=bool)
    chosen[rows] = chosen[around] = True
    if "anchor" in frame:
        chosen |= frame["anchor"].isin(set(take_rows(frame[["anchor"]], rows)["anchor"])).to_numpy()
    words = (
        f"Every epoch is measured on {int(chosen[inside].sum()):,} of {len(inside):,} validation rows among {int(chosen.sum()):,} "
        f"of {len(frame):,} rows in all, to keep it quick; the whole held-out split is evaluated."
    )
    return inputs.with_frame(frame[chosen]), words


def _has_more_texts(frame: pd.DataFrame, names: list[str], limit: int) -> bool:
    """Check whether there are more distinct texts; of large data the first rows mostly say so."""
    if len(frame) * len(names) <= limit:
        return False
    return any(len(text_codes(rows, names)[1]) > limit for rows in (frame.iloc[:limit], frame))
