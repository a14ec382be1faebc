"""Options that several commands share: how a file is read, mapped and split."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lib import settings
from lib.data.audit.check import DROP, FIX, KEEP
from lib.data.audit.registry import CHECKS
from lib.data.audit.run import Audit
from lib.data.columns.guess import guess_mapping, guess_roles
from lib.data.columns.mapping import ColumnMapping, parse_scale
from lib.data.columns.unused import open_questions
from lib.data.columns.value_columns import guess_value
from lib.data.prepare import audit_table, split_audited
from lib.data.prepared_dataset import PreparedDataset, Provenance
from lib.data.read.dataset_formats.registry import dataset_format_names
from lib.data.read.options import ReadOptions
from lib.data.read.tables import read_table
from lib.data.table import Table
from lib.errors import InputError
from lib.recipe.options import RAY_CLUSTER, THIS_MACHINE
from lib.settings import HELD_OUT_FRACTION, VALIDATION_FRACTION
from lib.shapes import VALUE_COLUMN, Shape

FILE_HELP = (
    "the file, several of the same columns, a folder or a zip; recognised by their look: "
    f"{dataset_format_names()}, and folders saved by datasets"
)
COLUMN_HELP = {
    "split-column": 'the column that names the part of each row (default: that of files which are parts; "" for none)'
}
PROMPT_HELP = r'Such as "query: "; \n is a line break, "" no prompt.'
SEPARATOR_WORDS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


@dataclass(frozen=True)
class AuditedData:
    """The data of a command: the table, how its columns were mapped, and the audit."""

    table: Table
    mapping: ColumnMapping
    audit: Audit

    def split(self, args: argparse.Namespace) -> PreparedDataset:
        """Split it as the options say. Raises InputError where a part would be empty."""
        prepared = split_audited(self.audit, validation=args.validation, held_out=args.held_out, seed=args.split_seed)
        return replace(prepared, provenance=Provenance(self.table.report, self.mapping))


@dataclass(frozen=True)
class LoadedData:
    """The data of a command: the table, how its columns were mapped, and the prepared dataset."""

    table: Table
    mapping: ColumnMapping
    prepared: PreparedDataset


def add_data_options(parser: argparse.ArgumentParser, *, files: str = "+") -> None:
    """Add the options for file, reading, column mapping and split to a command.

    files: how many files it takes, as argparse writes it.
    """
    parser.add_argument("file", type=Path, nargs=files, help=FILE_HELP)
    add_reading_options(parser)
    mapping = parser.add_argument_group("column mapping (default: guess)")
    mapping.add_argument("--shape", choices=[shape.value for shape in Shape])
    for role in ("anchor", "positive", "negative", "text"):
        mapping.add_argument(
            f"--{role}",
            action="append",
            metavar="COLUMN",
            help=f"the column of the {role}; repeat to join columns (negative: to add one)",
        )
    for role in ("label", "score", "group", "split-column"):
        mapping.add_argument(f"--{role}", metavar="COLUMN", help=COLUMN_HELP.get(role))
    mapping.add_argument("--score-scale", help="scale of the scores: 0-5, 1-5, 0-1 or -1-1; 1-0 for distances")
    mapping.add_argument(
        "--same", action="append", metavar="CLASS", help='a class that means "the same"; "" keeps all classes'
    )
    checks = parser.add_argument_group(
        "data checks", f"what to do with the rows that a check flags: {', '.join(check.name for check in CHECKS)}"
    )
    for choice in (KEEP, DROP, FIX):
        checks.add_argument(
            f"--{choice}", action="append", default=[], metavar="CHECK", help=f"{choice} them, repeatable"
        )
    splitting = parser.add_argument_group("split")
    splitting.add_argument(
        "--held-out-file", type=Path, metavar="FILE", help="a file of the same columns that is the held-out part"
    )
    splitting.add_argument(
        "--validation", type=float, default=VALIDATION_FRACTION, help="fraction of rows (default %(default)s)"
    )
    splitting.add_argument(
        "--held-out", type=float, default=HELD_OUT_FRACTION, help="fraction of rows (default %(default)s)"
    )
    splitting.add_argument("--split-seed", type=int, default=0)


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for how a file is read to a command."""
    reading = parser.add_argument_group("reading")
    reading.add_argument("--encoding", default="", help="such as utf-8 or windows-1252 (default: detect)")
    reading.add_argument("--separator", default="", help="one character, or tab, comma, semicolon, pipe")
    reading.add_argument("--quote", help="the quote character; empty for none (default: detect)")
    reading.add_argument("--no-header", action="store_true", help="the first line is data")
    reading.add_argument("--header", action="store_true", help="the first line names the columns")
    reading.add_argument("--sheet", default="", help="which sheet of an Excel file")
    reading.add_argument("--skip", type=int, metavar="N", help="skip the first N lines (default: detect a title)")
    reading.add_argument(
        "--na", action="append", default=[], metavar="WORD", help="a word that means an empty cell, repeatable"
    )


def add_download_option(parser: argparse.ArgumentParser) -> None:
    """Add the switch that allows downloads from the Hub to a command."""
    parser.add_argument(
        "--download",
        action="store_true",
        help=f"download a base model of the Hub that is not on this machine (as {settings.DOWNLOADS}=1 does)",
    )


def add_place_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for where a corpus is worked on to a command."""
    place = parser.add_argument_group("where a corpus is worked on")
    place.add_argument("--where", choices=(THIS_MACHINE, RAY_CLUSTER), default=THIS_MACHINE, help="default %(default)s")
    place.add_argument(
        "--address", metavar="HOST:PORT", default="", help="of the Ray cluster, as `ray start` prints it"
    )
    place.add_argument(
        "--processes",
        type=int,
        default=0,
        metavar="N",
        help="at most so many on the cluster; 0 (default): one for each graphics card, or for each CPU where there is none",
    )


def read_options_from(args: argparse.Namespace) -> ReadOptions:
    """Make ReadOptions of the command's options."""
    return ReadOptions(
        encoding=args.encoding,
        separator=SEPARATOR_WORDS.get(args.separator, args.separator),
        quote=args.quote,
        header=False if args.no_header else True if args.header else None,
        sheet=args.sheet,
        skip=args.skip,
        na=tuple(args.na),
    )


def load_data(args: argparse.Namespace) -> LoadedData:
    """Read, map, audit and split the command's files, and print what is unclear. Raises InputError."""
    audited = audit_data(args)
    return LoadedData(audited.table, audited.mapping, audited.split(args))


def audit_data(args: argparse.Namespace) -> AuditedData:
    """Read, map and audit the command's files, and print what is unclear on standard error."""
    options = read_options_from(args)
    table = read_table(args.file, options=options)
    mapping = mapping_from_options(args, table)
    for question in open_questions(table, mapping):
        print(f"unclear: {question.text} {question.todo}", file=sys.stderr)
    own = read_table(args.held_out_file, options=options) if args.held_out_file else None
    audit = audit_table(table, mapping, choices=choices_from_options(args), own_held_out=own)
    return AuditedData(table, mapping, audit)


def prompt_from_option(text: str) -> str:
    r"""Read a prompt as typed: \n is a line break."""
    return text.replace(r"\n", "\n")


def choices_from_options(args: argparse.Namespace) -> dict[str, str]:
    """Collect the choice for each named check. Raises InputError where one is named twice."""
    choices: dict[str, str] = {}
    for choice in (KEEP, DROP, FIX):
        for name in getattr(args, choice):
            if choices.setdefault(name, choice) != choice:
                raise InputError(f"“{name}” is given to --{choices[name]} and to --{choice}.", todo="Choose one.")
    return choices


def mapping_from_options(args: argparse.Namespace, table: Table) -> ColumnMapping:
    """Guess the mapping, and override what the options name. Raises InputError for unknown columns."""
    roles = roles_from_options(args)
    check_role_columns(roles, table)
    if args.shape:
        mapping = guess_roles(table, Shape(args.shape))
    elif roles:
        mapping = guess_roles(table, shape_from_roles(roles))
    else:
        mapping = guess_mapping(table)
    changes: dict[str, Any] = {"roles": {**mapping.roles, **roles}}
    value = VALUE_COLUMN[mapping.shape]
    if value and roles.get(value, mapping.roles.get(value)) != mapping.roles.get(value):
        chosen = guess_value(table.frame, replace(mapping, roles=changes["roles"]), roles[value][0])
        changes |= {"scale": chosen.scale, "same": chosen.same}
    if args.score_scale:
        changes["scale"] = parse_scale(args.score_scale)
    if args.same is not None:
        changes["same"] = tuple(name for name in args.same if name)
    if args.group:
        changes["group"] = args.group
    if args.split_column is not None:
        changes["part"] = args.split_column
    return replace(mapping, **changes)


def roles_from_options(args: argparse.Namespace) -> dict[str, tuple[str, ...]]:
    """Collect the roles that the options name.

    Each negative is a role of its own, other repeated ones are joined.
    """
    roles: dict[str, tuple[str, ...]] = {}
    for role in ("anchor", "positive", "text"):
        if getattr(args, role):
            roles[role] = tuple(getattr(args, role))
    for number, column in enumerate(args.negative or (), start=1):
        roles["negative" if number == 1 else f"negative_{number}"] = (column,)
    for role in ("label", "score"):
        if getattr(args, role):
            roles[role] = (getattr(args, role),)
    return roles


def shape_from_roles(roles: dict[str, tuple[str, ...]]) -> Shape:
    """Infer the shape from a set of roles."""
    if "text" in roles:
        return Shape.LABELLED_TEXTS
    if "negative" in roles:
        return Shape.TRIPLETS
    for shape in (Shape.SCORED, Shape.LABELLED_PAIRS):
        if VALUE_COLUMN[shape] in roles:
            return shape
    return Shape.PAIRS


def check_role_columns(roles: dict[str, tuple[str, ...]], table: Table) -> None:
    """Raise InputError for a column that is not in the table."""
    names = list(table.frame.columns)
    for role, columns in roles.items():
        for column in columns:
            if column not in names:
                raise InputError(
                    f"There is no column “{column}”.", where=f"--{role}", todo=f"There are: {', '.join(names[:20])}."
                )
