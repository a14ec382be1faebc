"""Does the 95% interval hold the truth, and does it agree with the test?

1,000 simulations a case, by the code that evaluates runs.

python -m bench.coverage [--write]: examples that change for better or worse with known chances; reciprocal ranks, whose changes differ in
size; correlations, average precision and the median rank of two models whose true difference is known. About five minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bench.results import put
from lib.evaluation.agreement import average_precision, average_ranks, pearson_correlation, spearman_correlation
from lib.evaluation.bootstrap import compare_means
from lib.evaluation.bootstrap_aggregate import compare_aggregate, identity, standardize
from lib.evaluation.difference import Difference

SIMULATIONS, FEWER = 1_000, 200
"""Simulations of means, and of measures of all examples at once, each of which takes a thousand times as long."""

CHANCES = (
    (150, 0.20, 0.20),
    (100, 0.25, 0.10),
    (100, 0.02, 0.02),
    (100, 0.03, 0.00),
    (100, 0.05, 0.01),
    (100, 0.01, 0.01),
    (300, 0.01, 0.005),
    (1000, 0.003, 0.002),
    (30, 0.07, 0.07),
    (30, 0.30, 0.00),
    (20, 0.10, 0.10),
    (12, 0.20, 0.10),
    (9, 0.20, 0.20),
    (9, 0.40, 0.10),
    (6, 0.30, 0.30),
)
"""Examples, and the chances that one changes for better and for worse."""


@dataclass(frozen=True)
class Row:
    """Result of one case.

    claimed: share of verdicts that say better or worse. against: intervals without 0 beside p > 0.05.
    """

    case: str
    covered: float
    width: float
    claimed: float
    against: float

    def line(self) -> str:
        """Write the case as a line of the table."""
        numbers = f"{self.covered:.3f} | {self.width:.3f} | {self.claimed:.3f} | {self.against:.3f}"
        return f"| {self.case} | {numbers} |"


def row(case: str, found: list[Difference], truth: float) -> Row:
    """Count what the simulations of a case gave; measures without a value are left out."""
    finite = [one for one in found if np.isfinite(one.low)]
    return Row(
        case,
        float(np.mean([one.low <= truth <= one.high for one in finite])),
        float(np.median([one.high - one.low for one in finite])),
        float(np.mean([one.verdict != "no clear change" for one in finite])),
        float(np.mean([(one.low > 0 or one.high < 0) and one.p_value > 0.05 for one in finite])),
    )


def means(change: np.ndarray) -> list[Difference]:
    """Compare simulations, (simulations, examples), each a measure of its own."""
    names = [str(number) for number in range(len(change))]
    sides = (dict(zip(names, values, strict=True)) for values in (np.zeros_like(change), change))
    return list(compare_means(*sides, np.arange(change.shape[1]), span=1.0).values())


def of_chances() -> Iterator[Row]:
    """Yield examples that change by one, for better or worse."""
    for examples, up, down in CHANCES:
        random = np.random.default_rng(17).random((SIMULATIONS, examples))
        change = (random < up).astype(float) - (random > 1 - down)
        yield row(f"{examples:,} examples, {up:.1%} better, {down:.1%} worse", means(change), up - down)


def of_reciprocal_ranks() -> Iterator[Row]:
    """Yield examples whose rank changes from any of 1 to 29 to any of 1 to 7, a few of them or many."""
    truth = float(np.mean(1 / np.arange(1, 8)) - np.mean(1 / np.arange(1, 30)))
    for examples, share in ((100, 0.1), (50, 0.3), (200, 0.8)):
        generator = np.random.default_rng(23)
        before, after = (1 / generator.integers(1, most, size=(SIMULATIONS, examples)) for most in (30, 8))
        change = np.where(generator.random(before.shape) < share, after - before, 0.0)
        yield row(f"{examples} reciprocal ranks, {share:.0%} of them changed", means(change), share * truth)


Statistic = Callable[[np.ndarray, np.ndarray, np.ndarray], float]
WHOLES: dict[str, tuple[Statistic, Callable[[np.ndarray], np.ndarray]]] = {
    "Spearman": (lambda v, y, rows: spearman_correlation(v[rows], y[rows]), average_ranks),
    "Pearson": (lambda v, y, rows: pearson_correlation(v[rows], y[rows]), standardize),
    "average precision": (lambda v, y, rows: average_precision(y[rows] > 0, v[rows]), average_ranks),
    "median rank": (lambda v, y, rows: float(np.median(v[rows])), identity),
}


def models(generator: np.random.Generator, name: str, count: int, gain: float) -> tuple[np.ndarray, ...]:
    """Simulate truth, base and tuned values; the tuned model's errors are smaller by the gain."""
    truth, shared, *own = generator.normal(size=(4, count))
    if name == "median rank":
        return truth, *(np.ceil(np.exp(1.5 - less + truth + 0.7 * o)) for less, o in zip((0.0, gain), own, strict=True))
    errors = (0.7 * (shared + o) for o in own)
    base, tuned = (truth + (1 - less) * error for less, error in zip((0.0, gain), errors, strict=True))
    return truth, base, 2 * tuned + 5


def of_wholes() -> Iterator[Row]:
    """Yield measures of all examples at once, without and with a true gain."""
    for name, (statistic, scale) in WHOLES.items():
        for examples, gain in ((10, 0.0), (100, 0.0), (100, 0.35)):
            generator = np.random.default_rng(2)
            y, base, tuned = models(generator, name, 400_000, gain)
            everything = np.arange(len(y))
            truth = statistic(tuned, y, everything) - statistic(base, y, everything)
            found = []
            for _ in range(FEWER):
                y, base, tuned = models(generator, name, examples, gain)
                found.append(
                    compare_aggregate(
                        base,
                        tuned,
                        np.arange(examples),
                        lambda v, rows, y=y, statistic=statistic: statistic(v, y, rows),  # type: ignore[misc]
                        to_common_scale=scale,
                        resamples=300,
                    )
                )
            yield row(f"{name}, {examples} examples, true change {truth:+.3f}", found, truth)


def main() -> None:
    """Simulate and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    lines = [
        "| case | interval holds the truth | width (median) | verdict claims a change | interval against the test |",
        "|---|---:|---:|---:|---:|",
    ]
    for part in (of_chances, of_reciprocal_ranks, of_wholes):
        for one in part():
            lines.append(one.line())
            print(lines[-1], flush=True)
    note = f"{SIMULATIONS:,} simulations of each case of means, {FEWER} of the others; 95% intervals, as pages and commands show them."
    table = "\n".join([*lines, "", note])
    if args.write:
        put("Coverage", table)


if __name__ == "__main__":
    main()
