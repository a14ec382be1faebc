"""Embedding and retrieval of corpora: memory against size, and two workers of Ray against one.

python -m bench.cluster [--rows 100000 400000] [--texts 8000]     writes its tables into bench/README.md

Memory: the peak of the command's process, static model, one Parquet file. Workers: a cluster of this machine, nodes of one
CPU, MiniLM, eight files of equal size; a rate counts the parts after the first one, so that no start is in it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.results import put
from bench.scale import generate_parquet
from lib.models.catalog import STATIC_MODEL
from lib.settings import BUNDLED_MODEL, ROOT
from tests.ray_cluster import local_cluster

FILES = 8
"""Of the corpus that workers share: each is a part."""

RUN = """
import json, resource, sys
from lib.__main__ import main
code = main(sys.argv[1:])
print(json.dumps({"code": code, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""
"""A command of `python -m lib`, and the peak of its process's memory in bytes at the end."""


@dataclass(frozen=True)
class PeakRow:
    """Peaks in bytes of embedding a corpus, and of finding the nearest 10 of its first part in it."""

    rows: int
    bytes_on_disk: int
    embed: int
    retrieve: int


def peak_of(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> int:
    """Run a command in a process of its own; the peak of its memory in bytes."""
    command = [sys.executable, "-c", RUN, *map(str, arguments)]
    ended = subprocess.run(
        command, cwd=ROOT, env=os.environ | dict(environment or {}), stdout=subprocess.PIPE, text=True, check=True
    )
    facts = json.loads(ended.stdout.splitlines()[-1])
    assert facts["code"] == 0, ended.stdout
    return int(facts["peak"])


def measure_memory(rows: int, folder: Path) -> PeakRow:
    """Embed and search a corpus of that many rows."""
    file, vectors, queries = folder / "texts.parquet", folder / "vectors", folder / "queries"
    generate_parquet(file, rows)
    column = ["--column", "source_sentence", "--model", STATIC_MODEL]
    embed = peak_of("embed", file, *column, "--out", vectors)
    generate_parquet(folder / "asked.parquet", 1_000)
    peak_of("embed", folder / "asked.parquet", *column, "--role", "query", "--out", queries)
    retrieve = peak_of("retrieve", queries, "--corpus", vectors, "--out", folder / "nearest.parquet")
    size = sum(path.stat().st_size for path in vectors.iterdir())
    return PeakRow(rows, size, embed, retrieve)


def measure_rate(texts: Path, out: Path, place: Sequence[str], environment: Mapping[str, str]) -> float:
    """Embed the files on a cluster; texts a second after the first part."""
    column = ["--column", "source_sentence", "--model", BUNDLED_MODEL]
    peak_of("embed", texts, *column, "--out", out, *place, environment=environment)
    ends = sorted(path.stat().st_mtime for path in out.glob("*.parquet"))
    rows = json.loads((out / "corpus.json").read_text(encoding="utf-8"))["rows"]
    return float(rows / FILES * (len(ends) - 1) / (ends[-1] - ends[0]))


def compare_workers(texts: int, folder: Path) -> list[str]:
    """Embed the same texts by one worker and by two, in turns; a line for each."""
    (folder / "texts").mkdir()
    for number in range(FILES):
        generate_parquet(folder / "texts" / f"{number}.parquet", texts // FILES)
    rates: dict[int, list[float]] = {1: [], 2: []}
    with local_cluster() as cluster:
        for turn in range(2):
            for workers in rates:
                place = ["--where", "ray", "--address", cluster.address, "--processes", str(workers)]
                out = folder / f"vectors-{workers}-{turn}"
                rates[workers].append(measure_rate(folder / "texts", out, place, cluster.environment))
    best = {workers: max(found) for workers, found in rates.items()}
    return [
        "| workers | texts/s | of one worker |",
        "|---:|---:|---:|",
        *(f"| {workers} | {rate:,.0f} | {rate / best[1]:.2f} |" for workers, rate in best.items()),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 400_000])
    parser.add_argument("--texts", type=int, default=8_000, help="0 leaves the workers out")
    args = parser.parse_args(arguments)
    lines = [
        "| rows | vectors on disk, GB | embed: peak, GB | retrieve: peak, GB |",
        "|---:|---:|---:|---:|",
    ]
    for rows in args.rows:
        with tempfile.TemporaryDirectory() as folder:
            row = measure_memory(rows, Path(folder))
        sizes = (row.bytes_on_disk, row.embed, row.retrieve)
        lines.append(f"| {rows:,} | " + " | ".join(f"{size / 1e9:.2f}" for size in sizes) + " |")
    if args.texts:
        with tempfile.TemporaryDirectory() as folder:
            lines += ["", *compare_workers(args.texts, Path(folder))]
    put("Corpora", "\n".join([*lines, "", f"`python -m bench.cluster`; {os.cpu_count()} cores."]))


if __name__ == "__main__":
    main()
