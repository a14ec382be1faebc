"""Vectors that something else made for a dataset's texts: an API, another library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow

from lib.data.model_inputs import ModelInputs, Reading, Role
from lib.errors import InputError
from lib.evaluation.model_pair import MODEL_NAMES
from lib.evaluation.run import EmbedByModel

ROLE_SIGNS = {Role.QUERY: "\ue000", Role.DOCUMENT: "\ue001"}
"""What stands before a text on its way to its vector, so that a text of both roles has two."""

TEXT, ROLE, VECTOR = "text", "role", "vector"
"""Columns of files of texts and of vectors."""

RoleText = tuple[str, str]
"""A role (empty: any) and a text."""


@dataclass(frozen=True)
class OwnVectors:
    """The vectors of one model.

    rows: (texts, d) float32; index: the row of each text by role; source: the file's name.
    """

    rows: np.ndarray
    index: Mapping[RoleText, int]
    source: str

    def find(self, wanted: Sequence[RoleText]) -> np.ndarray:
        """Read the vectors of these texts, (texts, d). Raises InputError where one is missing."""
        found = [self.index.get(key, self.index.get(("", key[1]), -1)) for key in wanted]
        missing = sum(row < 0 for row in found)
        if missing:
            raise InputError(
                f"{missing:,} of the {len(wanted):,} texts have no vector in {self.source}.",
                todo="List the texts with --write-texts FILE, and embed all of them.",
            )
        return self.rows[found]


def read_with_roles(inputs: ModelInputs) -> ModelInputs:
    """Read the texts with a sign of their role in place of a prompt, as `own_embedder` expects them."""
    query, document = ROLE_SIGNS[Role.QUERY], ROLE_SIGNS[Role.DOCUMENT]
    return ModelInputs(
        inputs.frame, inputs.shape, Reading(query, document, default_prompt=False).for_shape(inputs.shape)
    )


def own_embedder(vectors: Mapping[str, OwnVectors]) -> EmbedByModel:
    """Build the function that looks up vectors in place of embedding. vectors: by base and tuned."""
    return lambda name, texts: vectors[name].find([role_of_text(text) for text in texts])


def role_of_text(read: str) -> RoleText:
    """Split a text as it is read into its role and itself."""
    role = next(role for role, sign in ROLE_SIGNS.items() if read.startswith(sign))
    return str(role), read[1:]


def texts_to_embed(inputs: ModelInputs) -> list[RoleText]:
    """List the distinct texts of a dataset, each in every role that it has, in a fixed order."""
    return [role_of_text(sign + text) for sign, texts in read_with_roles(inputs).texts_by_prompt for text in texts]


def write_texts(path: Path, inputs: ModelInputs) -> int:
    """Write the texts to embed as JSON lines, role and text, and return how many there are."""
    texts = texts_to_embed(inputs)
    path.write_text("".join(json.dumps({TEXT: text, ROLE: role}) + "\n" for role, text in texts), encoding="utf-8")
    return len(texts)


def read_own_vectors(path: Path, *, texts: Path | None, expected: Sequence[RoleText]) -> OwnVectors:
    """Read a file of vectors: Parquet with text and vector, or npy with the rows of a file of texts.

    texts: that file; without it the rows are those that `write_texts` lists. Raises InputError for a file that is none of this.
    """
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else None
        rows = np.load(path, allow_pickle=False) if table is None else _stack(table, path)
    except (OSError, ValueError, EOFError, pyarrow.ArrowException) as error:
        raise InputError(
            f"{path.name} holds no vectors that can be read.", todo="Save it as .npy or .parquet."
        ) from error
    names = _names(table, path) if table is not None else _read_texts(texts) if texts else list(expected)
    if rows.ndim != 2 or not np.issubdtype(rows.dtype, np.number):
        raise InputError(f"{path.name} is no matrix of numbers.", todo="Save one row a text: (texts, dimension).")
    if len(rows) != len(names):
        raise InputError(
            f"{path.name} has {len(rows):,} rows for {len(names):,} texts.",
            todo="Save one row a text, in the same order.",
        )
    index = {name: row for row, name in reversed(list(enumerate(names)))}
    return OwnVectors(rows.astype(np.float32), index, path.name)


def _stack(table: pd.DataFrame, path: Path) -> np.ndarray:
    """Stack the lists of the column of vectors.

    Raises InputError without one, ValueError for lists of several lengths.
    """
    if not {TEXT, VECTOR} <= set(table):
        there = ", ".join(map(str, table.columns[:10]))
        raise InputError(f"{path.name} has no columns {TEXT} and {VECTOR}.", where=there, todo="Rename its columns.")
    return np.stack([np.asarray(one) for one in table[VECTOR]]) if len(table) else np.zeros((0, 0))


def _names(table: pd.DataFrame, path: Path) -> list[RoleText]:
    roles = table[ROLE].fillna("").astype(str) if ROLE in table else pd.Series("", index=table.index)
    return list(zip(roles.tolist(), table[TEXT].astype(str).tolist(), strict=True))


def _read_texts(path: Path) -> list[RoleText]:
    """Read a file of texts: JSON lines with text (and role), Parquet with the same, else one text a line."""
    try:
        if path.suffix == ".parquet":
            return _names(pd.read_parquet(path), path)
        lines = path.read_text(encoding="utf-8").split("\n")
        lines = lines[:-1] if lines[-1] == "" else lines
        if path.suffix not in (".jsonl", ".ndjson"):
            return [("", line.removesuffix("\r")) for line in lines]
        return [(str(row.get(ROLE, "")), str(row[TEXT])) for row in map(json.loads, lines)]
    except (OSError, ValueError, KeyError, AttributeError, pyarrow.ArrowException) as error:
        raise InputError(
            f"{path.name} holds no texts that can be read.", todo=f"Write JSON lines with “{TEXT}”, or one text a line."
        ) from error


def vectors_mark(files: Sequence[Path]) -> str:
    """Hash what the files hold to 12 hex digits, so that a folder's name never comes from a file's."""
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:12]


def map_vectors(inputs: ModelInputs, vectors: Mapping[str, OwnVectors]) -> tuple[list[str], dict[str, np.ndarray]]:
    """List the dataset's texts and their vectors (texts, d) by model, a text of both roles as a document."""
    marked = read_with_roles(inputs)
    texts = list(dict.fromkeys(text for _, own in marked.texts_by_prompt for text in own))
    wanted = [role_of_text(text) for text in marked.read_by_use(texts)]
    return texts, {name: vectors[name].find(wanted) for name in MODEL_NAMES}
