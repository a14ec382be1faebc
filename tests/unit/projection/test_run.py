"""Drawing a run: what is published, what the command prints, and what is said when it cannot be drawn."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.__main__ import main
from lib.errors import NotFoundError, StoreError
from lib.projection import layout
from lib.projection.layout import PairedPoints, paired_points
from lib.projection.pair_faithful.graph import nearest_neighbours
from lib.projection.run import draw_map, thin_snapshots
from lib.projection.store import end_vectors, load_map, map_texts
from lib.projection.turnover import load_text_neighbours
from lib.store.map_paths import MapKind
from lib.store.publish import verify
from lib.store.snapshots import read_snapshots
from lib.store.workspace import open_workspace
from tests.unit.projection.all_texts import draw_all_texts
from tests.unit.projection.finished import finished_run


def test_a_drawn_map_is_whole_and_read_back(home: Path) -> None:
    run = finished_run(home)
    map_data = load_map(run)
    assert map_data is not None
    assert verify(run.paths.map.folder) == []
    assert list(map_data.coordinates) == ["base", "epoch-001", "best"]
    assert map_data.labels["best"] == "Best (epoch 2)"
    assert map_data.texts == 120
    assert len(map_data.lines) == 60
    assert map_data.facts.quality.rank_sign_agreement > 0.9
    assert map_data.facts.quality.seeds == 3
    assert 0 <= map_data.facts.quality.above_noise <= 1
    assert map_data.facts.held_out_quality.lines == (map_data.lines["part"] == "held_out").sum()
    tall = pd.read_parquet(run.paths.map.coordinates)
    assert list(tall.columns) == ["text", "snapshot", "x", "y"]
    assert len(tall) == 3 * 120


def test_the_command_draws_and_prints_json(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = finished_run(home, with_map=False)
    assert main(["map", run.id, "--json"]) == 0
    output = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert output["layout"] == "pair-faithful"
    assert set(output["trustworthiness"]) == {"base", "tuned"}
    assert output["placebo_movement"] == 0
    assert output["rank_sign_agreement"] > 0.9
    assert output["seconds"] > 0
    assert set(pd.read_parquet(output["coordinates"])["snapshot"]) == {"base", "epoch-001", "best"}


def test_the_command_redraws_with_another_method(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = finished_run(home)
    assert main(["map", run.id, "--method", "pca"]) == 0
    assert "PCA" in capsys.readouterr().out
    assert load_map(run).facts.method == "pca"
    assert verify(run.paths.map.folder) == []


@pytest.mark.parametrize("given", [["map", "nothing", "--json"], ["map", "RUN", "--balance", "2"]])
def test_the_command_fails_with_one_clear_line(
    home: Path, capsys: pytest.CaptureFixture[str], given: list[str]
) -> None:
    run = finished_run(home, with_map=False)
    assert main([run.id if word == "RUN" else word for word in given]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert len(captured.err.strip().splitlines()) == 1


def test_missing_and_damaged_snapshots_are_said(home: Path) -> None:
    run = finished_run(home)
    (run.paths.snapshots.folder / "best.npy").write_bytes(b"torn")
    with pytest.raises(StoreError, match="best"):
        read_snapshots(run.paths.snapshots.folder).vectors("best")
    (run.paths.snapshots.index).write_text("{")
    with pytest.raises(StoreError, match="list of snapshots"):
        read_snapshots(run.paths.snapshots.folder)
    with pytest.raises(NotFoundError, match="no snapshots"):
        read_snapshots(home / "nowhere")


@pytest.mark.parametrize(("method", "seeds"), [("pair-faithful", 3), ("umap", 2), ("pca", 1)])
def test_the_noise_of_every_method_is_measured_on_large_maps_too(
    home: Path, monkeypatch: pytest.MonkeyPatch, method: str, seeds: int
) -> None:
    run = finished_run(home, with_map=False)
    monkeypatch.setattr("lib.projection.run.MAX_NOISE_POINTS", 10)
    seen: list[list[str]] = []

    def collect_and_note(vectors: dict, pairs: np.ndarray) -> PairedPoints:
        seen.append(list(vectors))
        return paired_points(vectors, pairs)

    monkeypatch.setattr("lib.projection.run.paired_points", collect_and_note)
    map_data = draw_map(run, open_workspace(home).datasets.get(run.dataset), home=home, method=method)
    assert map_data.facts.quality.seeds == seeds
    assert map_data.facts.quality.above_noise is not None
    assert seen == [["base", "epoch-001", "best"], *[["base", "best"]] * (seeds > 1)]


def test_too_many_snapshots_leave_some_in_the_middle_out() -> None:
    names = ["base", *(f"epoch-{i:03d}" for i in range(1, 20)), "best"]
    some = thin_snapshots(names, 30_000)
    assert some[0] == "base"
    assert some[-1] == "best"
    assert len(some) == 4
    assert thin_snapshots(names, 10) == names


def test_a_map_of_all_texts_stands_beside_the_map(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finished_run(home)
    before = run.paths.map.summary.read_bytes()
    draw_all_texts(monkeypatch, run, home)
    paths, map_data = run.paths.map_of(MapKind.ALL), load_map(run, kind=MapKind.ALL)
    assert verify(paths.folder) == []
    assert run.paths.map.summary.read_bytes() == before
    assert list(map_data.labels.values()) == ["Base", "Best (epoch 2)"]
    assert {name: frame.shape for name, frame in map_data.coordinates.items()} == {"base": (120, 2), "best": (120, 2)}
    assert isinstance(map_data.coordinates["base"].base, np.memmap)
    assert len(map_data.lines) == 60
    assert map_data.facts.quality.rank_sign_agreement > 0.9
    assert map_data.facts.quality.seeds == 3
    texts = map_texts(run, kind=MapKind.ALL)
    frame = open_workspace(home).datasets.get(run.dataset).frame()
    line = map_data.lines.iloc[5]
    assert texts[line["source"]] == frame["anchor"][line["pair"]]
    assert texts[line["target"]] == frame["positive"][line["pair"]]
    base, tuned = end_vectors(run, kind=MapKind.ALL)
    cosine = np.float32(base[line["source"]]) @ np.float32(base[line["target"]])
    assert cosine == pytest.approx(line["base_cosine"], abs=1e-3)
    assert tuned.shape == base.shape
    assert load_text_neighbours(paths.folder, texts=120) is not None


def test_one_layout_serves_the_neighbours_and_ranks_of_all_seeds(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finished_run(home, with_map=False)
    calls: list[int] = []

    def note(vectors: np.ndarray, **options: object) -> tuple[np.ndarray, np.ndarray]:
        calls.append(len(vectors))
        return nearest_neighbours(vectors, **options)

    monkeypatch.setattr(layout, "nearest_neighbours", note)
    draw_all_texts(monkeypatch, run, home)
    assert len(calls) == 2, "once for each snapshot"


def test_more_texts_than_fit_are_sampled(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finished_run(home, with_map=False)
    monkeypatch.setattr("lib.projection.run.MAX_MAP_TEXTS", 80)
    draw_all_texts(monkeypatch, run, home)
    assert load_map(run, kind=MapKind.ALL).texts == 80


@pytest.mark.parametrize("damage", ["positions", "texts", "text_ends"])
def test_a_damaged_map_of_all_texts_is_said(home: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    run = finished_run(home, with_map=False)
    draw_all_texts(monkeypatch, run, home)
    getattr(run.paths.map_of(MapKind.ALL), damage).write_bytes(b"torn")
    with pytest.raises(StoreError):
        (load_map if damage == "positions" else map_texts)(run, kind=MapKind.ALL)
