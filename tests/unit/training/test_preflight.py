"""The form's figure of the disk that a training takes is the worker's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.errors import TrainingError
from lib.models.catalog import bundled_folder
from lib.recipe.recipe import Recipe
from lib.settings import BUNDLED_MODEL
from lib.training.preflight import check_room, expected_bytes, needed_bytes

MINILM = 22_713_216


def test_the_form_expects_what_the_worker_asks_for(home: Path) -> None:
    assert bundled_folder() is not None
    expected = expected_bytes(BUNDLED_MODEL, home=home, rows=1_000, shape="pairs", recipe=Recipe(epochs=3))
    needed = needed_bytes(parameters=MINILM, texts=2_000, dimension=384, snapshots=5)
    assert expected == pytest.approx(needed, rel=0.001)


def test_a_model_that_is_not_here_yet_is_taken_as_a_usual_one(home: Path) -> None:
    usual = expected_bytes("someone/a-model", home=home, rows=100, shape="pairs", recipe=Recipe())
    assert usual > 1_000_000_000


def test_a_disk_without_room_is_said_with_both_figures(tmp_path: Path) -> None:
    check_room(tmp_path, 0)
    with pytest.raises(TrainingError, match=r"B free; this training needs about 1,000 TB"):
        check_room(tmp_path, 10**15)
