"""Read JSON of the workspace with its types checked: what is damaged is one error, never another.

A workspace can come from a broken disk or from somebody else, so every file of it is read as data of unknown worth.
"""

from __future__ import annotations

import json
import stat
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

MAX_STORED_BYTES = 256_000_000
"""Of one file: several times the largest that Closer writes (the label noise of a million rows)."""

_MAX_INTEGER_DIGITS = 18
"""Longer ones fit neither numpy's int64 nor a float."""

_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError, RecursionError)
"""What reading values of another type or form than expected raises."""

T = TypeVar("T")


class JsonError(ValueError):
    """A text is no JSON, or holds other values than its reader needs."""


def parse_stored(text: str | bytes, *, infinite: bool = False) -> Any:
    """Parse JSON whose texts UTF-8 can hold and whose numbers are finite or NaN. Raises JsonError.

    infinite: let infinite numbers in too.
    """
    constant = float if infinite else _parse_constant
    try:
        value = json.loads(text, parse_int=_parse_integer, parse_float=_parse_float, parse_constant=constant)
        json.dumps(value, ensure_ascii=False).encode()  # half characters are allowed in JSON, but in no page or file
    except _DAMAGE as error:
        raise JsonError(f"It is no JSON that can be read ({error}).") from error
    return value


def read_stored(path: Path, *, infinite: bool = False) -> Any:
    """Read a JSON file with `parse_stored`.

    Raises OSError (FileNotFoundError where there is none) and JsonError.
    """
    return parse_stored(read_stored_bytes(path), infinite=infinite)


def read_stored_bytes(path: Path) -> bytes:
    """Read a file of bounded size; what is a pipe or a device is not opened. Raises OSError and JsonError."""
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > MAX_STORED_BYTES:
        raise JsonError(f"{path.name} is no file of JSON.")
    return path.read_bytes()


def build(make: Callable[[Any], T], value: Any) -> T:
    """Make a typed result of parsed JSON and check the fields of its dataclasses. Raises JsonError."""
    try:
        made = make(value)
        _check_fields(made)
    except _DAMAGE as error:
        raise JsonError(f"{type(error).__name__}: {error}") from error
    return made


def typed(hint: Any, value: Any) -> Any:
    """Give the value as the type of the hint: a list as a tuple, a dict as a dataclass.

    Raises JsonError where it is of another type. Keys that a dataclass does not have are left out: a newer version may write more.
    """
    if isinstance(hint, type) and is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise JsonError(f"{value!r:.80} is no {hint.__name__}")
        hints = _hints(hint)
        return build(
            lambda some: hint(**some), {name: typed(hints[name], value[name]) for name in hints if name in value}
        )
    if get_origin(hint) is tuple and isinstance(value, list):
        value = tuple(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return build(hint, value)
    _check(hint, value)
    return value


def _parse_integer(text: str) -> int:
    if len(text.lstrip("-")) > _MAX_INTEGER_DIGITS:
        raise JsonError("a number is too large")
    return int(text)


def _parse_float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise JsonError("a number is too large")
    return number


def _parse_constant(name: str) -> float:
    if name != "NaN":
        raise JsonError("a number is infinite")
    return float("nan")


def _check_fields(value: Any) -> None:
    """Check the fields of a dataclass, and of those in it, against their annotations. Raises JsonError."""
    if is_dataclass(value) and not isinstance(value, type):
        hints = _hints(type(value))
        for field in fields(value):
            _check(hints[field.name], getattr(value, field.name))
    elif isinstance(value, list | tuple):
        for one in value:
            _check_fields(one)


def _check(hint: Any, value: Any) -> None:
    """Raise JsonError where the value is none of what the hint allows."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        _check_union(inside, value)
    elif origin is Literal:
        if value not in inside:
            _refuse(hint, value)
    elif origin is tuple:
        _check_tuple(hint, inside, value)
    elif origin in (list, dict) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        _check_container(hint, origin, inside, value)
    elif hint is not Any and not _is_instance(hint, value):
        _refuse(hint, value)
    else:
        _check_fields(value)


def _check_union(hints: tuple[Any, ...], value: Any) -> None:
    for hint in hints:
        try:
            _check(hint, value)
        except JsonError:
            continue
        return
    _refuse(hints, value)


def _check_tuple(hint: Any, inside: tuple[Any, ...], value: Any) -> None:
    if not isinstance(value, tuple):
        _refuse(hint, value)
    hints = inside[:1] * len(value) if inside[1:] == (Ellipsis,) else inside
    if len(hints) != len(value):
        _refuse(hint, value)
    for one, part in zip(hints, value, strict=True):
        _check(one, part)


def _check_container(hint: Any, origin: Any, inside: tuple[Any, ...], value: Any) -> None:
    if not isinstance(value, origin):
        _refuse(hint, value)
    for one in value.items() if isinstance(value, Mapping) else [(part,) for part in value]:
        for kind, part in zip(inside, one, strict=True):
            _check(kind, part)


def _is_instance(hint: Any, value: Any) -> bool:
    """Check a plain type: true and false are no numbers, a whole number is a float too."""
    if hint is None:
        return value is None
    if not isinstance(hint, type):
        return True
    if isinstance(value, bool) and hint in (int, float):
        return False
    return isinstance(value, hint) or (hint is float and isinstance(value, int))


def _refuse(hint: Any, value: Any) -> NoReturn:
    raise JsonError(f"{value!r:.80} is no {getattr(hint, '__name__', hint)}")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
