"""A run as the pages see it, without a workspace."""

from __future__ import annotations

from pathlib import Path

from lib.recipe.presets import RECOMMENDED
from lib.store.runs import Run

RUN = Run(
    id="abc",
    name="Mine [x](http://evil)",
    note="",
    starred=False,
    dataset="d",
    model="m",
    recipe_text=RECOMMENDED.to_text(),
    batch="",
    created="2026-01-01T00:00:00+00:00",
    headline=None,
    deleted=None,
    state="succeeded",
    reason="",
    job=1,
    started=None,
    ended=None,
    spent=0.0,
    folder=Path("nowhere"),
)
