"""`python -m lib groups RUN`: the groups of texts of a run's map, or two of them compared."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lib.errors import InputError, StoreError
from lib.evaluation.difference import Difference, finite_or_none
from lib.format import format_count
from lib.projection.group_comparison import GroupComparison, compare_text_groups, describe_distance, distance_table
from lib.projection.regions import Regions, load_regions
from lib.projection.text_groups import find_group, group_texts, group_title, group_titles

if TYPE_CHECKING:
    from lib.store.runs import Run
    from lib.store.workspace import Workspace

_NAMES = ("A", "B")


@dataclass(frozen=True)
class MapGroups:
    """The texts of a run's map and what groups them, as `lib.projection.text_groups` reads them."""

    texts: Sequence[str]
    lines: pd.DataFrame
    classes: Mapping[str, np.ndarray]
    rows: np.ndarray
    columns: Mapping[str, pd.Series]
    regions: Mapping[str, Regions]


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("run", help="a run's id, as `python -m lib runs` lists it")
    parser.add_argument("--a", metavar="NAME", help="one group, as this command lists it without --a and --b")
    parser.add_argument("--b", metavar="NAME", help="the other group")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """List the groups, or compare two; nothing is stored."""
    from lib.projection.store import end_vectors
    from lib.store.workspace import open_workspace

    if (args.a is None) != (args.b is None):
        raise InputError("Two groups are compared, and one is named.", todo="Name both: --a and --b.")
    workspace = open_workspace()
    trained_run = workspace.runs.get(args.run)
    groups = read_groups(workspace, trained_run)
    if args.a is None:
        _print_list(groups, as_json=args.json)
        return 0
    words = find_group(groups, args.a), find_group(groups, args.b)
    members = group_texts(groups, words[0]), group_texts(groups, words[1])
    comparison = compare_text_groups(end_vectors(trained_run), members, texts=groups.texts, lines=groups.lines)
    if comparison is None:
        raise InputError("Every text of one group is in the other, or the map has none of its texts.")
    titles = group_title(groups, words[0]), group_title(groups, words[1])
    print(
        json.dumps(group_comparison_json(comparison, titles), ensure_ascii=False)
        if args.json
        else group_comparison_text(comparison, titles)
    )
    return 0


def read_groups(workspace: Workspace, run: Run) -> MapGroups:
    """Read the texts of a run's map with their classes, columns and regions.

    Raises StoreError where there is no map.
    """
    from lib.charts.map.lines import rows_of_texts, texts_by_class
    from lib.data.columns.metadata import group_columns
    from lib.projection.store import load_map, map_texts
    from lib.shapes import Shape

    layout = load_map(run)
    if layout is None:
        raise StoreError("This run has no map.", todo=f"Draw it: python -m lib map {run.id}")
    dataset = workspace.datasets.get(run.dataset)
    frame, texts = dataset.frame(), map_texts(run)
    is_labelled = dataset.shape == Shape.LABELLED_TEXTS.value
    return MapGroups(
        texts=texts,
        lines=layout.lines,
        classes=texts_by_class(frame, texts) if is_labelled else {},
        rows=rows_of_texts(frame, texts)[0] if is_labelled else np.empty(0, np.int64),
        columns={name: frame[stored].astype(str).str.strip() for name, stored in group_columns(frame).items()},
        regions=load_regions(layout.folder, texts=layout.texts),
    )


def _print_list(groups: MapGroups, *, as_json: bool) -> None:
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
