"""What a recipe's settings can be chosen from, but for the losses (lib/recipe/losses.py)."""

from __future__ import annotations

from enum import StrEnum

from lib.shapes import Shape

MINING_SHAPES = (Shape.PAIRS,)
"""Shapes whose rows have no negatives of their own, so that hard ones can be mined."""
SCHEDULES = ("linear", "cosine", "constant")
PRECISIONS = ("auto", "fp32", "bf16")
DIRECTIONS = ("query_to_doc", "symmetric", "all")
POOLINGS = ("mean", "cls", "lasttoken", "max")
"""How a plain transformer's token vectors become a text's: their mean, the first, the last, the largest entries."""
DEVICES = ("auto", "cpu", "cuda", "mps")
THIS_MACHINE, ALL_DEVICES, RAY_CLUSTER = "this", "devices", "ray"
PLACES = (THIS_MACHINE, ALL_DEVICES, RAY_CLUSTER)
"""Where a training runs: in one process of this machine, in one for each of its devices, or on a Ray cluster."""
MAX_PROCESSES = 64
"""Most processes of a training: the largest machines have 16 graphics cards, and a CPU gains nothing from so many."""
STATIC_RATE = 50.0
"""Factor on the recipe's learning rate for a static model.

Word vectors move only when their word occurs, and there is nothing above them. Measured on the Python API sample, validation MRR after 3 epochs: .33 at 2e-4, .44 at 2e-3, .55 at 1e-2, .54 at 5e-2.
"""


class PromptSource(StrEnum):
    """Where a run's prompts are from; the later ones give way to the earlier."""

    UNDECIDED = ""
    """Nobody has chosen yet: the training does, once the model is here. Runs of older versions stay so."""
    HAND = "hand"
    MODEL = "model"
    TABLE = "table"
    NONE = "none"
    """No prompt is known for the model."""


PROMPT_FIELDS = ("query_prompt", "document_prompt")
"""The recipe's settings of prompts, which forms draw by themselves."""
