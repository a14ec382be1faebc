"""The same work without a browser: `python -m lib COMMAND`, or `closer COMMAND` where it is installed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import shtab

from lib.commands.terminal import print_traceback, protect_terminal
from lib.errors import CloserError, is_panic, unreadable_text
from lib.escapes import escape_controls
from lib.process import let_threads_sleep
from lib.store.locations import Location


class CommandModule(Protocol):
    """A module of lib.commands."""

    def add(self, parser: argparse.ArgumentParser, /) -> None:
        """Add the command's options."""

    def run(self, args: argparse.Namespace, /) -> int:
        """Do the work and return the exit code."""


@dataclass(frozen=True)
class Command:
    """A command: its line of help, its module, and an example.

    The module is imported when the command runs: torch costs seconds.
    """

    help: str
    load: Callable[[], CommandModule]
    example: str
    """What follows the program's name on the example line of --help; more lines may follow."""


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


def _groups() -> CommandModule:
    from lib.commands import groups

    return groups


def _report() -> CommandModule:
    from lib.commands import report

    return report


def _check() -> CommandModule:
    from lib.commands import check

    return check


def _runs() -> CommandModule:
    from lib.commands import runs

    return runs


def _pack() -> CommandModule:
    from lib.commands import pack

    return pack


def _unpack() -> CommandModule:
    from lib.commands import unpack

    return unpack


def _use() -> CommandModule:
    from lib.commands import use

    return use


def _push() -> CommandModule:
    from lib.commands import push

    return push


def _embed() -> CommandModule:
    from lib.commands import embed

    return embed


def _retrieve() -> CommandModule:
    from lib.commands import retrieve

    return retrieve


def _export() -> CommandModule:
    from lib.commands import export

    return export


COMMANDS = {
    "train": Command(
        "train one or several base models on a file",
        _train,
        "train pairs.csv --model models/e5-small-v2 --epochs 2 --out tuned\n\n"
        'the prompts of that model are known; others are set by --query-prompt "query: " --document-prompt "passage: "',
    ),
    "bases": Command(
        "compare base models on a file's validation pairs, with BM25 beside them",
        _bases,
        "bases pairs.csv --model all-MiniLM-L6-v2 --model closer/static-MiniLM --json",
    ),
    "audit": Command("read a file and list problems with its rows", _audit, "audit pairs.csv --drop duplicates --json"),
    "evaluate": Command(
        "evaluate a run's tuned model against its base model", _evaluate, "evaluate 3f2a9c01d4 --on other.csv --json"
    ),
    "map": Command("compute (or recompute) a run's map", _map, "map 3f2a9c01d4 --balance 0.3"),
    "groups": Command(
        "compare two groups of texts of a run's map: distance base and tuned, words, examples",
        _groups,
        "groups 3f2a9c01d4 --a German --b French --json",
    ),
    "report": Command(
        "write a run, or two, as one HTML page that opens anywhere",
        _report,
        "report 3f2a9c01d4 --out report.html --texts short",
    ),
    "embed": Command(
        "embed the texts of a file, or of a corpus of Parquet files, with a run's model or any other",
        _embed,
        "embed answers.csv --run 3f2a9c01d4 --column answer --out vectors.parquet\n\n"
        "Parquet files of any size, by path or URL, to a folder of as many files as are needed:\n"
        "  embed s3://texts/corpus --model intfloat/e5-small-v2 --column text --out s3://texts/vectors",
    ),
    "retrieve": Command(
        "find the nearest documents of queries in an embedded corpus of any size, exactly",
        _retrieve,
        "retrieve query-vectors --corpus s3://texts/vectors --top-k 10 --out nearest.parquet",
    ),
    "export": Command(
        "export a run's tuned model in another form, and measure what that costs",
        _export,
        "export 3f2a9c01d4 --format static --out model-static --json",
    ),
    "use": Command(
        "print the code that loads a tuned model elsewhere: LangChain, LlamaIndex, Haystack, servers",
        _use,
        "use 3f2a9c01d4 --with langchain",
    ),
    "push": Command(
        "push a tuned model to the Hub, private by default: what goes out is listed first",
        _push,
        "push 3f2a9c01d4 --repo ann/support-search --dry-run",
    ),
    "pack": Command(
        "write a run with its dataset, or a dataset, as one file that another workspace opens",
        _pack,
        "pack 3f2a9c01d4 --out run.zip",
    ),
    "unpack": Command("take the run or dataset of such a file into the workspace", _unpack, "unpack run.zip --json"),
    "check": Command("verify every dataset and run against its manifest and the database", _check, "check --json"),
    "runs": Command("list the runs", _runs, "runs --json"),
}

EXIT_CODES = """exit codes:
  0    done
  1    an error, named in one line on standard error; or check and audit found something wrong
  2    an option that is unknown or lacks its value
  130  interrupted by Ctrl-C"""
"""The last lines of every --help."""

PROGRAM = "closer"
"""The command of the installed package."""

PRINT_COMPLETION = "--print-completion"
"""The option that prints a completion script, as shtab names it."""


def start() -> int:
    """Run the command of the command line: where `closer` and `python -m lib` begin."""
    sys.excepthook = print_traceback
    return main()


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, or 1 after one clear line on standard error."""
    let_threads_sleep()
    args = sys.argv[1:] if arguments is None else arguments
    with protect_terminal():
        return _run_command(args)


def _run_command(args: list[str]) -> int:
    is_completion = args[:1] == [PRINT_COMPLETION]  # of all commands, under the name that a shell completes
    parser = build_parser(list(COMMANDS), program=PROGRAM) if is_completion else build_parser(args[:1])
    parsed = parser.parse_args(args)
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


def build_parser(names: list[str], *, program: str = "") -> argparse.ArgumentParser:
    """Build the parser of all commands.

    Only those named have their options, because only they are imported.
    """
    program = program or program_name()
    parser = argparse.ArgumentParser(
        prog=program,
        description="Closer on the command line.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shtab.add_argument_to(parser, PRINT_COMPLETION, help="print the completion script of a shell")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=command.help,
            description=command.help,
            epilog=f"example:\n  {program} {command.example}\n\n{EXIT_CODES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in names:
            command.load().add(sub)
            complete_files(sub)
    return parser


def complete_files(parser: argparse.ArgumentParser) -> None:
    """Let shells complete the names of files wherever an option or argument is a path."""
    for action in parser._actions:  # argparse offers no other list of them
        if action.type in (Path, Location):
            action.complete = shtab.FILE  # type: ignore[attr-defined]


def program_name() -> str:
    """Write how this program was started: `closer`, where the package is installed, or `python -m lib`."""
    return PROGRAM if Path(sys.argv[0]).stem == PROGRAM else "python -m lib"


if __name__ == "__main__":
    raise SystemExit(start())
