"""What a stored map holds, and that maps of earlier versions can be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lib.errors import StoreError
from lib.projection.quality import LayoutQuality
from lib.projection.store import MapFacts, SnapshotLabel, load_map
from tests.unit.projection.finished import finished_run


def test_a_damaged_map_is_said_and_a_missing_one_is_none(home: Path) -> None:
    run = finished_run(home)
    (run.paths.map.coordinates).write_bytes(b"torn")
    with pytest.raises(StoreError, match="map"):
        load_map(run)
    (run.paths.map.summary).unlink()
    assert load_map(run) is None


def test_facts_survive_json() -> None:
    quality = LayoutQuality(0.9, 0.8, {"base": 0.7}, 0.0, 0.6, 3, 12)
    facts = MapFacts("umap", 0.5, 1.5, (SnapshotLabel("base", 0, "Base"),), quality, LayoutQuality(), 2, 1, 40)
    stored = json.loads(json.dumps(facts.to_json()))
    assert stored["truth"]["placebo_movement"] == 0.0, "the word of workspaces that exist"
    assert MapFacts.from_json(stored) == facts


def test_facts_of_an_earlier_version_are_read() -> None:
    stored = {
        "method": "pca",
        "balance": 0.5,
        "seconds": 1,
        "moments": [{"name": "base", "label": "Base"}],
        "truth": {"unknown": 1},
    }
    facts = MapFacts.from_json(stored | {"held_out": {}})
    assert facts.snapshots == (SnapshotLabel("base", 0, "Base"),)
    assert facts.quality == LayoutQuality()
