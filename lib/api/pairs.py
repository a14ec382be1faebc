"""Pairs of texts in memory, as a notebook has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from lib.data.columns.guess import guess_mapping, guess_roles
from lib.data.columns.mapping import ColumnMapping, apply_mapping
from lib.data.prepare import audit_table, prepare
from lib.data.prepared_dataset import PreparedDataset
from lib.data.read.tables import read_table
from lib.data.split.components import find_components
from lib.data.table import Table
from lib.errors import InputError
from lib.settings import HELD_OUT_FRACTION, VALIDATION_FRACTION
from lib.shapes import Shape

_SHOWN_ROWS = 5
_COLUMNS = ("source_sentence", "target_sentence")
_PAIR_MAPPING = ColumnMapping(Shape.PAIRS, {"anchor": _COLUMNS[:1], "positive": _COLUMNS[1:]})


@dataclass(frozen=True)
class Pairs:
    """Pairs of texts: each source belongs to the target at the same place.

    Sources are what is searched with (questions, queries), targets what is found (answers, documents). Any two iterables of
    text of the same length will do: lists, or columns of a DataFrame. Raises InputError for anything else.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]

    def __init__(self, sources: Iterable[str], targets: Iterable[str]) -> None:
        for name, texts in (("sources", sources), ("targets", targets)):
            object.__setattr__(self, name, _texts(texts, name))
        if len(self.sources) != len(self.targets):
            raise InputError(
                f"There are {len(self.sources):,} sources and {len(self.targets):,} targets.",
                todo="Each source needs the target at the same place.",
            )

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, source: str = "", target: str = "") -> Pairs:
        """Take two columns of a DataFrame; those that are not named are guessed as for an uploaded file."""
        table = Table.from_frame(frame.astype("str").fillna(""))
        guessed = guess_roles(table, Shape.PAIRS).roles
        names = [
            given or "".join(guessed.get(role, ())[:1]) for given, role in ((source, "anchor"), (target, "positive"))
        ]
        for name in names:
            if name not in frame:
                raise InputError(
                    f"There is no column “{name}”.", todo=f"There are: {', '.join(map(str, frame.columns))}."
                )
        return cls(*(table.frame[name] for name in names))

    @classmethod
    def from_file(cls, path: Path | str) -> Pairs:
        """Read the pairs of a file of any format that Closer reads. Raises InputError for other data."""
        table = read_table(Path(path))
        mapping = guess_mapping(table)
        if mapping.shape is not Shape.PAIRS:
            raise InputError(
                f"{Path(path).name} holds {mapping.shape.value.replace('_', ' ')}, not pairs.",
                todo="Give the path itself to train(): it takes all five shapes.",
            )
        frame = apply_mapping(table, mapping).frame
        return cls(frame["anchor"], frame["positive"])

    def to_frame(self) -> pd.DataFrame:
        """Write them as a DataFrame of source_sentence and target_sentence."""
        return pd.DataFrame(dict(zip(_COLUMNS, (self.sources, self.targets), strict=True)), dtype=object)

    def __len__(self) -> int:
        return len(self.sources)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return zip(self.sources, self.targets, strict=True)

    def __repr__(self) -> str:
        return f"Pairs({len(self):,})"

    def _repr_html_(self) -> str:
        return f"<p>{len(self):,} pairs</p>{self.to_frame().head(_SHOWN_ROWS).to_html(index=False)}"


TrainingData: TypeAlias = Pairs | pd.DataFrame | Path | str
"""What can be trained on: pairs, a table of any of the five shapes, or a file or folder of them."""


def prepare_data(
    data: TrainingData,
    *,
    validation: float = VALIDATION_FRACTION,
    held_out: float = HELD_OUT_FRACTION,
    split_seed: int = 0,
) -> PreparedDataset:
    """Read, map, audit and split data as the Upload page proposes. Raises InputError."""
    table, mapping = _table_of(data)
    return prepare(table, mapping=mapping, validation=validation, held_out=held_out, seed=split_seed)


def all_held_out(data: TrainingData) -> tuple[pd.DataFrame, Shape]:
    """Read, map and audit data whose rows are all held out. Raises InputError."""
    table, mapping = _table_of(data)
    audit = audit_table(table, mapping)
    if audit.examples.frame.empty:
        raise InputError("No row of the data can be used.", todo="Run python -m lib audit FILE to see why.")
    groups = find_components(audit.examples, near_codes=audit.near_codes)
    return audit.examples.frame.reset_index(drop=True).assign(part="held_out", component=groups), mapping.shape


def _table_of(data: TrainingData) -> tuple[Table, ColumnMapping]:
    """Make a table of the data, and map its columns."""
    if isinstance(data, Pairs):
        return Table.from_frame(data.to_frame()), _PAIR_MAPPING
    if isinstance(data, pd.DataFrame):
        table = Table.from_frame(data.astype("str").fillna(""))
    elif not Path(data).exists():
        raise InputError(f"There is no file {data}.", todo="Check the path.")
    else:
        table = read_table(Path(data))
    return table, guess_mapping(table)


def _texts(texts: Iterable[str], name: str) -> tuple[str, ...]:
    """Check that these are texts; one text alone is a mistake that would become letters."""
    if isinstance(texts, str):
        raise InputError(f"The {name} are one text.", todo="Give a list of texts.")
    found = tuple(texts)
    for place, text in enumerate(found):
        if not isinstance(text, str):
            raise InputError(
                f"{text!r:.60} is no text.",
                where=f"{name}[{place}]",
                todo="Turn it into a text, or leave the pair out.",
            )
    return found
