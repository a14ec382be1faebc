"""Memory and seconds from a Parquet file to the first training steps, against the number of pairs.

python -m bench.scale [--rows 100000 1000000] [--steps 200] [--targets 1000000]     writes its tables into bench/README.md

Rows are also kept in bench/results/scale.jsonl, from which `python -m bench.scaling` computes larger data; --busy notes
there that the machine had other work.

Each size has a process of its own, whose high-water mark of memory is set back at the start of each stage (Linux only).
Every twentieth pair has the target of the one before it, and every twentieth its source but for case and a full stop.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.data import SYLLABLES
from bench.results import append, put
from lib.memory import peak_process_memory, resident_memory
from lib.settings import BUNDLED_MODEL, ROOT
from lib.store.publish import size_of

RESULTS = Path(__file__).parent / "results" / "scale.jsonl"

CLEAR_REFS = Path("/proc/self/clear_refs")
"""Of Linux: writing 5 sets the high-water mark of the resident memory back, see proc(5)."""

BLOCK_ROWS = 100_000
"""Rows that are generated at once."""

STAGES = ("read", "audit", "split", "store", "first steps")


def generate_parquet(path: Path, rows: int) -> None:
    """Write a Parquet file of that many pairs of made-up words, of which some share a text or nearly one."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as parquet
    from pyarrow import compute

    generator = np.random.default_rng(0)
    words = pa.array(["".join(generator.choice(SYLLABLES, size=n)) for n in generator.integers(2, 5, size=20_000)])
    names = ["source_sentence", "target_sentence"]
    with parquet.ParquetWriter(path, pa.schema([(name, pa.string()) for name in names])) as writer:
        for begin in range(0, rows, BLOCK_ROWS):
            row = np.arange(min(BLOCK_ROWS, rows - begin))
            picked = [words.take(pa.array(ids)) for ids in generator.integers(len(words), size=(14, len(row)))]
            source = compute.binary_join_element_wise(*picked[:6], " ")
            target = compute.binary_join_element_wise(*picked[6:], " ")
            before = np.maximum(row - 1, 0)
            near = compute.binary_join_element_wise(compute.utf8_upper(source.take(before)), "", ".")
            source = compute.if_else(pa.array(row % 20 == 1), near, source)
            target = compute.if_else(pa.array(row % 20 == 11), target.take(before), target)
            writer.write_table(pa.table([source, target], names=names))


class Stopwatch:
    """The seconds and the peak of memory of stages that follow each other."""

    def __init__(self) -> None:
        self.stages: list[dict[str, Any]] = []

    def measure(self, name: str, work: Callable[..., Any], *inputs: Any) -> Any:
        """Do the work of a stage on its inputs."""
        CLEAR_REFS.write_text("5")
        began, cpu = time.perf_counter(), time.process_time()
        made = work(*inputs)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        memory = {"peak": peak_process_memory(), "after": resident_memory()}
        self.stages.append({"stage": name, "seconds": seconds, "cpu": cpu, **memory})
        print(json.dumps(self.stages[-1]), file=sys.stderr, flush=True)
        return made


def follow_file(path: Path, steps: int) -> list[dict[str, Any]]:
    """Take a file from reading to its first training steps; the figures of each stage."""
    from lib.data.columns.guess import guess_mapping
    from lib.data.prepare import audit_table, split_audited
    from lib.data.read.tables import read_table
    from lib.store.workspace import open_workspace

    watch = Stopwatch()
    table = watch.measure("read", read_table, path)
    audit = watch.measure("audit", lambda one: audit_table(one, guess_mapping(one)), table)
    del table
    prepared = watch.measure("split", split_audited, audit)
    del audit
    workspace = open_workspace(path.parent / "workspace")
    dataset = watch.measure("store", lambda one: workspace.datasets.publish(one, name="scale"), prepared)
    del prepared
    if steps:
        watch.measure("first steps", train_some_steps, dataset, workspace, steps)
    return watch.stages


def train_some_steps(dataset: Any, workspace: Any, steps: int) -> None:
    """Train the bundled model by the recommended recipe up to a step."""
    from lib.data.model_inputs import ModelInputs
    from lib.errors import CancelledError
    from lib.progress import Silent
    from lib.recipe.presets import recommended_recipe
    from lib.training.run import train_model

    class Stop(Silent):
        done = 0.0

        def advance(self, done: float, total: float, **facts: float) -> None:
            self.done = done if "pairs_per_second" in facts else 0.0

        def check(self) -> None:
            if self.done >= steps:
                raise CancelledError("Enough steps are measured.")

    recipe = recommended_recipe(dataset.counts["train"]).for_shape(dataset.shape)
    inputs = ModelInputs.of(dataset.frame(), dataset.shape, recipe)
    try:
        train_model(
            inputs=inputs,
            model_name=BUNDLED_MODEL,
            recipe=recipe,
            folder=workspace.home / "run",
            home=workspace.home,
            progress=Stop(),
        )
    except CancelledError:
        return
    raise AssertionError("the training ended before its last step")


def rank_targets(targets: int, queries: int = 2_000, dimension: int = 384) -> dict[str, Any]:
    """Rank every target exactly for some queries, and form the products alone.

    The vectors are mapped from disk.
    """
    import numpy as np

    from lib.evaluation.retrieval import TILE_TARGETS, retrieve

    generator = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.npy"
        vectors = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(targets, dimension))
        for begin in range(0, targets, BLOCK_ROWS):
            shape = vectors[begin : begin + BLOCK_ROWS].shape
            vectors[begin : begin + BLOCK_ROWS] = generator.standard_normal(shape, dtype=np.float32)
        asked = vectors[:queries] + generator.standard_normal((queries, dimension), dtype=np.float32)
        right = [np.array([at]) for at in range(queries)]
        tiles = [vectors[begin : begin + TILE_TARGETS] for begin in range(0, targets, TILE_TARGETS)]
        watch = Stopwatch()
        watch.measure("products", lambda: [float((asked @ tile.T).max()) for tile in tiles])
        found = watch.measure("rank", retrieve, asked, vectors, right)
        facts = {"targets": targets, "queries": queries, "dimension": dimension, "vectors": vectors.nbytes}
    times = watch.stages[1]["cpu"] / watch.stages[0]["cpu"]
    return watch.stages[1] | facts | {"times": times, "recall": float(found.recall(1).mean())}


def in_own_process(*options: str) -> Any:
    """Run this module with the options in a fresh process and load the JSON that it prints last."""
    command = [sys.executable, "-m", "bench.scale", *options]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ended.stdout.splitlines()[-1])


def table_of_sizes(found: dict[int, list[dict[str, Any]]]) -> list[str]:
    """Write a line for each size: seconds and peak of each stage, seconds to the split, the highest peak."""
    lines = [
        "| pairs | " + " | ".join(f"{name}: s, GB" for name in STAGES) + " | s to the split | peak GB |",
        "|---:" * (len(STAGES) + 3) + "|",
    ]
    for rows, stages in found.items():
        cells = {one["stage"]: f"{one['seconds']:,.0f}, {one['peak'] / 1e9:.2f}" for one in stages}
        seconds = sum(one["seconds"] for one in stages if one["stage"] in ("read", "audit", "split"))
        shown = " | ".join(cells.get(name, "") for name in STAGES)
        lines.append(f"| {rows:,} | {shown} | {seconds:,.0f} | {max(one['peak'] for one in stages) / 1e9:.2f} |")
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each size in turn and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--targets", type=int, default=1_000_000)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--only", metavar="FILE", type=Path)
    parser.add_argument("--rank", type=int)
    args = parser.parse_args(arguments)
    if args.only:
        print(json.dumps(follow_file(args.only, args.steps)))
        return
    if args.rank:
        print(json.dumps(rank_targets(args.rank)))
        return
    found = {}
    for rows in args.rows:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pairs.parquet"
            generate_parquet(path, rows)
            found[rows] = in_own_process("--only", str(path), "--steps", str(args.steps))
            sizes = {
                "file_bytes": path.stat().st_size,
                "dataset_bytes": size_of(path.parent / "workspace" / "datasets"),
            }
            facts = {"rows": rows, "steps": args.steps, "is_quiet": not args.busy, **sizes}
            append({"kind": "stages", **facts, "stages": found[rows]}, to=RESULTS)
    ranked = in_own_process("--rank", str(args.targets))
    append({"kind": "rank", "is_quiet": not args.busy, **ranked}, to=RESULTS)
    put("Scale", "\n".join([*table_of_sizes(found), "", ranking_line(ranked)]))


def ranking_line(found: dict[str, Any]) -> str:
    """Write what exact ranking takes."""
    return (
        f"Exact ranking of {found['targets']:,} targets for {found['queries']:,} queries, {found['dimension']} dimensions: "
        f"{found['seconds']:,.0f} s, {found['times']:.1f} times the CPU time of the products alone; {found['peak'] / 1e9:.2f} GB "
        f"at the peak, of which {found['vectors'] / 1e9:.2f} GB are the vectors, mapped from disk."
    )


if __name__ == "__main__":
    main()
