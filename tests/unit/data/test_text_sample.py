"""A sample of the texts: every part has its share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.data.text_sample import sample_texts
from lib.shapes import Shape


def frame_of(rows: int) -> pd.DataFrame:
    parts = np.array(["train"] * 7 + ["validation"] + ["held_out"] * 2)[np.arange(rows) % 10]
    return pd.DataFrame(
        {"anchor": [f"q{i}" for i in range(rows)], "positive": [f"a{i}" for i in range(rows)], "part": parts}
    )


def test_a_large_dataset_gives_every_part_a_fair_share() -> None:
    frame = frame_of(2_000)
    texts = sample_texts(ModelInputs.of(frame, Shape.PAIRS), limit=1_000)
    assert 1_000 <= len(texts) <= 1_001
    assert len(set(texts)) == len(texts)
    shown = frame[frame["anchor"].isin(texts) & frame["positive"].isin(texts)]["part"].value_counts()
    assert shown["held_out"] >= 250
    assert shown["validation"] >= 45
    assert shown["train"] >= 140
    late = frame.index[frame["anchor"].isin(texts)] > 1_000
    assert 0.4 < late.mean() < 0.6  # a sample, not the first rows of the file


def test_what_a_part_leaves_is_filled_by_the_others() -> None:
    frame = frame_of(2_000)
    frame = frame[(frame["part"] == "held_out") | (frame.index < 100)]
    texts = sample_texts(ModelInputs.of(frame, Shape.PAIRS), limit=600)
    assert len(texts) >= 600
