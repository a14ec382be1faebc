"""How long from a file to an audited, split dataset, beside a bare pandas.read_csv of the same file.

python -m bench.data [--large FILE] [--rows 1000000]     writes its table into bench/README.md
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.results import put

ROOT = Path(__file__).resolve().parent.parent
LARGE = ROOT.parent / "shared" / "data" / "tldr_multilingual_large" / "data.csv.gz"
SYLLABLES = ("ka", "lo", "mi", "ren", "sta", "vu", "pel", "dor", "ni", "gas", "tem", "ur", "fa", "wil", "bro", "sen")


def generate(path: Path, rows: int) -> None:
    """Write a CSV of that many pairs of made-up words; some sources and targets repeat, as in real data."""
    import numpy as np

    generator = np.random.default_rng(0)
    words = ["".join(generator.choice(SYLLABLES, size=n)) for n in generator.integers(2, 5, size=20_000)]
    with path.open("w", encoding="utf-8") as file:
        file.write("source_sentence,target_sentence\n")
        for begin in range(0, rows, 50_000):
            word_ids = generator.integers(len(words), size=(min(50_000, rows - begin), 14))
            for row in word_ids:
                texts = [words[i] for i in row]
                file.write(f"{' '.join(texts[:6])},{' '.join(texts[6:])}\n")


def ours(path: Path) -> dict[str, float]:
    """Read, guess, audit and split; return the seconds of each step and the rows."""
    from lib.data.prepare import prepare
    from lib.data.read.tables import read_table

    began = time.perf_counter()
    table = read_table(path)
    after_read = time.perf_counter()
    prepared = prepare(table)
    return {
        "rows": len(table.frame),
        "read": after_read - began,
        "audit and split": time.perf_counter() - after_read,
        "total": time.perf_counter() - began,
        "kept": len(prepared.frame),
    }


def bare(path: Path) -> dict[str, float]:
    """Read with pandas alone."""
    import pandas as pd

    began = time.perf_counter()
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    return {"rows": len(frame), "total": time.perf_counter() - began}


def apart(what: str, path: Path) -> dict[str, float]:
    """Run one of both in a fresh process and return what it measured, its peak memory in GB among it."""
    ended = subprocess.run(
        [sys.executable, "-m", "bench.data", "--only", what, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ended.stdout.splitlines()[-1])


def main() -> None:
    """Measure both files three times in turn and write the table of medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=Path, default=LARGE)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--only", nargs=2, metavar=("WHAT", "FILE"))
    args = parser.parse_args()
    if args.only:
        found = {"ours": ours, "bare": bare}[args.only[0]](Path(args.only[1]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps(found | {"peak": peak}))
        return
    with tempfile.TemporaryDirectory() as folder:
        generated = Path(folder) / "generated.csv"
        generate(generated, args.rows)
        files = {"generated": generated} | ({"tldr_multilingual_large": args.large} if args.large.exists() else {})
        lines = [row for name, path in files.items() for row in measure(name, path, args.times)]
    head = ["| file | rows | what | seconds (median) | min to max | peak GB |", "|---|---|---|---|---|---|"]
    put(
        "Data",
        "\n".join(
            ["Seconds from file to audited, split dataset, each in a fresh process, in turn.", "", *head, *lines]
        ),
    )


def measure(name: str, path: Path, times: int) -> list[str]:
    """Measure the table's rows for one file."""
    runs: dict[str, list[dict[str, float]]] = {"bare": [], "ours": []}
    for _ in range(times):
        for what in runs:
            runs[what].append(apart(what, path))
    rows = []
    for what, found in runs.items():
        seconds = sorted(one["total"] for one in found)
        title = "pandas.read_csv alone" if what == "bare" else "read, audit and split"
        middle = seconds[len(seconds) // 2]
        peak = max(one["peak"] for one in found)
        rows.append(
            f"| {name} | {found[0]['rows']:,.0f} | {title} | {middle:.1f} | {seconds[0]:.1f} to {seconds[-1]:.1f} | {peak:.2f} |"
        )
        print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    main()
