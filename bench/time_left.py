"""How right is the time left?

Replays the events of finished runs and compares what the page said with what came.

python -m bench.time_left RUN [RUN ...]: runs of this workspace. Between the first and the last tenth of a training, every event is a
moment at which a person might have looked; --write puts the table into bench/README.md.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from bench.results import put
from lib.jobs.events import AdvanceEvent, LossEvent, read_events
from lib.jobs.status import Status, fold
from lib.store.workspace import open_workspace

STAGE = "training"
WITHIN = 0.2


def errors(path: Path) -> np.ndarray:
    """Compute by moment how far the time left was off, as a share of what was really left."""
    events, _ = read_events(path)
    status, estimates, end = Status(), [], 0.0
    for event in events:
        if status.stage == STAGE and event.clock is not None:
            end = event.clock
        fold([event], status)
        if isinstance(event, AdvanceEvent) and status.stage == STAGE and 0.1 <= status.fraction <= 0.9:
            estimates.append((event.clock or 0.0, status.seconds_left))
    return np.array([left / (end - clock) - 1 for clock, left in estimates if left is not None and end > clock])


def main() -> None:
    """Print a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    workspace = open_workspace()
    lines = ["| run | training, s | moments | within 20% | median error | worst |", "|---|---:|---:|---:|---:|---:|"]
    for name in args.runs:
        run = workspace.runs.get(name)
        history = json.loads((run.model_dir / "closer.json").read_text(encoding="utf-8"))["history"]
        if history[-1]["epoch"] < run.recipe.epochs:
            lines.append(f"| {run.name} | stopped early, which nobody can know before | | | | |")
            continue
        found = errors(run.paths.events)
        events, _ = read_events(run.paths.events)
        clocks = [event.clock for event in events if isinstance(event, LossEvent) and event.clock is not None]
        cells = f"{clocks[-1] - clocks[0]:.0f} | {len(found):,} | {np.mean(np.abs(found) <= WITHIN):.0%}"
        worst = found[np.argmax(np.abs(found))]
        lines.append(f"| {run.name} | {cells} | {np.median(np.abs(found)):.0%} | {worst:+.0%} |")
    print("\n".join(lines))
    if args.write:
        put("Time left", "\n".join(lines))


if __name__ == "__main__":
    main()
