"""What follows a map: plain UMAP, once, where the map is large enough to wait for it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lib.jobs import pipeline
from lib.jobs.kinds import KINDS
from lib.projection import run as projection
from lib.store.layout import RunPaths
from lib.store.map_paths import MapKind


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Record what is drawn instead of drawing it; a map has 500 texts."""
    calls: list[dict[str, Any]] = []

    def draw(*_: object, **options: Any) -> SimpleNamespace:
        calls.append({name: options[name] for name in ("method", "balance", "kind") if name in options})
        return SimpleNamespace(texts=500)

    monkeypatch.setattr(projection, "draw_map", draw)
    return calls


def context(folder: Path, **payload: object) -> Any:
    run = SimpleNamespace(paths=RunPaths(folder))
    return SimpleNamespace(
        run=run, dataset=None, workspace=SimpleNamespace(home=folder), progress=None, payload=payload
    )


def test_plain_umap_follows_the_first_map_and_no_later_one(tmp_path: Path, drawn: list[dict[str, Any]]) -> None:
    assert pipeline.project(context(tmp_path, balance=0.3)) == ("project_plain",)
    assert pipeline.project_plain(context(tmp_path)) == ()
    assert drawn == [{"balance": 0.3}, {"kind": MapKind.PLAIN}]
    plain = RunPaths(tmp_path).map_of(MapKind.PLAIN)
    plain.folder.mkdir()
    plain.summary.write_text("{}")
    assert pipeline.project(context(tmp_path)) == ()


def test_small_maps_are_not_followed(
    tmp_path: Path, drawn: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "MIN_PLAIN_TEXTS", 501)
    assert pipeline.project(context(tmp_path)) == ()


def test_nobody_waits_for_plain_umap() -> None:
    assert KINDS["project_plain"].is_background
