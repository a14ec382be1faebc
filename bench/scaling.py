"""Compute what 10^6, 10^8 and 10^9 pairs take from measured rates, for docs/scaling.md.

python -m bench.scaling

Rates come from bench/results/scale.jsonl (`python -m bench.scale`), bench/results/workers.jsonl and the tables of
bench/README.md; the formulas stand in docs/scaling.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from bench.results import put, read, table_rows
from bench.scale import RESULTS
from lib.settings import HELD_OUT_FRACTION, MAX_ROWS, ROOT, VALIDATION_FRACTION

PAGE = ROOT / "docs" / "scaling.md"
WORKERS = RESULTS.with_name("workers.jsonl")
"""Lines of kind "workers": how many times faster so many processes on as many nodes train than one."""
SIZES = (10**6, 10**8, 10**9)
BATCH = 64
"""Pairs of a step of bench.training."""
DATA, ENGINE = "python_api, 1536 pairs", "packed bf16, dropout 0"
"""The line of the Training table whose step is counted: what the recommended recipe does."""
QUESTIONS = 20_000
"""Held-out questions that are ranked where the whole part would take too long: a 95% interval of 0.7 points at most."""
DAY = 86_400.0
NODE_MEMORY = 16e9
"""Bytes of a node's memory."""
TRAIN_FRACTION = 1 - VALIDATION_FRACTION - HELD_OUT_FRACTION


@dataclass(frozen=True)
class Rates:
    """What was measured. Seconds and bytes are of a pair unless said otherwise.

    base_memory, memory: bytes of a process that prepares data, and what each pair adds. step: seconds of BATCH pairs.
    encoded: texts a second. ranked: seconds of a question and a target. doubling: speed of two nodes over one, None where
    it was not measured.
    """

    prepare: float
    base_memory: float
    memory: float
    file: float
    dataset: float
    step: float
    encoded: float
    ranked: float
    vector: float
    doubling: float | None

    @classmethod
    def measured(cls) -> Rates:
        """Collect the newest figures; quiet ones where there are some."""
        rows = read(RESULTS)
        stages = [row for row in rows if row["kind"] == "stages"]
        timed = newest(stages, rows=None)
        small, large = (newest(stages, rows=pick(row["rows"] for row in stages)) for pick in (min, max))
        rank = newest([row for row in rows if row["kind"] == "rank"], rows=None)
        slope = (peak_of(large) - peak_of(small)) / max(1, large["rows"] - small["rows"])
        line = next(row for row in table_rows("Training") if (row["data"], row["engine"]) == (DATA, ENGINE))
        encoding = next(row for row in table_rows("Encoding") if (row["texts"], row["way"]) == ("short", "ours"))
        workers = [row for row in read(WORKERS) if row["workers"] == 2]
        return cls(
            prepare=seconds_of(timed) / timed["rows"],
            base_memory=peak_of(small) - slope * small["rows"],
            memory=slope,
            file=large["file_bytes"] / large["rows"],
            dataset=large["dataset_bytes"] / large["rows"],
            step=float(line["s a step"]),
            encoded=float(encoding["texts/s"]),
            ranked=undisturbed(rank) / (rank["queries"] * rank["targets"]),
            vector=4.0 * rank["dimension"],
            doubling=workers[-1]["times"] if workers else None,
        )


def newest(records: list[dict[str, Any]], *, rows: int | None) -> dict[str, Any]:
    """Choose the newest record of so many rows, of those on a quiet machine where there are some."""
    fitting = [one for one in records if rows in (None, one.get("rows"))]
    return ([one for one in fitting if one["is_quiet"]] or fitting)[-1]


def undisturbed(record: dict[str, Any]) -> float:
    """Look up the seconds of quiet work; of other work its CPU time, which is that of one processor."""
    return float(record["seconds"] if record["is_quiet"] else min(record["seconds"], record["cpu"]))


def prepared(record: dict[str, Any]) -> list[dict[str, Any]]:
    """List the stages from reading to storing."""
    return [one for one in record["stages"] if one["stage"] != "first steps"]


def peak_of(record: dict[str, Any]) -> float:
    """Find the most bytes that the stages from reading to storing held."""
    return float(max(one["peak"] for one in prepared(record)))


def seconds_of(record: dict[str, Any]) -> float:
    """Sum the seconds from reading to storing."""
    return float(sum(one["seconds"] for one in prepared(record)))


@dataclass(frozen=True)
class Estimate:
    """What so many pairs take by the rates, on one node unless said otherwise; seconds and bytes."""

    pairs: int
    rates: Rates

    @property
    def memory(self) -> float:
        return self.rates.base_memory + self.rates.memory * self.pairs

    @property
    def prepare(self) -> float:
        return self.rates.prepare * self.pairs

    @property
    def epoch(self) -> float:
        return TRAIN_FRACTION * self.pairs / BATCH * self.rates.step

    @property
    def epoch_nodes(self) -> float:
        """Nodes that train an epoch within a day; infinite where a second one gains nothing."""
        if self.epoch <= DAY:
            return 1
        gain = math.log2(self.rates.doubling or 1)
        return 2 ** math.ceil(math.log2(self.epoch / DAY) / gain) if gain > 0 else math.inf

    @property
    def encode(self) -> float:
        return 2 * self.pairs / self.rates.encoded

    @property
    def vectors(self) -> float:
        return 2 * self.pairs * self.rates.vector

    def rank(self, questions: float) -> float:
        """Seconds to rank all targets for so many questions by one model."""
        return questions * self.pairs * self.rates.ranked

    @property
    def breaks(self) -> list[str]:
        """List what goes beyond a limit, the hardest first."""
        checks = {
            f"rows of an upload ({MAX_ROWS:,})": self.pairs > MAX_ROWS,
            f"memory to prepare it ({amount(NODE_MEMORY)})": self.memory > NODE_MEMORY,
            "ranking all held-out questions (a day)": self.rank(HELD_OUT_FRACTION * self.pairs) > DAY,
            "encoding on one node (a day)": self.encode > DAY,
            "an epoch on one node (a day)": self.epoch > DAY,
        }
        return [name for name, is_beyond in checks.items() if is_beyond]


def rate_table(rates: Rates) -> str:
    """Write the rates as a table."""
    doubling = "not measured" if rates.doubling is None else f"{rates.doubling:.2f} times"
    lines = [
        ("read, audit, split and store", f"{rates.prepare * 1e6:,.0f} s a million pairs"),
        ("memory of that", f"{rates.base_memory / 1e9:.2f} GB and {rates.memory:,.0f} bytes a pair"),
        ("uploaded file, Parquet", f"{rates.file:,.0f} bytes a pair"),
        ("dataset", f"{rates.dataset:,.0f} bytes a pair"),
        (f"a training step of {BATCH} pairs", f"{rates.step:.2f} s, {1 / rates.step:.1f} a second"),
        ("encoding", f"{rates.encoded:,.0f} texts a second"),
        ("ranking", f"{rates.ranked * 1e9:.1f} ns a question and target"),
        ("two nodes against one, training", doubling),
    ]
    return "\n".join(["| what | measured |", "|---|---:|", *(f"| {name} | {value} |" for name, value in lines)])


def size_table(rates: Rates) -> str:
    """Write what each size takes as a table."""
    estimates = [Estimate(pairs, rates) for pairs in SIZES]
    rows = {
        "uploaded file, Parquet": [amount(rates.file * one.pairs) for one in estimates],
        "dataset": [amount(rates.dataset * one.pairs) for one in estimates],
        "vectors of all texts, one model": [amount(one.vectors) for one in estimates],
        "memory to prepare it, one node": [amount(one.memory) for one in estimates],
        "read, audit, split, store: one node": [duration(one.prepare) for one in estimates],
        "one epoch: one node": [duration(one.epoch) for one in estimates],
        "one epoch within a day: nodes": [nodes(one) for one in estimates],
        "encode all texts, one model: one node": [duration(one.encode) for one in estimates],
        "encode them within a day: nodes": [f"{math.ceil(one.encode / DAY):,}" for one in estimates],
        f"rank {QUESTIONS:,} held-out questions: one node": [duration(one.rank(QUESTIONS)) for one in estimates],
        "rank all held-out questions: one node": [
            duration(one.rank(HELD_OUT_FRACTION * one.pairs)) for one in estimates
        ],
        "beyond a limit, the hardest first": ["; ".join(one.breaks) or "nothing" for one in estimates],
    }
    head = "| | " + " | ".join(f"{one.pairs:,} pairs" for one in estimates) + " |"
    lines = [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    return "\n".join([head, "|---" + "|---:" * len(SIZES) + "|", *lines])


def nodes(estimate: Estimate) -> str:
    """Write how many nodes train an epoch within a day."""
    if estimate.epoch > DAY and estimate.rates.doubling is None:
        return f"{math.ceil(estimate.epoch / DAY):,} at least"
    return "no number" if math.isinf(estimate.epoch_nodes) else f"{estimate.epoch_nodes:,.0f}"


def amount(count: float) -> str:
    """Write bytes in GB or TB."""
    return f"{count / 1e12:,.1f} TB" if count >= 1e12 else f"{count / 1e9:,.1f} GB"


def duration(seconds: float) -> str:
    """Write seconds as minutes, hours, days or years."""
    for unit, size in (("years", 365 * DAY), ("days", DAY), ("h", 3600.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}" if seconds >= 10 * size else f"{seconds / size:,.1f} {unit}"
    return f"{seconds / 60:,.1f} min"


def main() -> None:
    """Write both tables."""
    rates = Rates.measured()
    put("Rates", rate_table(rates), to=PAGE)
    put("Sizes", size_table(rates), to=PAGE)


if __name__ == "__main__":
    main()
