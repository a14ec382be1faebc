"""Where the seconds of a fresh run go, from the start of the command to its map.

python -m bench.stages [FILE ...] [--turns 3] [--threads 2]: each file (without one the support desk sample) is trained
with the recommended recipe by `python -m lib train` in an empty workspace; medians of the turns go into bench/README.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from bench.results import put
from lib.data.samples.registry import load_support_desk
from lib.jobs.events import AttemptEvent, Event, LossEvent, StageEvent, read_events
from lib.settings import ROOT
from lib.store.workspace import open_workspace

BEFORE_WORK = "start, reading, audit, split"
IMPORTS = "imports of the worker"
FIRST_STEP = "tokens and first step"
STEPS = "further steps"


@dataclass(frozen=True)
class Timing:
    """One command: wall seconds by stage in the order they came, all of them, and its CPU seconds."""

    stages: Mapping[str, float]
    seconds: float
    processor: float

    @property
    def before_first_step(self) -> float:
        """Seconds from the start of the command to the end of the first step."""
        names = list(self.stages)
        return sum(self.stages[name] for name in names[: names.index(FIRST_STEP) + 1])


def stage_seconds(events: Sequence[Event], *, began: float, ended: float) -> dict[str, float]:
    """Sum the seconds of each stage. began, ended: of the command, by the clock of the events."""
    seconds: dict[str, float] = {}
    name, since, has_stepped = BEFORE_WORK, began, False
    for event in events:
        follows = name_after(event, name, has_stepped=has_stepped)
        has_stepped = has_stepped or isinstance(event, LossEvent)
        if follows != name and event.clock is not None:
            seconds[name] = seconds.get(name, 0.0) + event.clock - since
            name, since = follows, event.clock
    seconds[name] = seconds.get(name, 0.0) + ended - since
    return seconds


def name_after(event: Event, name: str, *, has_stepped: bool) -> str:
    """Name the stage that an event begins; the present one where it begins none."""
    if isinstance(event, AttemptEvent):
        return IMPORTS if name == BEFORE_WORK else f"imports of {event.job}"
    if isinstance(event, LossEvent):
        return STEPS
    if not isinstance(event, StageEvent):
        return name
    if event.is_validation:
        return "validation and snapshots"
    if event.stage == "training":
        return STEPS if has_stepped else FIRST_STEP
    return event.stage


def time_command(file: Path, *options: str, environment: Mapping[str, str] | None = None) -> Timing:
    """Train by the command in an empty workspace and time its stages."""
    with tempfile.TemporaryDirectory() as name:
        home, began = Path(name) / "home", time.monotonic()
        process = psutil.Popen(
            [sys.executable, "-m", "lib", "train", str(file), *options],
            cwd=ROOT,
            env=os.environ | {"CLOSER_HOME": str(home), "HF_HUB_OFFLINE": "1"} | dict(environment or {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        processor = 0.0
        while process.poll() is None:
            processor = max(processor, _processor(process))
            time.sleep(0.2)
        ended = time.monotonic()
        if process.returncode:
            raise SystemExit(f"The training of {file} failed.")
        (run,) = open_workspace(home).runs.all()
        events, _ = read_events(run.paths.events)
        return Timing(stage_seconds(events, began=began, ended=ended), ended - began, processor)


def _processor(process: psutil.Popen) -> float:
    """Count the CPU seconds of a process and of those that it has waited for."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.Error:
        return 0.0


def sample_file(folder: Path) -> Path:
    """Write the support desk sample."""
    path = folder / "support_desk.csv"
    load_support_desk().to_csv(path, index=False)
    return path


def table(timings: Mapping[str, Sequence[Timing]]) -> str:
    """Write the medians, a column for each file."""
    stages = list(dict.fromkeys(stage for turns in timings.values() for one in turns for stage in one.stages))
    lines = [f"| stage, s | {' | '.join(timings)} |", f"|---|{'---:|' * len(timings)}"]
    for stage in stages:
        cells = [median(one.stages.get(stage, 0.0) for one in turns) for turns in timings.values()]
        lines.append(f"| {stage} | {' | '.join(f'{cell:.1f}' for cell in cells)} |")
    for title, number in (
        ("to the end of the first step", "before_first_step"),
        ("all", "seconds"),
        ("CPU", "processor"),
    ):
        cells = [median(getattr(one, number) for one in turns) for turns in timings.values()]
        lines.append(f"| **{title}** | {' | '.join(f'{cell:.1f}' for cell in cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Time the files in turns and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        files = given.files or [sample_file(Path(name))]
        timings: dict[str, list[Timing]] = {file.stem: [] for file in files}
        for _ in range(given.turns):
            for file in files:
                timings[file.stem].append(time_command(file, "--threads", str(given.threads)))
    words = f"Medians of {given.turns} turns, {given.threads} threads, {time.strftime('%d %b %Y')}; fresh workspace and process."
    put("Stages", f"{table(timings)}\n\n{words}")


if __name__ == "__main__":
    main()
