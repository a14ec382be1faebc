"""Train small pairs and die at a step as by kill -9 (0: never).

`python -m tests.unit.training.killed MODEL FOLDER STEP`.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from lib.shapes import Shape
from lib.training import cadence
from tests.unit.training.small import FAST, Recorder, train_small


class Deadly(Recorder):
    """Dies when a step's loss is told."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None:
        if step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Train, with a checkpoint after every step."""
    cadence.CHECKPOINT_SECONDS = 0.0
    model, folder, step = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    recipe = replace(FAST, dropout=0.1, epochs=3)
    train_small(Shape.PAIRS, recipe, model=model, folder=folder, progress=Deadly(step))


if __name__ == "__main__":
    main()
