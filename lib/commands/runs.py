"""`python -m lib runs`: the runs of the workspace."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lib.store.runs import Run
from lib.store.workspace import open_workspace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--json", action="store_true", help="print one JSON list")


def run(given: argparse.Namespace) -> int:
    """Print the runs, newest first."""
    found = [as_json(item) for item in open_workspace().runs.all()]
    if given.json:
        print(json.dumps(found, ensure_ascii=False))
        return 0
    for item in found:
        head = item["headline"] or {}
        quality = f"{head['metric']} {head['base']:.3f} -> {head['tuned']:.3f} ({head['verdict']})" if head else ""
        print(f"{item['run']}  {item['state']:<11} {item['created'][:16]}  {item['name']}  {quality}".rstrip())
    if not found:
        print("There are no runs yet. Start one: python -m lib train FILE")
    return 0


def as_json(item: Run) -> dict[str, Any]:
    """Return a run as the command lists it."""
    return {
        "run": item.id,
        "name": item.name,
        "state": item.state,
        "reason": item.reason,
        "model": item.model,
        "dataset": item.dataset,
        "created": item.created,
        "model_dir": str(item.model_dir) if item.model_dir.is_dir() else None,
        "headline": item.headline.to_json() if item.headline else None,
        "recipe": item.recipe,
    }
