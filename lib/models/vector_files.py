"""The files that vectors are written to, by their ending.

Light, for the pages and commands that offer them.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePath

from lib.errors import InputError


class VectorFormat(StrEnum):
    """What vectors are written as."""

    PARQUET = "parquet"
    """The rows of the file with a column of vectors."""
    NPY = "npy"
    """The vectors alone, in the order of the rows."""


def format_of_name(name: str) -> VectorFormat:
    """Look the format of a file up by its ending. Raises InputError for any other."""
    ending = PurePath(name).suffix.lower().lstrip(".")
    if ending not in list(VectorFormat):
        raise InputError(f"{name} is neither .parquet nor .npy.", todo="Choose one of these endings for --out.")
    return VectorFormat(ending)
