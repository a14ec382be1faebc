"""Time training steps of a larger model, padded and packed, in turns.

python -m bench.second_model FOLDER [--steps 5] [--batch 64] [--threads 2]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from bench.contestant import Setup
from bench.results import put
from bench.training import Process, frame_of

PAIRS = 1_024
CLASSIC = Setup(name="padded fp32", data="", seed=0, epochs=10)
ENGINES = (
    CLASSIC,
    replace(CLASSIC, name="packed fp32", engine="packed"),
    replace(CLASSIC, name="packed bf16", engine="packed", bf16=True),
    replace(CLASSIC, name="packed bf16, dropout 0", engine="packed", bf16=True, dropout=0.0),
)


def main() -> None:
    """Time the engines and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="a model's folder")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    title, data = frame_of("python_api", PAIRS)
    seconds: dict[str, list[float]] = {}
    processor: dict[str, list[float]] = {}
    for engine in ENGINES:
        process = Process(replace(engine, data=str(data), model=given.folder, threads=given.threads, batch=given.batch))
        process.ask("steps", count=1)  # the first touches memory for the first time
        answer = process.ask("steps", count=given.steps)
        seconds[engine.name], processor[engine.name] = answer["seconds"], answer["cpu"]
        process.close()
    lines = ["| engine | s for the steps | s a step, median | times padded (wall) | (CPU) |", "|---|---|---|---|---|"]
    for name, found in seconds.items():
        wall, cpu = (float(np.median(times[CLASSIC.name]) / np.median(times[name])) for times in (seconds, processor))
        lines.append(f"| {name} | {sum(found):.1f} | {np.median(found):.2f} | {wall:.1f} | {cpu:.1f} |")
    note = (
        f"{given.steps} steps of {given.batch} pairs each of {title}, after one that warms up; {given.threads} threads, one engine after "
        f"the other, on a machine shared with other work, {time.strftime('%d %b %Y')}."
    )
    print("\n".join([*lines, "", note]))
    put("all-mpnet-base-v2", "\n".join([*lines, "", note]))


if __name__ == "__main__":
    main()
