"""Training rows: labels become the numbers that the losses mean."""

from __future__ import annotations

import pandas as pd
import pytest

from lib.shapes import Shape
from lib.training.examples import label_names


@pytest.mark.parametrize(
    ("labels", "shape", "order"),
    [
        (["1", "1"], Shape.LABELLED_PAIRS, ["0", "1"]),
        (["unrelated", "paraphrase"], Shape.LABELLED_PAIRS, ["unrelated", "paraphrase"]),
        (["same", "other"], Shape.LABELLED_PAIRS, ["other", "same"]),
        (["neutral", "entailment", "contradiction"], Shape.LABELLED_PAIRS, ["contradiction", "entailment", "neutral"]),
        (["unrelated", "paraphrase"], Shape.LABELLED_TEXTS, ["paraphrase", "unrelated"]),
    ],
)
def test_of_two_labels_of_pairs_the_same_one_is_1(labels: list[str], shape: Shape, order: list[str]) -> None:
    """Contrastive losses draw together what has the number 1, whatever the words are."""
    assert label_names(pd.Series(labels), shape) == order
