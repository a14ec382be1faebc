"""A laptop in use: the same training quiet, and with one and two busy processes beside it.

python -m bench.in_use [FILE] [--turns 2] [--threads 2]: OpenMP's threads sleep while they wait, as Closer sets them, or
spin, as is their default, in turns; the table goes into bench/README.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench.results import put
from bench.stages import STEPS, Timing, sample_file, time_command

NEIGHBOURS = (0, 1, 2)
WAITING = {"asleep, as Closer sets it": "PASSIVE", "spinning, OpenMP's default": "ACTIVE"}
"""What threads do while they wait, by OMP_WAIT_POLICY."""

EPOCHS = 2


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """Let so many processes compute without a pause while the block runs."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def table(timings: Mapping[tuple[int, str], Sequence[Timing]]) -> str:
    """Write the medians of each setting beside each number of neighbours."""
    lines = [
        "| busy processes beside | threads that wait | steps, s | whole command, s | CPU, s |",
        "|---|---|---:|---:|---:|",
    ]
    for (count, name), turns in timings.items():
        cells = (
            median(one.stages.get(STEPS, 0.0) for one in turns),
            median(one.seconds for one in turns),
            median(one.processor for one in turns),
        )
        lines.append(f"| {count or 'none'} | {name} | {' | '.join(f'{cell:.1f}' for cell in cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Time each setting in turns and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    timings: dict[tuple[int, str], list[Timing]] = {(count, name): [] for count in NEIGHBOURS for name in WAITING}
    options = ("--threads", str(given.threads), "--epochs", str(EPOCHS), "--patience", "0")
    with tempfile.TemporaryDirectory() as folder:
        file = given.file or sample_file(Path(folder))
        for _ in range(given.turns):
            for (count, name), found in timings.items():
                with busy_processes(count):
                    found.append(time_command(file, *options, environment={"OMP_WAIT_POLICY": WAITING[name]}))
    words = f"{file.stem}, {EPOCHS} epochs, {given.threads} threads; medians of {given.turns} turns, {time.strftime('%d %b %Y')}."
    put("A machine in use", f"{table(timings)}\n\n{words} Steps: without validation.")


if __name__ == "__main__":
    main()
