"""The tables of bench/training.py, from the results that are there; what was not run is not in them."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.results import put, read

FLOP_PER_TOKEN = 63.7e6
"""Training cost of a real token in MiniLM's six layers: 6 x 10.6 million weights; attention left out."""
BATCH = 64
COLD = 4
SHARE = 0.99
"""The goal is this share of the best recall@1 that the classic script reaches."""
NAMES = {
    "classic": "classic: plain, fp32, dropout .1, rate 2e-5, 10 epochs",
    "classic_fast_rate": "classic with Recommended's rate and epochs (plain, fp32, dropout .1)",
    "engine": "our engine with classic's recipe (packed, bf16, dropout .1)",
    "recommended": "Recommended (packed, bf16, dropout 0, rate 1e-4, 3 epochs)",
    "quick": "quick: 3 lower layers frozen and kept, rate 1.5e-4",
}


def newest(kind: str) -> dict[tuple[str, int], dict[str, dict[str, Any]]]:
    """Group the results by (data, seed) and contestant; of a part that was run twice the newer one."""
    out: dict[tuple[str, int], dict[str, dict[str, Any]]] = {}
    for row in read():
        if row["kind"] == kind:
            out.setdefault((row["data"], row["seed"]), {})[row["contestant"]] = row
    return out


def typical(row: dict[str, Any], part: str) -> float:
    """Compute the median over the steps after the first few, which touch memory for the first time."""
    return float(np.median(row[part][COLD:]))


def steps_table() -> list[str]:
    """Build the table of times for one step: same loss, same batches, by turns."""
    lines = [
        "| data | engine | s a step | times classic (wall) | times classic (CPU) | times the machine's bound |",
        "|---|---|---|---|---|---|",
    ]
    for (data, _), engines in newest("steps").items():
        base = engines["classic"]
        for name, row in engines.items():
            wall, cpu = typical(row, "seconds"), typical(row, "cpu")
            rate = row["bf16" if "bf16" in name or "frozen" in name else "fp32"] * 1e9
            bound = row["tokens"] * BATCH * FLOP_PER_TOKEN / rate
            against = "" if "frozen" in name else f"{wall / bound:.1f}"
            gains = f"{typical(base, 'seconds') / wall:.1f} | {typical(base, 'cpu') / cpu:.1f}"
            lines.append(f"| {data} | {name} | {wall:.3f} | {gains} | {against} |")
    rates = [row for engines in newest("steps").values() for row in engines.values()]
    if rates:
        fp32, bf16 = (max(row[key] for row in rates) for key in ("fp32", "bf16"))
        lines += [
            "",
            f"Medians over {min(len(row['seconds']) for row in rates) - COLD} or more steps each, after {COLD} that warm up; {rates[0]['threads']} threads. The bound: matrix products at these shapes "
            f"(3,000 x 384 x 1,536, both directions) run at {fp32:.0f} GFLOP/s in fp32 and {bf16:.0f} in bf16 here; a step of real tokens only, "
            f"{FLOP_PER_TOKEN / 1e6:.1f} MFLOP each, could take no less.",
        ]
    return lines


def sum_seconds(row: dict[str, Any], epochs: int, part: str) -> float:
    """Sum the seconds of preparing and of the first `epochs` epochs."""
    return row["preparing"] + sum(row[part][: epochs * row["epoch_steps"]])


def first_epoch(row: dict[str, Any], goal: float) -> int | None:
    """Find the first epoch after which recall@1 is at least the goal."""
    return next((epoch for epoch, point in enumerate(row["curve"]) if epoch and point["recall"] >= goal), None)


def runs_table() -> list[str]:
    """Build the table of time and quality until 99% of classic's best."""
    lines = [
        "| data, seed | training | base | best recall@1 (epoch) | best MRR | s an epoch | to 99% of classic's best: epoch, s | times classic (wall) | (CPU) | peak GB |",
        "|---" * 10 + "|",
    ]
    for (data, seed), runs in newest("run").items():
        if "classic" not in runs:
            continue
        goal = SHARE * best_recall(runs["classic"])
        lines += [run_line(f"{data}, seed {seed}", name, row, runs["classic"], goal) for name, row in runs.items()]
    return [*lines, "", *medians(newest("run"))]


def medians(found: dict[tuple[str, int], dict[str, dict[str, Any]]]) -> list[str]:
    """Compute the medians over the seeds by data and contestant: epoch, time to the goal, best quality."""
    lines = [
        "| data | training | seeds | times classic an epoch | times classic to 99% of its best | best recall@1 less classic's |",
        "|---" * 6 + "|",
    ]
    for data in dict.fromkeys(data for data, _ in found):
        by_seed = [runs for (name, _), runs in found.items() if name == data and "classic" in runs]
        for contestant in dict.fromkeys(name for runs in by_seed for name in runs if name != "classic"):
            both = [(runs["classic"], runs[contestant]) for runs in by_seed if contestant in runs]
            epochs = [np.median(one["seconds"]) / np.median(other["seconds"]) for one, other in both]
            times = [gain for one, other in both if (gain := speedup(one, other)) is not None]
            more = [best_recall(other) - best_recall(one) for one, other in both]
            to_goal = f"{np.median(times):.0f} ({min(times):.0f} to {max(times):.0f})" if times else ""
            missed = f"; not reached in {len(both) - len(times)}" if len(times) < len(both) else ""
            cells = f"{len(both)} | {np.median(epochs):.1f} | {to_goal}{missed} | {np.median(more):+.3f} ({min(more):+.3f} to {max(more):+.3f})"
            lines.append(f"| {data} | {NAMES.get(contestant, contestant)} | {cells} |")
    return lines


def best_recall(row: dict[str, Any]) -> float:
    """Find the best recall@1 after any epoch."""
    return max(point["recall"] for point in row["curve"][1:])


def speedup(classic: dict[str, Any], row: dict[str, Any]) -> float | None:
    """Compute how many times faster than classic the goal was reached, None where it was not."""
    goal = SHARE * best_recall(classic)
    theirs, epoch = first_epoch(classic, goal), first_epoch(row, goal)
    if not theirs or not epoch:
        return None
    return sum_seconds(classic, theirs, "seconds") / sum_seconds(row, epoch, "seconds")


def run_line(data: str, name: str, row: dict[str, Any], classic: dict[str, Any], goal: float) -> str:
    """Write one training's line."""
    curve = [point["recall"] for point in row["curve"]]
    best = 1 + int(np.argmax(curve[1:]))
    error = np.sqrt(curve[best] * (1 - curve[best]) / row["queries"]) if "queries" in row else float("nan")
    epoch, theirs = first_epoch(row, goal), first_epoch(classic, goal)
    cells = ["not reached", "", ""]
    if epoch and theirs:
        wall, cpu = (sum_seconds(classic, theirs, part) / sum_seconds(row, epoch, part) for part in ("seconds", "cpu"))
        cells = [f"{epoch}, {sum_seconds(row, epoch, 'seconds'):.0f}", f"{wall:.1f}", f"{cpu:.1f}"]
    quality = f"{curve[best]:.3f} ± {error:.3f} ({best}) | {max(point['mrr'] for point in row['curve'][1:]):.3f}"
    pace = f"{np.median(row['seconds']) * row['epoch_steps']:.1f}"
    done = len(row["curve"]) - 1
    name = NAMES.get(name, name) + (
        "" if done == row["epochs"] else f"; stopped after {done} of {row['epochs']} epochs"
    )
    peak = max(point["peak_gb"] for point in row["curve"])
    return f"| {data} | {name} | {curve[0]:.3f} | {quality} | {pace} | {' | '.join(cells)} | {peak:.1f} |"


def quality_table() -> list[str]:
    """Build the table of what Recommended and classic reach on further data: quality and steps, no times."""
    found = {key: runs for key, runs in newest("quality").items() if {"classic", "recommended"} <= set(runs)}
    lines = [
        "| data, seed | held-out queries | base | classic's best (epoch of how many) | Recommended's best (epoch of how many) | difference (95%) | steps to 99% of classic's best: classic, Recommended |",
        "|---" * 7 + "|",
    ]
    for (data, seed), runs in found.items():
        classic, ours = runs["classic"], runs["recommended"]
        goal = SHARE * best_recall(classic)
        steps = [first_epoch(row, goal) for row in (classic, ours)]
        reached = [
            f"{epoch * row['epoch_steps']}" if epoch else "not reached"
            for epoch, row in zip(steps, (classic, ours), strict=True)
        ]
        base = classic["curve"][0]["recall"]
        precision = " (fp32, plain batches)" if "fp32" not in ours else " (fp32)" if ours["fp32"] else ""
        lines.append(
            f"| {data}, seed {seed}{precision} | {classic['queries']} | {base:.3f} | {best_cell(classic)} | {best_cell(ours)} "
            f"| {difference(classic, ours)} | {', '.join(reached)} |"
        )
    note = (
        "Recall@1, best after any epoch, ± one standard error of the share; the interval of the difference is of the same queries in pairs, where each was stored. "
        "Recommended where no more is said: in bf16, in batches without false negatives, as the product trains. `python -m bench.training --quality`."
    )
    return ["### Quality on further data", "", *lines, "", note] if found else []


def best_epoch(row: dict[str, Any]) -> int:
    """Find the epoch with the best recall@1."""
    return 1 + int(np.argmax([point["recall"] for point in row["curve"][1:]]))


def best_cell(row: dict[str, Any]) -> str:
    """Write the best recall@1 with its standard error, sqrt(p (1 - p) / n), and its epoch."""
    epoch = best_epoch(row)
    recall = row["curve"][epoch]["recall"]
    error = np.sqrt(recall * (1 - recall) / row["queries"])
    return f"{recall:.3f} ± {error:.3f} ({epoch} of {len(row['curve']) - 1})"


def difference(classic: dict[str, Any], ours: dict[str, Any]) -> str:
    """Write ours less classic's, with its 95% interval.

    mean +- 1.96 s / sqrt(n) over the queries' differences, where they were stored.
    """
    points = [row["curve"][best_epoch(row)] for row in (classic, ours)]
    text = f"{points[1]['recall'] - points[0]['recall']:+.3f}"
    if not all("firsts" in point for point in points):
        return text
    one, other = (np.array(list(point["firsts"]), dtype=float) for point in points)
    half = 1.96 * (other - one).std(ddof=1) / np.sqrt(len(one))
    return f"{text} ({(other - one).mean() - half:+.3f} to {(other - one).mean() + half:+.3f})"


def write() -> None:
    """Write the tables into bench/README.md."""
    text = [*steps_table(), "", *runs_table()]
    text += [
        "",
        "Held-out recall@1 over all distinct targets of the data, measured after each epoch and not timed; ± one standard error of the share. Seconds are of training "
        "(and of tokenising and keeping activations beforehand) alone; an epoch's seconds are its steps times their median. Each contestant has a process of its own, "
        "and they take turns. The machine was shared with other work, which is why CPU ratios stand beside. Peak: the process's resident memory at its highest.",
    ]
    put("Training", "\n".join([*text, "", *quality_table()]))
