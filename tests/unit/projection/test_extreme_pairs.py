"""The strongest changes are on the map even where training did not follow their texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.data.model_inputs import ModelInputs
from lib.progress import Silent
from lib.projection import extreme_pairs
from lib.projection.extreme_pairs import AddedTexts, append_texts, missing_extreme_texts, strongest_changes
from lib.projection.points import unit_snapshot
from lib.projection.run import draw_map
from lib.projection.store import end_vectors, load_map, map_texts
from lib.store.publish import verify
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from tests.unit.projection.finished import finished_run


def evaluated_pairs(rows: int) -> pd.DataFrame:
    change = np.linspace(-0.4, 0.6, rows)
    return pd.DataFrame(
        {
            "pair": np.arange(rows),
            "anchor": [f"far question {i}" for i in range(rows)],
            "positive": [f"far answer {i}" for i in range(rows)],
            "base_margin": 0.0,
            "tuned_margin": change,
            "base_cosine": 0.5,
            "tuned_cosine": 0.5,
        }
    )


def random_unit(rows: int, *, seed: int) -> np.ndarray:
    return unit_snapshot(np.random.default_rng(seed).normal(size=(rows, 16)), where="test")


def test_both_ends_of_the_margin_are_the_strongest() -> None:
    table = evaluated_pairs(100).sample(frac=1, random_state=0)
    assert set(strongest_changes(table, most=3)["pair"]) == {0, 1, 2, 97, 98, 99}
    cosine = table.drop(columns=["base_margin", "tuned_margin"]).assign(tuned_cosine=lambda t: t["pair"] / 100)
    assert set(strongest_changes(cosine, most=1)["pair"]) == {0, 99}


def test_ends_are_true_and_places_between_are_as_far_as_the_others() -> None:
    base, best = random_unit(50, seed=0), random_unit(50, seed=1)
    half = base + 0.5 * (best - base)
    added = AddedTexts(["x", "y"], random_unit(2, seed=2), random_unit(2, seed=3))
    found = append_texts({"base": base, "epoch-001": half, "best": best}, added)
    assert np.array_equal(found["base"][-2:], added.base)
    assert found["best"][-2:] == pytest.approx(added.tuned, abs=1e-6)
    middle = found["epoch-001"][-2:]
    assert middle == pytest.approx(unit_snapshot(added.base + added.tuned, where="test"), abs=1e-3)
    assert np.linalg.norm(middle, axis=1) == pytest.approx(np.ones(2), abs=1e-5)
    assert np.array_equal(found["epoch-001"][:50], half)


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Finish a run whose evaluation holds pairs that its training did not follow."""
    run = finished_run(home, with_map=False)
    dim = np.load(run.paths.snapshots.folder / "base.npy").shape[1]
    dataset = open_workspace(home).datasets.get(run.dataset)
    frame = dataset.frame()
    table = evaluated_pairs(40)
    more = pd.DataFrame({"anchor": table["anchor"], "positive": table["positive"], "part": "held_out"})
    monkeypatch.setattr(type(dataset), "frame", lambda self: pd.concat([frame, more], ignore_index=True))
    run.paths.evaluation.folder.mkdir(parents=True)
    (run.paths.evaluation.summary).write_text("{}")
    table.to_parquet(run.paths.evaluation.pairs)

    def embed(name: str, texts: list[str]) -> np.ndarray:
        seeds = [hash_of(text) + (name == "tuned") for text in texts]
        return np.stack([np.random.default_rng(seed).normal(size=dim) for seed in seeds]).astype(np.float32)

    monkeypatch.setattr(extreme_pairs, "cached_embedder", lambda *_, **__: (embed, {}))
    monkeypatch.setattr(extreme_pairs, "NUM_EXTREMES", 5)
    monkeypatch.setattr(strongest_changes, "__kwdefaults__", {"most": 5})
    return run


def hash_of(text: str) -> int:
    return int.from_bytes(text.encode()[-4:], "big")


def test_missing_extremes_are_drawn_with_true_ends(run: Run, home: Path) -> None:
    dataset = open_workspace(home).datasets.get(run.dataset)
    map_data = draw_map(run, dataset, home=home)
    assert map_data.facts.added == 20
    assert verify(run.paths.map.folder) == []
    texts = map_texts(run)
    assert len(texts) == map_data.texts == 140
    lines = map_data.lines.set_index("pair")
    far = {texts[line["source"]] for _, line in lines.iterrows() if texts[line["source"]].startswith("far")}
    assert far == {f"far question {i}" for i in (0, 1, 2, 3, 4, 35, 36, 37, 38, 39)}
    base, best = end_vectors(run)
    line = lines.iloc[-1]
    assert line["base_cosine"] == pytest.approx(float(base[line["source"]] @ base[line["target"]]), abs=1e-6)
    assert line["tuned_cosine"] == pytest.approx(float(best[line["source"]] @ best[line["target"]]), abs=1e-5)
    assert load_map(run).facts.added == 20


def test_nothing_is_added_where_all_is_known_or_nothing_was_judged(run: Run, home: Path) -> None:
    followed = [*evaluated_pairs(40)["anchor"], *evaluated_pairs(40)["positive"]]
    inputs = ModelInputs.of(open_workspace(home).datasets.get(run.dataset).frame(), "pairs")
    assert len(missing_extreme_texts(run, inputs, followed, home=home, progress=Silent())) == 0
    (run.paths.evaluation.summary).unlink()
    assert len(missing_extreme_texts(run, inputs, [], home=home, progress=Silent())) == 0
