"""How long will a training take, and how much memory? Some real steps of it, in a process of their own, with nothing kept.

`start` and `result` are for pages and import nothing heavy; `python -m lib.training.estimate` does the work.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from lib.errors import CancelledError, CloserError
from lib.progress import Silent
from lib.store.publish import write_atomic
from lib.store.workspace import open_workspace
from lib.training.recipe import Recipe, steps_per_epoch

STEPS = 6
WARM_STEPS = 2
"""The first steps pay for what is paid once; they are left out."""

MOST_BATCHES = 12
LOOKED_AT = 200
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Estimate:
    """What some steps took: seconds a step, seconds a look at one validation row, bytes at the peak, device in words."""

    step_seconds: float
    look_seconds_per_row: float
    memory: int
    device: str

    def seconds(self, recipe: Recipe, counts: Mapping[str, int]) -> float:
        """Return the seconds of a training with all its epochs, looks at the validation part included."""
        steps = recipe.epochs * steps_per_epoch(counts["train"], recipe.batch_size)
        looks = 1 + math.ceil(recipe.epochs / recipe.evaluate_every)
        return steps * self.step_seconds + looks * counts["validation"] * self.look_seconds_per_row


class Probe(Silent):
    """A Progress that takes the time of each step and stops the training after a few."""

    def __init__(self) -> None:
        self.moments: list[float] = []
        self.memory = 0
        self.look_seconds = 0.0
        self.device = ""

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None:
        import psutil

        self.moments.append(time.monotonic())
        self.memory = max(self.memory, int(psutil.Process().memory_info().rss))

    def measured(self, *, part: str, moment: str, epoch: float, metrics: Mapping[str, float], seconds: float) -> None:
        self.look_seconds = self.look_seconds or seconds

    def log(self, text: str, *, level: str = "info") -> None:
        self.device = self.device or text

    def check(self) -> None:
        if len(self.moments) >= STEPS:
            raise CancelledError("Measured enough.")


def place(home: Path, *, dataset: str, model: str, recipe: Recipe) -> Path:
    """Return the file that the estimate of this training is written to."""
    kept = {name: value for name, value in recipe.to_dict().items() if name not in ("epochs", "seed", "patience")}
    mark = hashlib.sha256(json.dumps([dataset, model, kept], sort_keys=True).encode()).hexdigest()[:20]
    return home / "cache" / "estimates" / f"{mark}.json"


def start(home: Path, *, dataset: str, model: str, recipe: Recipe) -> subprocess.Popen[bytes]:
    """Measure in a process of its own; `result` says when it is there."""
    path = place(home, dataset=dataset, model=model, recipe=recipe)
    path.parent.mkdir(parents=True, exist_ok=True)
    request = json.dumps([str(home), dataset, model, recipe.to_dict(), str(path)])
    return subprocess.Popen(
        [sys.executable, "-m", "lib.training.estimate", request],
        cwd=ROOT,
        env=os.environ | {"TOKENIZERS_PARALLELISM": "false"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def result(home: Path, *, dataset: str, model: str, recipe: Recipe) -> Estimate | None:
    """Return the estimate, or None while there is none. Raises the error that the measuring met."""
    path = place(home, dataset=dataset, model=model, recipe=recipe)
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    if "error" in found:
        path.unlink(missing_ok=True)
        raise CloserError(found["error"])
    return Estimate(**found)


def measure(home: Path, *, dataset: str, model: str, recipe: Recipe) -> Estimate:
    """Train for a few steps on a part of the data and return what they took."""
    from lib.training.trainer import train

    found = open_workspace(home).datasets.get(dataset)
    frame = found.frame()
    rows = frame[frame["part"] == "train"].head(MOST_BATCHES * recipe.batch_size)
    looked = frame[frame["part"] == "validation"].head(LOOKED_AT)
    probe = Probe()
    with tempfile.TemporaryDirectory(dir=home / "cache") as folder, suppress(CancelledError):  # by our own probe
        train(
            dataset_frame=frame.loc[[*rows.index, *looked.index]],
            shape=found.shape,
            model_name=model,
            recipe=recipe,
            folder=Path(folder),
            home=home,
            progress=probe,
        )
    return summary(probe, looked=max(1, len(looked)), batch=recipe.batch_size)


def summary(probe: Probe, *, looked: int, batch: int) -> Estimate:
    """Return the probe's figures: the median of the steps after the first ones; a look costs a third of a step a row at least.

    (The base model's vectors may come from the cache, and then a look at them says nothing of a look at tuned ones.)
    """
    gaps = [after - before for before, after in zip(probe.moments, probe.moments[1:], strict=False)]
    usual = sorted(gaps[WARM_STEPS:] or gaps)
    if not usual:
        raise CloserError("There are too few training rows to measure a step.")
    step = usual[len(usual) // 2]
    look = max(probe.look_seconds / looked, step / batch / 3)
    return Estimate(step, look, probe.memory, probe.device)


def main() -> int:
    """Measure what is asked for on the command line and write it to its file."""
    home, dataset, model, values, path = json.loads(sys.argv[1])
    try:
        found = asdict(measure(Path(home), dataset=dataset, model=model, recipe=Recipe.from_dict(values)))
    except CloserError as error:
        found = {"error": str(error)}
    write_atomic(Path(path), json.dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
