"""Datasets on disk: immutable examples with an id from their content, the original upload beside them."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from lib.errors import InputError, NotFoundError, StoreError
from lib.settings import PARTS
from lib.shapes import Shape
from lib.store.database import Database, now
from lib.store.layout import DatasetPaths, entry_folder
from lib.store.parquet import read_dataset_table
from lib.store.publish import publish, put_in_place, remove_published, size_of
from lib.store.rows import read_row, read_rows
from lib.typed_json import JsonError, parse_stored, read_stored, typed

MAX_NAME_CHARACTERS = 200
"""Of a dataset's or run's name."""

_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0\u17b4\u17b5\u180b\u180c\u180d\ufe0f"
"""Letters and marks that are drawn as nothing: Hangul and Khmer fillers, the empty braille cell, variation selectors."""


HASHED_ROWS = 100_000
"""Rows of a column that are Python objects at once while its content is hashed."""


class Publishable(Protocol):
    """What a dataset is made of: lib.data.prepared_dataset.PreparedDataset has it."""

    @property
    def shape(self) -> Any: ...
    @property
    def frame(self) -> pd.DataFrame: ...
    @property
    def facts(self) -> dict[str, Any]: ...
    @property
    def left_out(self) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Dataset:
    """One dataset: `counts` are rows by part; the examples are read when asked for."""

    id: str
    name: str
    notes: str
    shape: str
    created: str
    counts: dict[str, int]
    deleted: str | None
    folder: Path

    @property
    def paths(self) -> DatasetPaths:
        """The dataset's files."""
        return DatasetPaths(self.folder)

    @property
    def rows(self) -> int:
        """Number of examples in all parts."""
        return sum(self.counts.values())

    @property
    def facts(self) -> dict[str, Any]:
        """How the dataset was read, mapped, audited and split.

        Raises StoreError where that is damaged.
        """
        try:
            return dict(typed(dict[str, Any], read_stored(self.paths.facts)))
        except (OSError, JsonError) as error:
            raise StoreError("The facts of this dataset cannot be read.", where=str(self.paths.facts)) from error

    @property
    def originals(self) -> list[Path]:
        """The files as they were uploaded."""
        return sorted(p for p in self.paths.original.glob("*") if p.is_file())

    def frame(self) -> pd.DataFrame:
        """Read the examples: line, part, component and the shape's columns; the index is the example's id."""
        self._must_be_there()
        return read_dataset_table(self.paths.examples)

    def left_out(self) -> pd.DataFrame:
        """Read the rows that were left out, with line and reason."""
        self._must_be_there()
        return read_dataset_table(self.paths.left_out)

    def _must_be_there(self) -> None:
        if not self.folder.is_dir():
            raise NotFoundError(
                f"The dataset {self.name} is not on the disk any more.", where=str(self.folder), todo="Upload it again."
            )


class Datasets:
    """All datasets of a workspace. Names live in the database only; folders are named by id."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._folder = database, folder

    def publish(self, prepared: Publishable, *, name: str, originals: Sequence[Path] = ()) -> Dataset:
        """Store a prepared dataset and return it.

        The same content is the same dataset, brought back if it was deleted.
        """
        title = clean_name(name)
        identity = content_id(prepared)
        folder = self._folder / identity
        if not DatasetPaths(folder).examples.exists():
            with publish(folder) as part:
                write_dataset(part, prepared, originals)
        counts = {part: int((prepared.frame["part"] == part).sum()) for part in PARTS}
        with self._database.changing() as connection:
            connection.execute(
                "INSERT INTO datasets (id, name, shape, created, counts) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET deleted = NULL",
                (identity, title, str(prepared.shape), now(), json.dumps(counts)),
            )
        return self.get(identity)

    def adopt(
        self, folder: Path, identity: str, *, name: str, notes: str, shape: str, counts: dict[str, int]
    ) -> Dataset:
        """Move a checked folder of another workspace's dataset into place; one that is there already stays.

        Raises InputError for an odd id or name.
        """
        title, final = clean_name(name), entry_folder(self._folder, identity)
        if not DatasetPaths(final).examples.exists():
            put_in_place(folder, final)
        with self._database.changing() as connection:
            connection.execute(
                "INSERT INTO datasets (id, name, notes, shape, created, counts) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET deleted = NULL",
                (identity, title, notes, shape, now(), json.dumps(counts)),
            )
        return self.get(identity)

    def get(self, identity: str) -> Dataset:
        """Read one dataset, also a deleted one that can still come back. Raises NotFoundError."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM datasets WHERE id = ?", (identity,)).fetchone()
        if row is None:
            raise NotFoundError(f"There is no dataset {identity}.", todo="Choose one of the list on the Upload page.")
        return self._dataset(row)

    def all(self, *, deleted: bool = False) -> list[Dataset]:
        """List the datasets, newest first; with `deleted`, those that wait to be purged."""
        return self._read(f"deleted IS {'NOT' if deleted else ''} NULL")[0]

    def problems(self) -> list[str]:
        """Name each row that no list shows, because it is damaged."""
        return self._read("1")[1]

    def _read(self, condition: str) -> tuple[list[Dataset], list[str]]:
        query = f"SELECT * FROM datasets WHERE {condition} ORDER BY created DESC, rowid DESC"
        with self._database.reading() as connection:
            return read_rows(connection.execute(query), self._dataset)

    def rename(self, identity: str, name: str) -> None:
        """Rename a dataset. Raises InputError on an empty name."""
        self._set(identity, "name", clean_name(name))

    def annotate(self, identity: str, notes: str) -> None:
        """Replace a dataset's notes."""
        self._set(identity, "notes", notes)

    def delete(self, identity: str) -> None:
        """Hide a dataset; `restore` brings it back until `purge` frees its space."""
        self._set(identity, "deleted", now())

    def restore(self, identity: str) -> None:
        """Bring a deleted dataset back."""
        self._set(identity, "deleted", None)

    def purge(self, identity: str) -> int:
        """Remove a deleted dataset for good and return the bytes that this freed."""
        dataset = self.get(identity)
        if dataset.deleted is None:
            raise InputError(f"{dataset.name} is not deleted.", todo="Delete it first.")
        size = size_of(dataset.folder)
        with self._database.changing() as connection:
            connection.execute("DELETE FROM datasets WHERE id = ?", (identity,))
        remove_published(dataset.folder)
        return size

    def _set(self, identity: str, column: str, value: object) -> None:
        with self._database.changing() as connection:
            changed = connection.execute(f"UPDATE datasets SET {column} = ? WHERE id = ?", (value, identity))
            if changed.rowcount == 0:
                raise NotFoundError(f"There is no dataset {identity}.")

    def _dataset(self, row: sqlite3.Row) -> Dataset:
        values = read_row(row)
        folder = entry_folder(self._folder, values["id"])
        if values["shape"] not in set(Shape):
            raise StoreError(
                "This version knows no shape of this name.", where=f"{values['id']}: {values['shape']!r:.80}"
            )
        return Dataset(**(values | {"counts": _counts(values["counts"]), "folder": folder}))


def _counts(text: str) -> dict[str, int]:
    """Read the rows of each part; a part without a count, or damaged ones, count as none."""
    none = dict.fromkeys(PARTS, 0)
    try:
        known = typed(dict[str, int], parse_stored(text))
    except JsonError:
        return none
    return none | {part: max(0, known[part]) for part in PARTS if part in known}


def content_id(prepared: Publishable) -> str:
    """Compute the id of a dataset: 12 hex digits of a sha256 over shape, columns, parts and texts."""
    digest = hashlib.sha256(str(prepared.shape).encode())
    frame = prepared.frame
    for column in sorted(c for c in frame.columns if c not in ("line", "component")):
        digest.update(column.encode() + b"\0")
        for begin in range(0, len(frame), HASHED_ROWS):
            cells = frame[column].iloc[begin : begin + HASHED_ROWS]
            digest.update(pd.util.hash_pandas_object(cells, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:12]


def write_dataset(folder: Path, prepared: Publishable, originals: Sequence[Path]) -> None:
    """Write examples, facts, left-out rows and the original files into an empty folder."""
    paths = DatasetPaths(folder)
    prepared.frame.to_parquet(paths.examples)
    prepared.left_out.to_parquet(paths.left_out)
    paths.facts.write_text(json.dumps(prepared.facts, ensure_ascii=False), encoding="utf-8")
    paths.original.mkdir()
    for number, original in enumerate(originals):
        # The person's file name is text, not a path: only its extension is kept on disk; the name stands in the facts.
        shutil.copyfile(original, paths.original / f"{number}{''.join(original.suffixes[-2:])[:20]}")


def clean_name(name: str) -> str:
    """Strip surrounding space from a name.

    Raises InputError when nothing visible is left, it is too long, or it holds bytes that are no text.
    """
    cleaned = " ".join(name.split())
    if not is_visible(cleaned):
        raise InputError("The name is empty.", todo="Type at least one character.")
    if len(cleaned) > MAX_NAME_CHARACTERS:
        raise InputError(f"The name has {len(cleaned)} characters; {MAX_NAME_CHARACTERS} are the limit.")
    if any(unicodedata.category(sign) == "Cs" for sign in cleaned):
        raise InputError("The name holds bytes that are no UTF-8.", todo="Choose another name, with --name.")
    return cleaned


def is_visible(text: str) -> bool:
    """Whether a text has a character that is seen, or half of one."""
    kinds = (unicodedata.category(sign) for sign in text if sign not in _BLANK_LETTERS)
    return any(kind == "Cs" or kind[0] not in "CZ" for kind in kinds)
