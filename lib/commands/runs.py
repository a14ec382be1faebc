"""`python -m lib runs`: the runs of the workspace."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lib.errors import InputError
from lib.format import format_headline
from lib.store.run_settings import train_command
from lib.store.runs import Run
from lib.store.workspace import open_workspace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--json", action="store_true", help="print one JSON list")


def run(args: argparse.Namespace) -> int:
    """Print the runs, newest first."""
    runs = open_workspace().runs.all()
    if args.json:
        print(json.dumps([run_json(one) for one in runs], ensure_ascii=False))
        return 0
    for one in runs:
        print(run_line(one))
    if not runs:
        print("There are no runs yet. Start one: python -m lib train FILE")
    return 0


def run_line(item: Run) -> str:
    """Write id, state, time, name and held-out change of a run."""
    quality = f"{format_headline(item.headline, arrow='->')}: {item.headline.verdict}" if item.headline else ""
    return f"{item.id}  {item.state:<11} {item.created[:16]}  {item.name}  {quality}".rstrip()


def run_json(item: Run) -> dict[str, Any]:
    """List what --json prints of a run."""
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
        "recipe": (recipe := _recipe_json(item)),
        "command": train_command(item) if recipe else None,
    }


def _recipe_json(item: Run) -> dict[str, Any] | None:
    """Convert a run's recipe; None where it is damaged, which must not hide the other runs."""
    try:
        return item.recipe.to_json()
    except InputError:
        return None
