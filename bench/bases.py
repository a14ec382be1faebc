"""Compare base models on the validation part of some files, as *Which base model?* on Train does.

Writes bench/README.md, section Base models.

    python -m bench.bases FILE [FILE ...] --model NAME [--model NAME ...] [--rows 2000]

Every file is a data set of its own, named after its folder.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from bench.results import put
from lib.experiments.base_comparison import WORDS, BaseComparison, BaseResult, Quality
from lib.format import format_bytes, format_count, metric_title

HEAD = (
    "| data | base model | metric | less BM25's | verdict | texts/s | size | dimension | length, tokens | licence, languages |\n"
    "|---|---|---|---|---|---:|---:|---:|---:|---|"
)


def compare(file: Path, models: list[str], *, rows: int) -> BaseComparison:
    """Run the command on a file's first rows in a workspace of its own."""
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "data.csv"
        pd.read_csv(file, nrows=rows or None, dtype=str, keep_default_na=False).to_csv(part, index=False)
        options = [option for model in models for option in ("--model", model)]
        command = [sys.executable, "-m", "lib", "bases", str(part), *options, "--json"]
        environment = {**os.environ, "CLOSER_HOME": str(Path(folder) / "home")}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return BaseComparison.from_json(json.loads(done.stdout.strip().splitlines()[-1]))


def table_lines(data: str, comparison: BaseComparison) -> list[str]:
    """Write the rows of one data set, the best model first, BM25 last."""
    metric = comparison.metric
    lines = [base_line(data, base, metric) for base in comparison.bases]
    if comparison.words:
        lines.append(f"| {data} | {WORDS} | {quality_cell(comparison.words[metric])} | | | | | | | |")
    return lines


def base_line(data: str, base: BaseResult, metric: str) -> str:
    """Write one model's row."""
    facts, change = base.facts, base.change
    cells = [data, Path(base.model).name, quality_cell(base.metrics[metric])]
    if change is None:
        cells += ["", ""]
    else:
        cells += [f"{change.tuned - change.base:+.3f} ({change.low:+.3f} to {change.high:+.3f})", change.verdict]
    cells += [f"{facts.texts_per_second:.0f}", format_bytes(facts.bytes), str(facts.dimension)]
    cells += [str(facts.max_length or "any"), f"{facts.licence_text}; {facts.languages_text}"]
    return f"| {' | '.join(cells)} |"


def quality_cell(quality: Quality) -> str:
    """Write a metric with its interval."""
    return f"{quality.value:.3f} ({quality.low:.3f} to {quality.high:.3f})"


def main() -> None:
    """Compare and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--model", action="append", required=True)
    parser.add_argument("--rows", type=int, default=0, help="first rows of each file; 0 means all")
    given = parser.parse_args()
    lines, sizes, metrics = [HEAD], [], set()
    for file in given.files:
        found = compare(file, given.model, rows=given.rows)
        data = file.resolve().parent.name
        lines += table_lines(data, found)
        metrics.add(metric_title(found.metric))
        sizes.append(
            f"{data}: {format_count(found.examples, 'validation example')} among {format_count(found.documents, 'distinct target')}"
        )
    first = f"the first {given.rows:,} rows of each; " if given.rows else ""
    note = (
        f"{', '.join(sorted(metrics))} with 95% intervals; {first}{'; '.join(sizes)}. Verdicts corrected for the number of models "
        f"(Holm). Texts a second beside other work, {time.strftime('%d %b %Y')}."
    )
    put("Base models", "\n".join([*lines, "", note]))
    print("\n".join([*lines, "", note]))


if __name__ == "__main__":
    main()
