"""`python -m lib groups RUN`: the groups of texts of a run's map, or two of them compared."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lib.errors import InputError
from lib.evaluation.difference import Difference, finite_or_none
from lib.format import format_count
from lib.projection.group_comparison import GroupComparison, describe_distance, distance_table
from lib.projection.text_groups import GroupedTexts, find_group, group_texts, group_title, group_titles

_NAMES = ("A", "B")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("run", help="a run's id, as `python -m lib runs` lists it")
    add_group_options(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_group_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name two groups."""
    parser.add_argument("--a", metavar="NAME", help="a group of texts of RUN's map, as `python -m lib groups` lists it")
    parser.add_argument("--b", metavar="NAME", help="the group to compare it with")


def named_groups(args: argparse.Namespace) -> tuple[str, str] | None:
    """Read the names of both groups; None where none is named. Raises InputError where one is."""
    if (args.a is None) != (args.b is None):
        raise InputError("Two groups are compared, and one is named.", todo="Name both: --a and --b.")
    return None if args.a is None else (args.a, args.b)


def run(args: argparse.Namespace) -> int:
    """List the groups, or compare two; nothing is stored."""
    from lib.charts.map.map_groups import compare_map_groups, read_map_groups
    from lib.store.workspace import open_workspace

    names = named_groups(args)
    workspace = open_workspace()
    trained_run = workspace.runs.get(args.run)
    groups = read_map_groups(trained_run, workspace.datasets.get(trained_run.dataset))
    if names is None:
        _print_list(groups, as_json=args.json)
        return 0
    words = find_group(groups, names[0]), find_group(groups, names[1])
    comparison = compare_map_groups(trained_run, groups, words)
    titles = group_title(groups, words[0]), group_title(groups, words[1])
    print(
        json.dumps(group_comparison_json(comparison, titles), ensure_ascii=False)
        if args.json
        else group_comparison_text(comparison, titles)
    )
    return 0


def _print_list(groups: GroupedTexts, *, as_json: bool) -> None:
    """Print each group that has a name, with how many texts it has."""
    sizes = {title: len(group_texts(groups, word)) for word, title in group_titles(groups).items()}
    if as_json:
        print(json.dumps([{"group": title, "texts": size} for title, size in sizes.items()], ensure_ascii=False))
        return
    for title, size in sizes.items():
        print(f"{size:>9,}  {title}")
    if not sizes:
        print(
            "This map has no groups with names. `python -m lib map RUN` names regions, which earlier versions did not."
        )


def group_comparison_text(comparison: GroupComparison, titles: tuple[str, str]) -> str:
    """Write what changed in sentences, the table of mean cosines, and words and examples of each group."""
    distance = comparison.distance
    lines = [
        f"{name}: {title} ({format_count(size, 'text')})"
        for name, title, size in zip(_NAMES, titles, distance.sizes, strict=True)
    ]
    lines += ["", *describe_distance(distance), "", distance_table(distance).to_string(index=False)]
    if comparison.shared:
        lines.append(f"{format_count(comparison.shared, 'text')} of both groups left out.")
    for name, phrases, examples in zip(_NAMES, comparison.phrases, comparison.examples, strict=True):
        lines += [
            "",
            f"{name}, words: {', '.join(phrases) or 'none'}",
            *(f"  {' '.join(text.split())}" for text in examples),
        ]
    return "\n".join(lines)


def group_comparison_json(comparison: GroupComparison, titles: tuple[str, str]) -> dict[str, Any]:
    """List what --json prints: mean cosines in the full dimensions, base and tuned."""
    distance = comparison.distance
    groups = {
        name.lower(): {
            "group": titles[at],
            "texts": distance.sizes[at],
            "independent_texts": distance.units[at],
            "within": _difference_json(distance.within[at]),
            "phrases": list(comparison.phrases[at]),
            "examples": list(comparison.examples[at]),
        }
        for at, name in enumerate(_NAMES)
    }
    return {
        **groups,
        "direction": distance.direction,
        "between": _difference_json(distance.between),
        "separation": _difference_json(distance.separation),
        "all_texts": _difference_json(distance.all_texts),
        "shared_texts": comparison.shared,
    }


def _difference_json(change: Difference) -> dict[str, float | None]:
    """List base, tuned, their difference and its interval; null for what is not known."""
    names = ("base", "tuned", "difference", "low", "high")
    return {name: finite_or_none(float(getattr(change, name))) for name in names}
