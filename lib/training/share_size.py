"""How many rows of a batch each process of a training takes; light, for pages before a training."""

from __future__ import annotations

from dataclasses import dataclass

from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.training.epoch_plan import SMALLEST_GROUPED


@dataclass(frozen=True)
class ShareSize:
    """Rows of a share: a multiple of `unit`, `least` of them or more."""

    unit: int = 1
    least: int = 1

    @classmethod
    def of(cls, recipe: Recipe, shape: Shape) -> ShareSize:
        """Decide by what the loss needs of a process's rows. recipe: with its loss filled in."""
        if shape is Shape.LABELLED_TEXTS:
            return cls(unit=2, least=SMALLEST_GROUPED)  # texts come in pairs of a class, and two classes are needed
        record = recipe.loss_record
        return cls(least=2 if record.in_batch and not record.gathers else 1)

    def rows(self, batch: int, processes: int) -> int:
        """Compute the rows of each share of a batch; below `least` it is too small to be trained on."""
        share = batch // processes
        return share - share % self.unit


def describe_shares(recipe: Recipe, shape: Shape, *, processes: int, examples: int) -> str:
    """Describe how the processes share a batch.

    recipe: with its loss filled in. examples: of the training part.
    """
    rows = ShareSize.of(recipe, shape).rows(min(recipe.batch_size, examples), processes)
    line = f"{processes} processes take {rows} examples each: {rows * processes} a step."
    if recipe.loss_record.gathers:
        line += " Negatives are gathered across the processes."
    elif recipe.loss_record.in_batch:
        line += " This loss takes negatives from the examples of its own process only."
    return f"{line} What does not fill equal shares of an epoch's last batch is left out of that epoch."
