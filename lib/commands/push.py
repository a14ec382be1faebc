"""`python -m lib push RUN --repo OWNER/NAME`: a run's tuned model to the Hub, after a question."""

from __future__ import annotations

import argparse
import json
import sys

from lib import settings
from lib.commands.progress_bar import CommandProgress
from lib.errors import InputError
from lib.experiments.hub_push import PushPlan, check_hub_access, plan_push, push
from lib.format import format_bytes, format_count
from lib.store.workspace import open_workspace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("run", help="a run's id, as `python -m lib runs` lists it")
    parser.add_argument("--repo", required=True, metavar="OWNER/NAME", help="the repository, made where there is none")
    parser.add_argument("--public", action="store_true", help="for everybody to see (default: private)")
    parser.add_argument("--dry-run", action="store_true", help="list what would go out, and connect to nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--network",
        action="store_true",
        help=f"allow this command to connect to the Hub (as {settings.DOWNLOADS}=1 does)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """List what goes out, ask, push."""
    if args.network:
        settings.allow_downloads()
    plan = plan_push(open_workspace().runs.get(args.run), args.repo, is_private=not args.public)
    print(plan_text(plan), file=sys.stderr)
    address = ""
    if not args.dry_run:
        check_hub_access()
        ask(plan, is_sure=args.yes)
        with CommandProgress(plan.repo) as progress:
            address = push(plan, progress=progress)
    if args.json:
        print(json.dumps(plan.to_json() | {"pushed": bool(address), "address": address or None}))
    elif address:
        print(f"pushed: {address}")
    return 0


def ask(plan: PushPlan, *, is_sure: bool) -> None:
    """Ask whether the files may go out. Raises InputError for a no, and where nobody can answer."""
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise InputError(
            "Nobody can answer whether these files may go out.", todo="Give --yes, or run it in a terminal."
        )
    print(f"Push them to {plan.repo}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise InputError("Nothing was pushed.")


def plan_text(plan: PushPlan) -> str:
    """List every file that goes out with its size."""
    width = max(len(file.name) for file in plan.files)
    kind = "private" if plan.is_private else "public"
    lines = [f"{file.name:<{width}}  {format_bytes(file.bytes):>9}" for file in plan.files]
    total = f"{format_count(len(plan.files), 'file')}, {format_bytes(plan.bytes)}, to {plan.repo} ({kind})"
    return "\n".join([*lines, f"{total}; no text of the dataset is in them"])
