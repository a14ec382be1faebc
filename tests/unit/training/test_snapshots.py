"""What is followed through a training: every part has its share, a resumed one follows the same."""

from __future__ import annotations

from lib.data.model_inputs import ModelInputs
from lib.settings import MAX_DRAWN_POINTS
from lib.shapes import Shape
from lib.training.snapshots import SHOWN_TEXTS, shown_limit, shown_texts
from tests.unit.data.test_text_sample import frame_of


def test_a_small_dataset_is_followed_whole() -> None:
    frame = frame_of(200)
    assert set(shown_texts(ModelInputs.of(frame, Shape.PAIRS))) == {*frame["anchor"], *frame["positive"]}


def test_the_limit_grows_with_the_dataset_up_to_what_a_picture_draws() -> None:
    assert shown_limit(100) == shown_limit(20_000) == SHOWN_TEXTS
    assert SHOWN_TEXTS < shown_limit(30_000) < MAX_DRAWN_POINTS
    assert shown_limit(100_000) == MAX_DRAWN_POINTS
