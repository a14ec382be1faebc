"""`python -m lib map RUN`: draw (or redraw) a run's map and print its quality."""

from __future__ import annotations

import argparse

from lib.commands.progress_bar import CommandProgress
from lib.format import format_cosine, format_count, format_duration, format_share
from lib.projection.methods import DEFAULT_BALANCE, LAYOUT_METHODS
from lib.projection.store import Map
from lib.store.map_paths import MapKind, MapPaths


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("run", help="a run's id, as `python -m lib runs` lists it")
    parser.add_argument(
        "--method", choices=list(LAYOUT_METHODS), default="pair-faithful", help="layout method (default %(default)s)"
    )
    parser.add_argument(
        "--balance",
        type=float,
        default=DEFAULT_BALANCE,
        help="balance from 0 (neighbourhoods) to 1 (pairs); default %(default)s",
    )
    parser.add_argument(
        "--all-texts",
        action="store_true",
        help="draw all texts of the dataset, base and tuned, beside the map; embeds those that are not in the cache",
    )
    parser.add_argument("--json", action="store_true", help="print the quality as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Draw the map; the coordinates stay in the run's folder."""
    from lib.projection.layout import check_layout_options
    from lib.projection.run import draw_map, summary_json
    from lib.store.workspace import open_workspace

    check_layout_options(method=args.method, balance=args.balance)
    workspace = open_workspace()
    trained_run = workspace.runs.get(args.run)
    dataset = workspace.datasets.get(trained_run.dataset)
    with CommandProgress(trained_run.name) as progress:
        map_data = draw_map(
            trained_run,
            dataset,
            home=workspace.home,
            method=args.method,
            balance=args.balance,
            kind=MapKind.ALL if args.all_texts else MapKind.MAIN,
            progress=progress,
        )
    print(summary_json(map_data) if args.json else map_text(map_data))
    return 0


def map_text(map_data: Map) -> str:
    """Write method, size, the map's quality, and where the coordinates lie."""
    quality = map_data.facts.quality
    lines = [
        f"{LAYOUT_METHODS[map_data.facts.method]}, {format_count(map_data.texts, 'text')}, {format_duration(map_data.facts.seconds)}"
    ]
    if quality.rank_sign_agreement is not None:
        share, count = format_share(quality.rank_sign_agreement), format_count(quality.lines, "line")
        lines.append(f"{share} of {count} change length as their pair's rank among neighbours changed")
    if quality.rank_change_correlation is not None:
        lines.append(f"rank correlation of drawn and true change: {format_cosine(quality.rank_change_correlation)}")
    for name in quality.seen:
        right = format_share(quality.right[name]) if name in quality.right else "none"
        seen = f"near pairs drawn near, {map_data.labels[name]}: {format_share(quality.seen[name])}"
        lines.append(f"{seen}; of those drawn near, near: {right}")
    for name, value in quality.trustworthiness.items():
        lines.append(f"trustworthiness, {map_data.labels[name]}: {format_cosine(value)}")
    return "\n".join([*lines, f"coordinates: {MapPaths(map_data.folder).coordinates_file}"])
