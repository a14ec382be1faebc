"""How long does evaluating take beside encoding?

2,000 held-out pairs of real commands, and retrieval among 100,000 targets.

python -m bench.evaluation [--data FILE] [--rounds N]: encodes the texts anew each round (no cache), then evaluates, in one process,
and writes the ratio's median into bench/README.md.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from bench.results import put
from lib.data.model_inputs import ModelInputs
from lib.evaluation.retrieval import retrieve
from lib.evaluation.run import evaluate_inputs

HELD_OUT = 2_000


def frame_of(path: Path | None) -> pd.DataFrame:
    """Build pairs with 2,000 of them held out, from a file or our API sample.

    The file has source_sentence and target_sentence.
    """
    from lib.data.samples.python_api import load_python_api

    rows = pd.read_csv(path, dtype=str, keep_default_na=False) if path else load_python_api()
    rows = rows.drop_duplicates("source_sentence").sample(frac=1.0, random_state=0).reset_index(drop=True)
    part = np.where(np.arange(len(rows)) < HELD_OUT, "held_out", "train")
    return pd.DataFrame(
        {
            "anchor": rows["source_sentence"],
            "positive": rows["target_sentence"],
            "part": part,
            "component": np.arange(len(rows)),
        }
    )


def one_round(frame: pd.DataFrame, models: dict[str, object], folder: Path) -> tuple[float, float]:
    """Measure the seconds of encoding (both models) and of everything else that evaluating does."""
    from lib.models.encoder import encode

    spent = 0.0

    def embed(name: str, texts: list[str]) -> np.ndarray:
        nonlocal spent
        began = time.perf_counter()
        rows = encode(models[name], texts)  # type: ignore[arg-type]
        spent += time.perf_counter() - began
        return rows

    began = time.perf_counter()
    evaluate_inputs(ModelInputs.of(frame, "pairs"), embed, folder=folder)
    return spent, time.perf_counter() - began - spent


def large() -> tuple[float, float]:
    """Measure 10,000 queries among 100,000 targets of 384 dimensions: seconds and added peak memory (MiB)."""
    generator = np.random.default_rng(0)
    queries, targets = (generator.standard_normal((n, 384), dtype=np.float32) for n in (10_000, 100_000))
    right = [np.array([n]) for n in range(10_000)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    retrieve(queries, targets, right)
    return time.perf_counter() - began, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip-large", action="store_true")
    args = parser.parse_args()
    import torch

    from lib.models.loader import load_model
    from lib.settings import BUNDLED_MODEL

    frame, model = frame_of(args.data), load_model(BUNDLED_MODEL, device="cpu")
    models: dict[str, object] = {"base": model, "tuned": model}
    with tempfile.TemporaryDirectory() as folder:
        rounds = [one_round(frame, models, Path(folder) / "evaluation") for _ in range(args.rounds)]
    encoding, evaluating = (statistics.median(values) for values in zip(*rounds, strict=True))
    ratio = statistics.median(b / a for a, b in rounds)
    lines = [
        "| what | seconds | beside encoding |",
        "| --- | ---: | ---: |",
        f"| encode the texts of {HELD_OUT:,} held-out pairs and {frame['positive'].nunique():,} targets, two models | {encoding:.1f} | 1 |",
        f"| evaluate them: retrieval, intervals, tests, side effects, tables | {evaluating:.1f} | {ratio:.2f} |",
    ]
    if not args.skip_large:
        seconds, memory = large()
        lines.append(
            f"| rank 100,000 targets for 10,000 queries, exactly, {memory:,.0f} MiB at most | {seconds:.1f} | |"
        )
    note = f"Rounds: {args.rounds} in one process, medians; threads: {torch.get_num_threads()}; nothing cached."
    table = "\n".join([*lines, "", note])
    put("Evaluation", table)
    print(table)


if __name__ == "__main__":
    main()
