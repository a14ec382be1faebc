"""The table of dataset shapes says what the train page offers."""

from __future__ import annotations

from lib.recipe.losses import losses_for
from lib.shapes import Shape
from lib.ui.shared.components import SHAPE_TITLES
from lib.ui.upload.shapes import shapes_table


def test_every_shape_stands_there_with_all_its_losses() -> None:
    table = shapes_table().set_index("Shape")["Losses that fit"]
    assert list(table.index) == [SHAPE_TITLES[shape] for shape in Shape]
    for shape in Shape:
        assert table[SHAPE_TITLES[shape]].split(", ") == [loss.title for loss in losses_for(shape)]
