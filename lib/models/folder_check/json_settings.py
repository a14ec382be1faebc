"""The settings of one json file, each read with its type and range."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from lib.models.folder_check.files import ModelFile
from lib.models.folder_check.problem import FolderProblemError, quote, quote_names

UNSAFE_SETTINGS = "Settings that are not known could steer what is loaded, from where and how."


def parse_file(file: ModelFile) -> Any:
    """Parse a file of a model folder. Raises FolderProblemError for what is no json."""
    try:
        return parse_text(file.path.read_bytes().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise FolderProblemError(file.name, f"it cannot be read as json: {quote(str(error))}") from None


def parse_text(text: str | bytes) -> Any:
    """Parse json whose numbers are finite and whose names stand once. Raises ValueError.

    Of two settings of one name this check and the loader's library could each read another.
    """
    return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_unique)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text:.20} is too large a number")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"it has {quote(twice)} twice")
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


@dataclass(frozen=True)
class JsonSettings:
    """The settings of a json object, and the file it is from."""

    file: str
    values: Mapping[str, Any]

    @classmethod
    def read(cls, file: ModelFile) -> JsonSettings:
        """Read a json object. Raises FolderProblemError for another value."""
        values = parse_file(file)
        if not isinstance(values, dict):
            raise FolderProblemError(file.name, f"it holds a {type(values).__name__} in place of settings")
        return cls(file.name, values)

    def refuse(self, reason: str, *, todo: str = "") -> NoReturn:
        """Raise FolderProblemError for this file."""
        raise FolderProblemError(self.file, reason, todo)

    def check_names(self, allowed: Collection[str]) -> None:
        """Refuse settings that are not in the list."""
        unknown = sorted(name for name in self.values if name not in allowed)
        if unknown:
            self.refuse(f"it has settings that are not known: {quote_names(unknown)}", todo=UNSAFE_SETTINGS)

    def refuse_unless_empty(self, *names: str) -> None:
        """Refuse settings that hand something to the loader; null and {} hand nothing."""
        for name in names:
            if self.values.get(name):
                self.refuse(f"it hands {name} to the loader: {quote(self.values[name])}")

    def integer(self, name: str, *, low: int, high: int, default: int | None = None) -> int:
        """Read a whole number in a range; the default where it is missing or null."""
        value = self.values.get(name)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.refuse(f"{name} is {quote(value)}, not a whole number from {low:,} to {high:,}")
        return value

    def number(self, name: str, *, low: float, high: float) -> None:
        """Check a number in a range; missing and null are fine."""
        value = self.values.get(name)
        if value is None:
            return
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.refuse(f"{name} is {quote(value)}, not a number from {low:g} to {high:g}")

    def boolean(self, name: str, *, default: bool = False) -> bool:
        """Read true or false; the default where it is missing or null."""
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse(f"{name} is {quote(value)}, neither true nor false")
        return value

    def choice(self, name: str, allowed: Collection[object]) -> Any:
        """Read one of a few values; None is missing or null."""
        value = self.values.get(name)
        if value is not None and (isinstance(value, dict | list) or value not in allowed):
            self.refuse(f"{name} is {quote(value)}; known are {', '.join(sorted(map(str, allowed)))}")
        return value

    def text(self, name: str, *, longest: int = 500) -> str:
        """Read a string; empty where it is missing or null."""
        value = self.values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > longest:
            self.refuse(f"{name} is {quote(value)}, not a text of at most {longest:,} characters")
        return value


def is_plain(value: object) -> bool:
    """Check for null, a truth value, a finite number or a short text."""
    if isinstance(value, str):
        return len(value) <= 500
    return value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value))
