"""Draw a run's map: read its snapshots, lay them out, measure the layout's quality and noise, publish."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.data.text_sample import sample_texts
from lib.evaluation.run import cached_embedder
from lib.progress import Progress, Silent
from lib.projection.extreme_pairs import NO_ADDED_TEXTS, AddedTexts, append_texts, missing_extreme_texts
from lib.projection.layout import (
    Layout,
    PairedPoints,
    compute_layout,
    compute_positions,
    paired_points,
)
from lib.projection.lines import held_out_line_quality, measure_lines, pair_lines, text_pairs
from lib.projection.methods import DEFAULT_BALANCE
from lib.projection.points import unit_snapshot
from lib.projection.quality import LayoutQuality, text_movement
from lib.projection.regions import find_regions, write_regions
from lib.projection.seed_noise import SeedNoise, seed_noise
from lib.projection.store import (
    Map,
    MapFacts,
    SnapshotLabel,
    load_map,
    write_added_texts,
    write_all_texts_map,
    write_end_vectors,
    write_map,
)
from lib.projection.turnover import measure_neighbours, write_text_neighbours
from lib.settings import MAX_MAP_TEXTS
from lib.store.datasets import Dataset
from lib.store.map_paths import MapKind, MapPaths
from lib.store.publish import publish
from lib.store.runs import Run
from lib.store.snapshots import Snapshots, read_snapshots

NOISE_SEEDS = (1, 2)
"""Further seeds, from which the variation across seeds is measured."""

MAX_NOISE_POINTS = 60_000
"""Texts times snapshots above which the other seeds lay out only two snapshots.

The first and the last; all would double a long wait.
"""

SLOW_SEEDS = NOISE_SEEDS[:1]
"""Of methods that take many times as long, and of the largest maps, one further seed must do."""

MAX_MAP_POINTS = 120_000
"""Texts times snapshots on the map; above it snapshots in the middle are left out."""


def draw_map(
    run: Run,
    dataset: Dataset,
    *,
    home: Path,
    progress: Progress = Silent(),
    method: str = "pair-faithful",
    balance: float = DEFAULT_BALANCE,
    seed: int = 0,
    kind: MapKind = MapKind.MAIN,
) -> Map:
    """Draw one of the run's maps, publish it to its folder, and load it as pages do.

    The variation across seeds of plain UMAP is not measured: one layout takes long enough.
    """
    method = "umap" if kind is MapKind.PLAIN else method
    progress.stage("Drawing the map", "reading snapshots")
    inputs = ModelInputs.of(dataset.frame(), dataset.shape, run.recipe)
    collect = all_texts if kind is MapKind.ALL else followed_texts
    content = collect(run, inputs, home=home, progress=progress)
    texts, vectors = content.texts, content.vectors
    computed = compute_map(
        vectors,
        texts,
        frame=inputs.frame,
        shape=dataset.shape,
        labels=content.snapshots,
        progress=progress,
        method=method,
        balance=balance,
        seed=seed,
        added=len(content.added),
        has_other_seeds=kind is not MapKind.PLAIN,
    )
    layout, lines, facts = computed.layout, computed.lines, computed.facts
    progress.stage("Drawing the map", "comparing neighbours and naming regions")
    neighbours = measure_neighbours(vectors, layout.coordinates)
    regions = find_regions(*layout.ends, texts)
    with publish(run.paths.map_of(kind).folder) as folder:
        if kind is MapKind.ALL:
            write_all_texts_map(folder, layout.coordinates, content.texts, lines, facts)
            write_end_vectors(folder, vectors)
        else:
            write_map(folder, layout.coordinates, lines, facts)
            if added := content.added.texts:
                write_added_texts(folder, added, content.added.base, content.added.tuned)
        write_text_neighbours(folder, neighbours)
        write_regions(folder, regions)
    map_data = load_map(run, kind=kind)
    assert map_data is not None, "a map that was just published is there"
    return map_data


@dataclass(frozen=True)
class ComputedMap:
    """A map before it is stored: the layout, its measured lines, and its facts."""

    layout: Layout
    lines: pd.DataFrame
    facts: MapFacts

    def in_memory(self) -> Map:
        """Build the map as figures take it, without a folder."""
        return Map(Path(), self.facts, self.layout.coordinates, self.lines)


def compute_map(
    vectors: Mapping[str, np.ndarray],
    texts: list[str],
    *,
    frame: pd.DataFrame,
    shape: str,
    labels: tuple[SnapshotLabel, ...],
    progress: Progress = Silent(),
    method: str = "pair-faithful",
    balance: float = DEFAULT_BALANCE,
    seed: int = 0,
    added: int = 0,
    has_other_seeds: bool = True,
) -> ComputedMap:
    """Lay out the texts of all snapshots, and measure the layout's quality and noise.

    vectors: by snapshot in order of time, (texts, d). frame: the examples. has_other_seeds: whether the variation across seeds is measured.
    """
    lines = pair_lines(frame, texts, shape=shape)
    pairs = text_pairs(lines)
    paired = paired_points(vectors, pairs)
    layout = compute_layout(paired, method=method, balance=balance, seed=seed, progress=progress)
    noise = (
        measure_noise(layout, paired, vectors, progress=progress)
        if has_other_seeds
        else seed_noise([layout.ends], pairs)
    )
    lines = measure_lines(lines, layout, vectors, noise)
    facts = MapFacts(
        method=method,
        balance=balance,
        seconds=layout.seconds,
        snapshots=labels,
        quality=with_noise(layout, noise),
        held_out_quality=held_out_line_quality(lines, layout),
        added=added,
        seed=seed,
        texts=len(texts),
    )
    return ComputedMap(layout, lines, facts)


@dataclass(frozen=True)
class MapSource:
    """What a map places: texts with their vectors (texts, d) by snapshot, and the labels of these.

    added: the last of the texts, which training did not follow.
    """

    texts: list[str]
    vectors: dict[str, np.ndarray]
    snapshots: tuple[SnapshotLabel, ...]
    added: AddedTexts = NO_ADDED_TEXTS


def followed_texts(run: Run, inputs: ModelInputs, *, home: Path, progress: Progress) -> MapSource:
    """Read the texts that training followed, and the strongest changes among the others."""
    snapshots = read_snapshots(run.paths.snapshots.folder)
    followed = snapshots.texts()
    added = missing_extreme_texts(run, inputs, followed, home=home, progress=progress)
    texts = [*followed, *added.texts]
    names = thin_snapshots(snapshots.names, len(texts))
    vectors = append_texts({name: np.asarray(snapshots.vectors(name)) for name in names}, added)
    return MapSource(texts, vectors, snapshot_labels(snapshots, names), added)


def all_texts(run: Run, inputs: ModelInputs, *, home: Path, progress: Progress) -> MapSource:
    """Embed all texts of the dataset with the base and the tuned model; of more than fit a sample."""
    snapshots = read_snapshots(run.paths.snapshots.folder)
    names = list(dict.fromkeys((snapshots.names[0], snapshots.names[-1])))
    texts = sample_texts(inputs, limit=MAX_MAP_TEXTS)
    embed, _ = cached_embedder(run, inputs.reading, home=home, progress=progress)
    read = inputs.read_by_use(texts)
    vectors = {
        name: unit_snapshot(embed(model, read), where=name)
        for name, model in zip(names, ("base", "tuned"), strict=False)
    }
    return MapSource(texts, vectors, snapshot_labels(snapshots, names))


def thin_snapshots(names: list[str], texts: int) -> list[str]:
    """Leave out snapshots in the middle, evenly, until the points fit; the first and the last stay."""
    most = max(2, MAX_MAP_POINTS // max(1, texts))
    if len(names) <= most:
        return names
    numbers = np.unique(np.linspace(0, len(names) - 1, most).round().astype(int))
    return [names[number] for number in numbers]


def snapshot_labels(snapshots: Snapshots, names: list[str]) -> tuple[SnapshotLabel, ...]:
    """List the snapshots on the map with what the slider shows."""
    on_map = (snapshots.get(name) for name in names)
    return tuple(SnapshotLabel(snapshot.name, snapshot.epoch, snapshot.label) for snapshot in on_map)


def measure_noise(
    layout: Layout, paired: PairedPoints, vectors: Mapping[str, np.ndarray], *, progress: Progress
) -> SeedNoise:
    """Lay out again with other seeds: all snapshots, or the first and the last alone.

    Alone where the map is large or slow.

    PCA knows no seed: its noise is zero.
    """
    ends = [layout.ends]
    if len(vectors) < 2 or layout.method == "pca":
        return seed_noise(ends, paired.pairs)
    progress.stage("Drawing the map", "measuring the variation across seeds")
    points = len(vectors) * len(ends[0][0])
    is_fast = layout.method == "pair-faithful"
    all_snapshots = len(vectors) == 2 or (is_fast and points <= MAX_NOISE_POINTS)
    names = list(vectors)
    first, last = names[0], names[-1]
    some = paired if all_snapshots else paired_points({name: vectors[name] for name in (first, last)}, paired.pairs)
    for seed in NOISE_SEEDS if is_fast and points <= MAX_MAP_POINTS else SLOW_SEEDS:
        positions = compute_positions(some, method=layout.method, balance=layout.balance, seed=seed, progress=progress)
        frames = some.points.to_frames(positions)
        ends.append((frames[first], frames[last]))
    return seed_noise(ends, paired.pairs)


def with_noise(layout: Layout, noise: SeedNoise) -> LayoutQuality:
    """Add to the quality the share of moving texts that move farther than the seed noise."""
    distance = np.linalg.norm(text_movement(layout.coordinates), axis=1)
    moves = distance > 0
    is_known = noise.layouts > 1 or layout.method == "pca"
    above = float((distance[moves] > noise.texts[moves]).mean()) if is_known and moves.any() else None
    return replace(layout.quality, above_noise=above, seeds=noise.layouts)


def summary_json(map_data: Map) -> str:
    """Write the quality figures of a map as the command prints them."""
    facts, quality, names = map_data.facts, map_data.facts.quality, list(map_data.coordinates)
    return json.dumps(
        {
            "layout": facts.method,
            "balance": facts.balance,
            "seconds": round(facts.seconds, 3),
            "rank_sign_agreement": quality.rank_sign_agreement,
            "rank_change_correlation": quality.rank_change_correlation,
            "seen": quality.seen,
            "right": quality.right,
            "sign_agreement": quality.sign_agreement,
            "rank_correlation": quality.rank_correlation,
            "trustworthiness": {
                "base": quality.trustworthiness.get(names[0]),
                "tuned": quality.trustworthiness.get(names[-1]),
            },
            "placebo_movement": quality.movement_of_identical_snapshot,
            "above_noise": quality.above_noise,
            "coordinates": str(MapPaths(map_data.folder).coordinates_file),
        }
    )
