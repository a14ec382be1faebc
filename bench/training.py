"""The well-known training script and ours, side by side, interleaved, each in a process of its own.

    python -m bench.training --data python_api --seeds 0 --runs classic recommended
    python -m bench.training --data tldr_en=/path/to/data.csv --pairs 1500 --steps 12 --runs
    python -m bench.training --table

Every finished part is one JSON line in bench/results/training.jsonl; --table writes bench/README.md from what is there.
--lock FILE takes a lock for slices of at most --slice seconds, so that a shared machine stays usable.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from bench.contestant import Setup
from bench.results import RESULTS, append
from lib.data.prepare import prepare
from lib.data.samples.python_api import load_python_api
from lib.data.samples.registry import load_support_desk
from lib.recipe.presets import recommended_recipe

CLASSIC = Setup(name="classic", data="", seed=0, epochs=10)
OURS = replace(CLASSIC, engine="packed", bf16=True)


def setups(rows: int) -> dict[str, Setup]:
    """List what takes part, Recommended as the product's preset has it for that many training rows."""
    preset = recommended_recipe(rows)
    mine = {"epochs": preset.epochs, "learning_rate": preset.learning_rate}
    shape = {"schedule": preset.schedule, "warmup": preset.warmup}
    recommended = replace(OURS, dropout=max(0.0, preset.dropout), **shape, **mine)
    found = {
        "classic": CLASSIC,
        "classic_fast_rate": replace(CLASSIC, **mine),
        "engine": OURS,
        "recommended": recommended,
        "quick": replace(recommended, learning_rate=1.5 * preset.learning_rate, frozen_layers=3),
    }
    return {name: replace(setup, name=name) for name, setup in found.items()}


SAMPLES = {"python_api": load_python_api, "support_desk": load_support_desk}
STEPS = {
    "classic": CLASSIC,
    "packed fp32": replace(CLASSIC, name="packed fp32", engine="packed"),
    "packed bf16": replace(CLASSIC, name="packed bf16", engine="packed", bf16=True),
    "packed bf16, dropout 0": replace(CLASSIC, name="packed bf16, dropout 0", engine="packed", bf16=True, dropout=0.0),
    "3 layers frozen": replace(
        CLASSIC, name="3 layers frozen", engine="packed", bf16=True, dropout=0.0, frozen_layers=3
    ),
    "4 layers frozen": replace(
        CLASSIC, name="4 layers frozen", engine="packed", bf16=True, dropout=0.0, frozen_layers=4
    ),
}
CHUNK = 4
WARM = 8
"""Steps that one contestant does before the next one's turn."""


class Process:
    """A contestant's process, and how to talk to it."""

    def __init__(self, setup: Setup | None = None) -> None:
        command = [sys.executable, "-m", "bench.contestant"]
        self.pipe = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.facts = self.ask("setup", **asdict(setup)) if setup else {}

    def ask(self, what: str, **options: Any) -> dict[str, Any]:
        """Send one command and return the answer."""
        assert self.pipe.stdin is not None
        assert self.pipe.stdout is not None
        self.pipe.stdin.write(json.dumps({"do": what, **options}) + "\n")
        self.pipe.stdin.flush()
        return json.loads(self.pipe.stdout.readline())

    def close(self) -> None:
        """End the process."""
        assert self.pipe.stdin is not None
        self.pipe.stdin.close()
        self.pipe.wait()


class Machine:
    """The right to compute, in slices, where a lock is shared with others."""

    def __init__(self, lock: str, seconds: float) -> None:
        self.path, self.seconds, self.since = lock, seconds, 0.0
        self.file = Path(lock).open("a") if lock else None  # noqa: SIM115 - held until the process ends

    def turn(self) -> None:
        """Let others in when the slice is over, then wait for the next one."""
        if self.file is None or (self.since and time.monotonic() - self.since < self.seconds):
            return
        self.give()
        fcntl.flock(self.file, fcntl.LOCK_EX)
        self.since = time.monotonic()

    def give(self) -> None:
        """Release the lock, and wait a moment for those who wait."""
        if self.file is not None and self.since:
            fcntl.flock(self.file, fcntl.LOCK_UN)
            self.since = 0.0
            time.sleep(2.0)


def frame_of(data: str, pairs: int, rows: int = 0) -> tuple[str, Path]:
    """Prepare a data set (a sample, or name=path) and keep it as Parquet.

    `pairs` limits the training part, `rows` the whole table, 0: not at all.
    """
    name, _, path = data.partition("=")
    source = pd.read_csv(path, dtype=str, keep_default_na=False) if path else SAMPLES[name]()
    if 0 < rows < len(source):
        source = source.sample(n=rows, random_state=0).reset_index(drop=True)
    frame = prepare(source).frame
    train = frame.index[frame["part"] == "train"]
    if 0 < pairs < len(train):
        frame = frame.drop(index=train.to_series().sample(frac=1, random_state=0).iloc[pairs:])
    target = RESULTS.parent / f"{name}-{pairs}.parquet"
    target.parent.mkdir(exist_ok=True)
    frame.to_parquet(target)
    return f"{name}, {(frame['part'] == 'train').sum()} pairs", target


def run_steps(name: str, data: Path, machine: Machine, *, count: int, threads: int, seed: int, only: list[str]) -> None:
    """Time the same batches in every engine, turn by turn; the first turn warms up and is not counted."""
    machine.turn()
    parts = {key: STEPS[key] for key in (only or STEPS)}
    processes = {
        key: Process(replace(setup, data=str(data), seed=seed, threads=threads)) for key, setup in parts.items()
    }
    found: dict[str, list[dict[str, Any]]] = {key: [] for key in processes}
    for turn in range(1 + count // CHUNK):
        for key, process in processes.items():
            machine.turn()
            answer = process.ask("steps", count=WARM if turn == 0 else CHUNK)
            if turn:
                found[key].append(answer)
    rates = Process().ask("rates", threads=threads, data=str(data))
    for key, process in processes.items():
        row = {
            part: [value for answer in found[key] for value in answer[part]] for part in ("seconds", "cpu", "losses")
        }
        append({"kind": "steps", "data": name, "contestant": key, "seed": seed, "threads": threads, **row, **rates})
        process.close()
    machine.give()


def run_trainings(
    name: str,
    data: Path,
    machine: Machine,
    *,
    runs: list[str],
    threads: int,
    seed: int,
    fp32: bool = False,
    quality: bool = False,
) -> None:
    """Train all contestants to their ends, an epoch each by turns.

    Held-out recall after each epoch, untimed.

    quality: kept apart from the table of times, ours with the product's batches. fp32: so, and nothing in bf16.
    """
    machine.turn()
    all_setups = setups(int((pd.read_parquet(data, columns=["part"])["part"] == "train").sum()))
    contestants = [replace(all_setups[run], data=str(data), seed=seed, threads=threads) for run in runs]
    contestants = [
        replace(setup, bf16=setup.bf16 and not fp32, fair=quality and setup.engine == "packed") for setup in contestants
    ]
    processes = {setup.name: Process(setup) for setup in contestants}
    rows = {
        setup.name: {"curve": [processes[setup.name].ask("measure")], "seconds": [], "cpu": [], "epochs": setup.epochs}
        for setup in contestants
    }
    while processes:
        for key, process in list(processes.items()):
            row = rows[key]
            for seconds, cpu in epoch(process, machine):
                row["seconds"].append(seconds)
                row["cpu"].append(cpu)
            row["curve"].append(process.ask("measure"))
            head = {
                "kind": "quality" if quality else "run",
                "data": name,
                "contestant": key,
                "seed": seed,
                "threads": threads,
                "fp32": fp32,
            }
            append(head | row | process.facts)  # after every epoch: of a contestant the newest line counts
            if len(row["curve"]) > row["epochs"]:
                process.close()
                del processes[key]
    machine.give()


def epoch(process: Process, machine: Machine) -> Iterator[tuple[float, float]]:
    """Run one epoch; yield seconds and CPU seconds of each step."""
    ended = False
    while not ended:
        machine.turn()
        answer = process.ask("steps", count=CHUNK)
        yield from zip(answer["seconds"], answer["cpu"], strict=True)
        ended = answer["epoch_ended"]


def main() -> None:
    """Run what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", nargs="*", default=[], help="python_api, support_desk, or name=path of a CSV of pairs"
    )
    parser.add_argument("--pairs", type=int, default=0, help="limit of training pairs; 0: all")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0])
    parser.add_argument("--steps", type=int, default=0, help="steps to time in every engine; 0: none")
    parser.add_argument("--engines", nargs="*", default=[], choices=list(STEPS), help="engines to time; default all")
    parser.add_argument("--runs", nargs="*", default=[], choices=list(setups(1)))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", type=int, default=0, help="limit of rows of a data set; 0: all")
    parser.add_argument("--quality", action="store_true", help="compare quality alone, with the product's batches")
    parser.add_argument("--fp32", action="store_true", help="compute in fp32 and compare quality alone")
    parser.add_argument("--lock", default="")
    parser.add_argument("--slice", type=float, default=200.0)
    parser.add_argument("--table", action="store_true", help="write bench/README.md from the results so far")
    options = parser.parse_args()
    machine = Machine(options.lock, options.slice)
    for data in options.data:
        name, path = frame_of(data, options.pairs, options.rows)
        for seed in options.seeds:
            if options.steps:
                run_steps(
                    name, path, machine, count=options.steps, threads=options.threads, seed=seed, only=options.engines
                )
            if options.runs:
                choices = {"runs": options.runs, "threads": options.threads, "fp32": options.fp32}
                choices["quality"] = options.quality or options.fp32
                run_trainings(name, path, machine, seed=seed, **choices)
    if options.table:
        from bench.training_table import write

        write()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
