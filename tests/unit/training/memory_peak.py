"""Train or encode in a process of its own and print its peak of memory: `python -m tests.unit.training.memory_peak JSON`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.memory import peak_process_memory
from lib.recipe.recipe import Recipe


def long_inputs(case: dict[str, Any], recipe: Recipe) -> ModelInputs:
    """Build pairs of texts of so many words, one of which is as long as texts get."""
    rows, words = case["rows"], case["words"]
    frame = pd.DataFrame(
        {
            "anchor": [f"question {number} " + "more " * (words - 2) for number in range(rows)],
            "positive": [f"answer {number} " + "words " * (words - 2) for number in range(rows)],
        }
    )
    frame.loc[3, "positive"] = "long " * case["longest"]
    frame["part"] = ["train"] * (rows - 8) + ["validation"] * 4 + ["held_out"] * 4
    return ModelInputs.of(frame, "pairs", recipe)


def main() -> None:
    """Do what the case says."""
    case = json.loads(sys.argv[1])
    recipe = Recipe(**case["recipe"])
    inputs = long_inputs(case, recipe)
    with tempfile.TemporaryDirectory() as name:
        if case["trains"]:
            from lib.progress import Silent
            from lib.training.run import train_model

            (Path(name) / "run").mkdir()
            train_model(
                inputs=inputs,
                model_name=case["model"],
                recipe=recipe,
                folder=Path(name) / "run",
                home=Path(name),
                progress=Silent(),
            )
        else:
            from lib.models.encoder import encode
            from lib.models.loader import load_model

            encode(load_model(case["model"], device="cpu", home=Path(name)), inputs.frame["positive"].tolist())
    sys.stdout.write(f"{peak_process_memory()}\n")


if __name__ == "__main__":
    main()
