"""The same work without a browser: python -m lib train|audit|evaluate|map|check|runs."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from lib.errors import CloserError

COMMANDS = {
    "train": "train one or several base models on a file",
    "audit": "read a file and say what is wrong with it",
    "evaluate": "judge a run's tuned model against its base model",
    "map": "draw (or redraw) a run's map",
    "check": "verify every dataset and run against its manifest and the database",
    "runs": "list the runs",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, or 1 after one clear line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m lib", description="Closer, without a browser.")
    commands = parser.add_subparsers(dest="command", required=True)
    given = sys.argv[1:] if arguments is None else arguments
    for name, help_line in COMMANDS.items():
        sub = commands.add_parser(name, help=help_line, description=help_line)
        if given[:1] == [name]:  # only the command that runs is imported: torch costs seconds
            import_module(f"lib.commands.{name}").add(sub)
    parsed = parser.parse_args(given)
    try:
        return import_module(f"lib.commands.{parsed.command}").run(parsed)
    except CloserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
