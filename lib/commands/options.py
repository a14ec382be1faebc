"""The options that several commands share: how a file is read, mapped and split."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lib.data.columns.guess import guess_mapping, guess_roles
from lib.data.columns.mapping import ColumnMapping, parse_scale
from lib.data.prepare import prepare
from lib.data.prepared_dataset import PreparedDataset
from lib.data.read.options import ReadOptions
from lib.data.read.tables import read_table
from lib.data.shapes import VALUE_COLUMN, Shape
from lib.data.table import Table
from lib.errors import InputError
from lib.settings import HELD_OUT_FRACTION, VALIDATION_FRACTION

SEPARATORS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


@dataclass(frozen=True)
class Read:
    """A file as a command read it."""

    table: Table
    mapping: ColumnMapping
    prepared: PreparedDataset


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add file, reading, mapping and split options to a command."""
    parser.add_argument("file", type=Path, nargs="+", help="the file, or several of the same columns")
    reading = parser.add_argument_group("reading")
    reading.add_argument("--encoding", default="", help="such as utf-8 or windows-1252; found out if not given")
    reading.add_argument("--separator", default="", help="one character, or tab, comma, semicolon, pipe")
    reading.add_argument("--quote", default='"', help="the quote character; empty for none")
    reading.add_argument("--no-header", action="store_true", help="the first line is a row")
    reading.add_argument("--header", action="store_true", help="the first line names the columns")
    reading.add_argument("--sheet", default="", help="which sheet of an Excel file")
    reading.add_argument("--na", action="append", default=[], metavar="WORD", help="a word that means an empty cell")
    mapping = parser.add_argument_group("mapping (guessed where not given)")
    mapping.add_argument("--shape", choices=[shape.value for shape in Shape])
    for role in ("anchor", "positive", "negative", "text"):
        mapping.add_argument(
            f"--{role}", action="append", metavar="COLUMN", help=f"the column of the {role}; again joins or adds"
        )
    for role in ("label", "score", "group", "split-column"):
        mapping.add_argument(f"--{role}", metavar="COLUMN")
    mapping.add_argument("--score-scale", help="the score's scale: 0-5, 1-5, 0-1 or -1-1")
    mapping.add_argument(
        "--same", action="append", metavar="CLASS", help='a class that means the same; "" keeps all classes apart'
    )
    dividing = parser.add_argument_group("split")
    dividing.add_argument(
        "--validation", type=float, default=VALIDATION_FRACTION, help="share of rows (default %(default)s)"
    )
    dividing.add_argument(
        "--held-out", type=float, default=HELD_OUT_FRACTION, help="share of rows (default %(default)s)"
    )
    dividing.add_argument("--split-seed", type=int, default=0)


def read_options(given: argparse.Namespace) -> ReadOptions:
    """Return how the file should be read."""
    return ReadOptions(
        encoding=given.encoding,
        separator=SEPARATORS.get(given.separator, given.separator),
        quote=given.quote,
        header=False if given.no_header else True if given.header else None,
        sheet=given.sheet,
        na=tuple(given.na),
    )


def prepared_from(given: argparse.Namespace) -> Read:
    """Read, map, audit and split as the options say. Raises InputError."""
    table = read_table(given.file, options=read_options(given))
    mapping = mapping_from(given, table)
    prepared = prepare(
        table, mapping=mapping, validation=given.validation, held_out=given.held_out, seed=given.split_seed
    )
    return Read(table, mapping, prepared)


def mapping_from(given: argparse.Namespace, table: Table) -> ColumnMapping:
    """Return the guessed mapping, with every role that was given put in its place. Raises InputError for unknown columns."""
    roles = given_roles(given)
    check_columns(roles, table)
    if given.shape:
        mapping = guess_roles(table, Shape(given.shape))
    elif roles:
        mapping = guess_roles(table, shape_of(roles))
    else:
        mapping = guess_mapping(table)
    changes: dict[str, Any] = {"roles": {**mapping.roles, **roles}}
    if given.score_scale:
        changes["scale"] = parse_scale(given.score_scale)
    if given.same is not None:
        changes["same"] = tuple(name for name in given.same if name)
    if given.group:
        changes["group"] = given.group
    if given.split_column:
        changes["part"] = given.split_column
    return replace(mapping, **changes)


def given_roles(given: argparse.Namespace) -> dict[str, tuple[str, ...]]:
    """Return the roles that were given; several negatives are roles of their own, other repeated ones are joined."""
    roles: dict[str, tuple[str, ...]] = {}
    for role in ("anchor", "positive", "text"):
        if getattr(given, role):
            roles[role] = tuple(getattr(given, role))
    for number, column in enumerate(given.negative or (), start=1):
        roles["negative" if number == 1 else f"negative_{number}"] = (column,)
    for role in ("label", "score"):
        if getattr(given, role):
            roles[role] = (getattr(given, role),)
    return roles


def shape_of(roles: dict[str, tuple[str, ...]]) -> Shape:
    """Return the shape that a set of roles means."""
    if "text" in roles:
        return Shape.LABELLED_TEXTS
    if "negative" in roles:
        return Shape.TRIPLETS
    for shape in (Shape.SCORED, Shape.LABELLED_PAIRS):
        if VALUE_COLUMN[shape] in roles:
            return shape
    return Shape.PAIRS


def check_columns(roles: dict[str, tuple[str, ...]], table: Table) -> None:
    """Raise InputError when a given column is not in the table."""
    there = list(table.frame.columns)
    for role, columns in roles.items():
        for column in columns:
            if column not in there:
                raise InputError(
                    f"There is no column “{column}”.", where=f"--{role}", todo=f"There are: {', '.join(there[:20])}."
                )
