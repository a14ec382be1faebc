"""The same work without a browser: python -m lib train|bases|audit|evaluate|map|check|runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lib.commands.terminal import print_traceback, protect_terminal
from lib.errors import CloserError, is_panic, unreadable_text
from lib.escapes import escape_controls
from lib.process import let_threads_sleep


class CommandModule(Protocol):
    """A module of lib.commands."""

    def add(self, parser: argparse.ArgumentParser, /) -> None:
        """Add the command's options."""

    def run(self, args: argparse.Namespace, /) -> int:
        """Do the work and return the exit code."""


@dataclass(frozen=True)
class Command:
    """A command: its line of help, and how its module is imported when it runs (torch costs seconds)."""

    help: str
    load: Callable[[], CommandModule]


def _train() -> CommandModule:
    from lib.commands import train

    return train


def _audit() -> CommandModule:
    from lib.commands import audit

    return audit


def _bases() -> CommandModule:
    from lib.commands import bases

    return bases


def _evaluate() -> CommandModule:
    from lib.commands import evaluate

    return evaluate


def _map() -> CommandModule:
    from lib.commands import map

    return map


def _check() -> CommandModule:
    from lib.commands import check

    return check


def _runs() -> CommandModule:
    from lib.commands import runs

    return runs


COMMANDS = {
    "train": Command("train one or several base models on a file", _train),
    "bases": Command("compare base models on a file's validation pairs, with BM25 beside them", _bases),
    "audit": Command("read a file and list problems with its rows", _audit),
    "evaluate": Command("evaluate a run's tuned model against its base model", _evaluate),
    "map": Command("compute (or recompute) a run's map", _map),
    "check": Command("verify every dataset and run against its manifest and the database", _check),
    "runs": Command("list the runs", _runs),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, or 1 after one clear line on standard error."""
    let_threads_sleep()
    args = sys.argv[1:] if arguments is None else arguments
    with protect_terminal():
        return _run_command(args)


def _run_command(args: list[str]) -> int:
    parsed = build_parser(args[:1]).parse_args(args)
    try:
        return COMMANDS[parsed.command].load().run(parsed)
    except CloserError as error:
        print(f"error: {escape_controls(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # its reader, such as head, has enough; the interpreter would flush once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except BaseException as error:  # a panic of a library in Rust is no Exception; anything else goes on
        if not is_panic(error):
            raise
        print(f"error: {escape_controls(str(unreadable_text(error)))}", file=sys.stderr)
        return 1


def build_parser(names: list[str]) -> argparse.ArgumentParser:
    """Build the parser of all commands.

    Only those named have their options, because only they are imported.
    """
    parser = argparse.ArgumentParser(prog="python -m lib", description="Closer on the command line.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.help, description=command.help)
        if name in names:
            command.load().add(sub)
    return parser


if __name__ == "__main__":
    sys.excepthook = print_traceback
    raise SystemExit(main())
