"""Damage what a workspace holds at random and read it: anything but a named error is a finding.

python -m tools.fuzz                             10 minutes of processor time for each reader
python -m tools.fuzz --minutes 60 events runs.recipe
python -m tools.fuzz --pages --minutes 5 upload   draw the page that shows it each time
python -m tools.fuzz --list

One line of JSON for each kind of finding, with the seed that repeats it, and one for each reader with what was done. It
ends with 1 where something was found: mend it, and add its seed to FINDINGS of tests/faults/test_damaged_json.py.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.columns import COLUMNS
from tests.faults.planted import Planted, planted_workspace
from tests.faults.readers import READERS, draw_damaged_page, read_damaged

NAMES = (*READERS, *COLUMNS)
"""What can be damaged: the JSON files of a workspace, and the columns of its database."""

LONGEST_SEED = 10**9


def fuzz(planted: Planted, name: str, *, seconds: float, seed: int, attempt: Callable[..., None]) -> int:
    """Damage one thing until the processor time is over; print and count the kinds of findings."""
    found: set[tuple[str, ...]] = set()
    draw, began, rounds, count = random.Random(seed), time.process_time(), 0, 0
    try:
        while time.process_time() - began < seconds:
            one = draw.randrange(LONGEST_SEED)
            rounds += 1
            try:
                attempt(planted, name, one)
            except Exception as error:  # noqa: BLE001  a finding is whatever comes out
                count += 1
                if (kind := kind_of(error)) not in found:
                    found.add(kind)
                    write_line(reader=name, seed=one, kind=kind, error="".join(traceback.format_exception(error)))
    finally:  # also of a run that a Ctrl-C ends
        spent = round(time.process_time() - began)
        write_line(reader=name, rounds=rounds, seconds=spent, kinds=len(found), findings=count)
    return len(found)


def kind_of(error: BaseException) -> tuple[str, ...]:
    """Describe an error by its class and the last lines that it came through."""
    places = [f"{Path(frame.filename).stem}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return (type(error).__name__, *places[-3:])


def write_line(**facts: object) -> None:
    """Print a line of JSON at once."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def chosen(names: list[str]) -> Iterator[str]:
    """Yield the readers that were asked for, all of them by default. Exits where one is not known."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise SystemExit(f"Not known: {', '.join(unknown)}. Known: {', '.join(NAMES)}.")
    yield from names or NAMES


def main() -> int:
    """Fuzz one reader after the other, in a workspace that is removed at the end."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("readers", nargs="*", metavar="READER", help="all of them by default")
    parser.add_argument("--minutes", type=float, default=10, help="of processor time for each (10)")
    parser.add_argument("--pages", action="store_true", help="draw its page, too slow for many rounds")
    parser.add_argument("--seed", type=int, help="repeat an earlier sequence of damages")
    parser.add_argument("--list", action="store_true", help="print the readers and end")
    args = parser.parse_args()
    if args.list:
        sys.stdout.write("\n".join(NAMES) + "\n")
        return 0
    names = list(chosen(args.readers))
    seed = random.randrange(LONGEST_SEED) if args.seed is None else args.seed
    logging.getLogger("closer").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder, planted_workspace(Path(folder) / "workspace") as planted:
        attempt = draw_damaged_page if args.pages else read_damaged
        kinds = [fuzz(planted, name, seconds=60 * args.minutes, seed=seed, attempt=attempt) for name in names]
    return 1 if any(kinds) else 0


if __name__ == "__main__":
    raise SystemExit(main())
