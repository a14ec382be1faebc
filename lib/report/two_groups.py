"""What a report says of two groups of texts of the run's map: their distance, words, typical texts."""

from __future__ import annotations

from dataclasses import dataclass

from lib.charts.map.map_groups import compare_map_groups, read_map_groups
from lib.projection.group_comparison import GroupComparison, describe_distance, distance_table
from lib.projection.text_groups import find_group, group_title
from lib.report.texts import TextWriter
from lib.store.datasets import Dataset
from lib.store.map_paths import MapKind
from lib.store.runs import Run


@dataclass(frozen=True)
class GroupChoice:
    """Two groups of texts, A and B, by word or name; kind: the map whose texts and regions they are."""

    a: str
    b: str
    kind: MapKind = MapKind.MAIN


@dataclass(frozen=True)
class ComparedGroup:
    """One of both groups: phrases that the other has not, and the texts nearest to its mean vector."""

    name: str
    title: str
    texts: int
    phrases: tuple[str, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True)
class TwoGroupsReport:
    """Two groups of texts compared.

    titles, rows: of the table of mean cosines; shared: texts that were in both, and so belong to neither.
    """

    groups: tuple[ComparedGroup, ComparedGroup]
    sentences: tuple[str, ...]
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shared: int


def build_two_groups(run: Run, dataset: Dataset, choice: GroupChoice, writer: TextWriter) -> TwoGroupsReport:
    """Compare two groups of the run's map.

    Raises InputError where a name is none of the map's or nothing is left to compare, StoreError where there is no map.
    """
    groups = read_map_groups(run, dataset, kind=choice.kind)
    words = find_group(groups, choice.a), find_group(groups, choice.b)
    comparison = compare_map_groups(run, groups, words)
    titles = [group_title(groups, word) for word in words]
    table = distance_table(comparison.distance)
    return TwoGroupsReport(
        groups=(_group(0, titles[0], comparison, writer), _group(1, titles[1], comparison, writer)),
        sentences=tuple(describe_distance(comparison.distance)),
        titles=tuple(map(str, table.columns)),
        rows=tuple(tuple(map(str, row)) for row in table.itertuples(index=False, name=None)),
        shared=comparison.shared,
    )


def _group(number: int, title: str, comparison: GroupComparison, writer: TextWriter) -> ComparedGroup:
    """Write a group as far as texts may be shown: names of regions, classes and values are texts too."""
    phrases, examples = comparison.phrases[number], comparison.examples[number]
    return ComparedGroup(
        name="AB"[number],
        title=writer.write(title, "a group of the map"),
        texts=comparison.distance.sizes[number],
        phrases=tuple(writer.write(phrase, "") for phrase in phrases) if writer.has_texts else (),
        examples=tuple(writer.write(text, "") for text in examples) if writer.has_texts else (),
    )
