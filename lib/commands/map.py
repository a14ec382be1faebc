"""python -m lib map RUN: draw (or redraw) a run's map and print how true it is."""

from __future__ import annotations

import argparse

from lib.projection.methods import DEFAULT_BALANCE, LAYOUT_METHODS
from lib.projection.store import Map


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("run", help="a run's id, as `python -m lib runs` lists it")
    parser.add_argument(
        "--method", choices=list(LAYOUT_METHODS), default="pair-faithful", help="how to lay the texts out"
    )
    parser.add_argument(
        "--balance",
        type=float,
        default=DEFAULT_BALANCE,
        help="from 0 (neighbourhoods) to 1 (pairs); default %(default)s",
    )
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Draw the map; the coordinates stay in the run's folder."""
    from lib.projection.run import draw_map, summary_json
    from lib.store.workspace import open_workspace

    workspace = open_workspace()
    chosen = workspace.runs.get(arguments.run)
    dataset = workspace.datasets.get(chosen.dataset)
    drawn = draw_map(chosen, dataset, home=workspace.home, method=arguments.method, balance=arguments.balance)
    print(summary_json(drawn) if arguments.json else said(drawn))
    return 0


def said(drawn: Map) -> str:
    """Return the figures in words."""
    truth, lines = drawn.truth, [f"{LAYOUT_METHODS[drawn.method]}, {drawn.texts:,} texts, {drawn.seconds:.1f} s"]
    if truth.sign_agreement is not None:
        lines.append(f"{truth.sign_agreement:.0%} of {truth.lines:,} lines tell the truth")
    if truth.rank_correlation is not None:
        lines.append(f"rank correlation of drawn and true change {truth.rank_correlation:.3f}")
    lines += [f"trustworthiness, {drawn.labels[name]}: {value:.3f}" for name, value in truth.trustworthiness.items()]
    return "\n".join([*lines, f"coordinates: {drawn.folder / 'coordinates.parquet'}"])
