"""What a part of a dataset is measured by."""

from __future__ import annotations

import pandas as pd
import pytest

from lib.data.columns.mapping import ColumnMapping
from lib.data.columns.value_columns import guess_value
from lib.data.model_inputs import ModelInputs
from lib.evaluation.task import EvalTask, same_label
from lib.shapes import Shape
from tests.unit.evaluation.fakes import pairs_frame


@pytest.mark.parametrize(
    ("labels", "same"),
    [
        (["0"], "1"),
        (["0", "1", "2"], "0"),
        (["Entailment", "neutral", "contradiction"], "Entailment"),
        (["duplicate", "related", "apart"], "duplicate"),
        (["yes", "no"], "yes"),
        (["1", "2", "3", "4"], ""),
        (["a", "b", "c"], ""),
    ],
)
def test_which_label_means_the_same_is_what_upload_would_offer(labels: list[str], same: str) -> None:
    """By all labels of the dataset, so that a part in which one is missing is measured alike."""
    assert same_label(labels) == same
    if set(labels) - {"0", "1", "2"}:
        frame = pd.DataFrame({"label": labels * 9})
        assert guess_value(frame, ColumnMapping(Shape.LABELLED_PAIRS), "label").same == ((same,) if same else ())
    frame = pairs_frame(90, held_out=30).assign(label=(labels * 90)[:90])
    part = EvalTask.of(ModelInputs.of(frame, "labelled_pairs"), part="held_out")
    missing = frame[(frame["part"] != "held_out") | (frame["label"] != labels[-1])]
    if len(labels) > 1:
        assert EvalTask.of(ModelInputs.of(missing, "labelled_pairs"), part="held_out").same == part.same == same
