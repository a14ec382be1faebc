"""Draw a run's map: read its snapshots, lay them out, measure how true that is, publish."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from lib.data.shapes import TEXT_COLUMNS, Shape
from lib.progress import Progress, Silent
from lib.projection.extreme_pairs import AddedTexts, append_texts, missing_extreme_texts
from lib.projection.layout import Layout, compute_layout
from lib.projection.methods import DEFAULT_BALANCE
from lib.projection.quality import LayoutQuality, line_quality, text_movement
from lib.projection.seed_noise import SeedNoise, seed_noise
from lib.projection.store import Map, load_map, write_added_texts, write_map
from lib.store.layout import MapPaths
from lib.store.publish import publish
from lib.store.runs import Run
from lib.store.snapshots import Snapshots, read_snapshots

NOISE_SEEDS = (1, 2)
"""Further seeds that tell the layout's own noise."""

MAX_NOISE_POINTS = 60_000
"""Texts times moments above which the other seeds draw the first and the last moment alone: all would double a long wait."""

SLOW_METHOD_SEEDS = NOISE_SEEDS[:1]
"""Of methods that take many times as long, one further seed must do."""

MAX_MAP_POINTS = 120_000
"""Texts times moments drawn; above it moments in the middle are left out."""


class MapDataset(Protocol):
    """What drawing needs of a dataset."""

    @property
    def shape(self) -> str: ...
    def frame(self) -> pd.DataFrame: ...


def draw_map(
    run: Run,
    dataset: MapDataset,
    *,
    home: Path,
    progress: Progress = Silent(),
    method: str = "pair-faithful",
    balance: float = DEFAULT_BALANCE,
    seed: int = 0,
) -> Map:
    """Draw the run's map and publish it to run.paths.map.folder; return it as pages read it."""
    progress.stage("Drawing the map", "reading snapshots")
    known = read_snapshots(run.paths.snapshots.folder)
    texts = known.texts()
    added = missing_extreme_texts(run, dataset.shape, texts, home=home, progress=progress)
    texts = [*texts, *added.texts]
    names = thin_snapshots([moment.name for moment in known.all], len(texts))
    vectors = append_texts({name: np.asarray(known.vectors(name)) for name in names}, added)
    lines = pair_lines(dataset.frame(), texts, shape=dataset.shape)
    pairs = lines[["source", "target"]].to_numpy(np.int64)
    drawn = compute_layout(vectors, pairs, method=method, balance=balance, seed=seed, progress=progress)
    spread = measure_noise(drawn, vectors, pairs, progress=progress)
    lines = with_measures(lines, drawn, vectors, spread)
    facts = map_facts(drawn, known, lines, spread, added, seed=seed)
    with publish(run.paths.map.folder) as folder:
        write_map(folder, drawn.coordinates, lines, facts)
        if len(added):
            write_added_texts(folder, added.texts, added.base, added.tuned)
    found = load_map(run)
    assert found is not None, "a map that was just published is there"
    return found


def thin_snapshots(names: list[str], texts: int) -> list[str]:
    """Leave out moments in the middle, evenly, until the points fit; the first and the last stay."""
    most = max(2, MAX_MAP_POINTS // max(1, texts))
    if len(names) <= most:
        return names
    places = np.unique(np.linspace(0, len(names) - 1, most).round().astype(int))
    return [names[place] for place in places]


def pair_lines(frame: pd.DataFrame, texts: list[str], *, shape: str) -> pd.DataFrame:
    """Return pair (row id), part, source, target (text ids) of the rows whose first two texts are both shown."""
    columns = TEXT_COLUMNS[Shape(shape)][:2]
    if len(columns) < 2:
        return pd.DataFrame({name: pd.Series(dtype="int64") for name in ("pair", "source", "target")}).assign(part="")
    place = pd.Series(np.arange(len(texts)), index=pd.Index(texts)).groupby(level=0).first()
    found = pd.DataFrame(
        {
            "pair": frame.index.to_numpy(),
            "part": frame["part"].to_numpy(),
            "source": frame[columns[0]].map(place).to_numpy(),
            "target": frame[columns[1]].map(place).to_numpy(),
        }
    ).dropna(subset=["source", "target"])
    return found.astype({"pair": "int64", "source": "int64", "target": "int64"}).reset_index(drop=True)


def measure_noise(drawn: Layout, vectors: dict[str, np.ndarray], pairs: np.ndarray, *, progress: Progress) -> SeedNoise:
    """Draw again with other seeds, in the same company or, where that is large or slow, the first and the last moment alone.

    PCA knows no seed: its noise is zero.
    """
    ends = [first_and_last(drawn)]
    if len(vectors) < 2 or drawn.method == "pca":
        return seed_noise(ends, pairs)
    progress.stage("Drawing the map", "measuring the layout's own noise")
    ours = drawn.method == "pair-faithful"
    whole = ours and len(vectors) * len(ends[0][0]) <= MAX_NOISE_POINTS
    names = list(vectors)
    company = vectors if whole else {name: vectors[name] for name in (names[0], names[-1])}
    for seed in NOISE_SEEDS if ours else SLOW_METHOD_SEEDS:
        again = compute_layout(company, pairs, method=drawn.method, balance=drawn.balance, seed=seed, progress=progress)
        ends.append(first_and_last(again))
    return seed_noise(ends, pairs)


def first_and_last(drawn: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the last frame."""
    frames = list(drawn.coordinates.values())
    return frames[0], frames[-1]


def with_measures(
    lines: pd.DataFrame, drawn: Layout, vectors: dict[str, np.ndarray], spread: SeedNoise
) -> pd.DataFrame:
    """Add each line's cosines (full dimensions), drawn change, its noise, and whether the change is above that."""
    names = list(vectors)
    source, target = lines["source"].to_numpy(), lines["target"].to_numpy()
    found = lines.copy()
    for column, name in (("base_cosine", names[0]), ("tuned_cosine", names[-1])):
        found[column] = np.einsum("nd,nd->n", vectors[name][source], vectors[name][target]).astype(np.float64)
    frames = list(drawn.coordinates.values())
    before, after = (np.linalg.norm(frame[source] - frame[target], axis=1) for frame in (frames[0], frames[-1]))
    return found.assign(
        change=(after - before).astype(np.float64), noise=spread.lines, faded=np.abs(after - before) <= spread.lines
    )


def map_facts(
    drawn: Layout, known: Snapshots, lines: pd.DataFrame, spread: SeedNoise, added: AddedTexts, *, seed: int
) -> dict[str, object]:
    """Collect what map.json holds beside the coordinates."""
    away = np.linalg.norm(text_movement(drawn.coordinates), axis=1)
    moving = away > 0
    known_noise = spread.layouts > 1 or drawn.method == "pca"
    above = float((away[moving] > spread.texts[moving]).mean()) if known_noise and moving.any() else None
    truth = replace(drawn.truth, above_noise=above, seeds=spread.layouts)
    held = lines[lines["part"] == "held_out"]
    return {
        "method": drawn.method,
        "balance": drawn.balance,
        "seed": seed,
        "seconds": drawn.seconds,
        "moments": [
            {"name": moment.name, "epoch": moment.epoch, "label": moment.label}
            for moment in known.all
            if moment.name in drawn.coordinates
        ],
        "texts": len(away),
        "added": len(added),
        "truth": truth.to_dict(),
        "held_out": held_out_quality(held, drawn).to_dict(),
    }


def held_out_quality(held: pd.DataFrame, drawn: Layout) -> LayoutQuality:
    """Measure the held-out lines alone: the page opens on them."""
    if held.empty:
        return LayoutQuality()
    frames = list(drawn.coordinates.values())
    cosine = held["base_cosine"].to_numpy(), held["tuned_cosine"].to_numpy()
    return line_quality(frames[0], frames[-1], cosine, held[["source", "target"]].to_numpy(np.int64))


def summary_json(drawn: Map) -> str:
    """Return the truth figures of a map as the command prints them."""
    truth = drawn.truth
    moments = list(drawn.coordinates)
    trust = truth.trustworthiness
    return json.dumps(
        {
            "layout": drawn.method,
            "balance": drawn.balance,
            "seconds": round(drawn.seconds, 3),
            "sign_agreement": truth.sign_agreement,
            "rank_correlation": truth.rank_correlation,
            "trustworthiness": {"base": trust.get(moments[0]), "tuned": trust.get(moments[-1])},
            "placebo_movement": truth.placebo_movement,
            "above_noise": truth.above_noise,
            "coordinates": str(MapPaths(drawn.folder).coordinates),
        }
    )
