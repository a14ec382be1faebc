"""JSON of a workspace becomes a typed value or one named error."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest

from lib import typed_json
from lib.typed_json import JsonError, build, parse_stored, read_stored, typed


class Kind(Enum):
    A = "a"


@dataclass(frozen=True)
class Inner:
    share: float
    note: str | None = None


@dataclass(frozen=True)
class Outer:
    count: int
    inner: Inner
    kind: Kind = Kind.A
    parts: tuple[Inner, ...] = ()
    pair: tuple[int, str] = (0, "")
    by_name: Mapping[str, list[int]] | None = None
    side: Literal["left", "right"] = "left"
    rest: Any = None


WHOLE: dict[str, Any] = {"count": 1, "inner": {"share": 1}}

PARSED = {
    "a number": ("1.5", 1.5),
    "eighteen digits": ("9" * 18, 10**18 - 1),
    "a text": ('"\\u00e9"', "é"),
    "bytes": (b"[true]", [True]),
}

UNPARSED = {
    "nothing": "",
    "torn": '{"a": ',
    "infinite": "Infinity",
    "minus infinite": '{"a": -Infinity}',
    "too large": "1e999",
    "nineteen digits": "1" + "0" * 18,
    "400 digits": "-" + "1" * 400,
    "half a character": '"\\ud800"',
    "half a character in a key": '{"\\udfff": 1}',
    "no UTF-8": b'"\xff"',
    "nested": "[" * 100_000,
}

BUILT: dict[str, tuple[dict[str, Any], Outer]] = {
    "the least": ({}, Outer(1, Inner(1))),
    "a key of a newer version": ({"new": 1}, Outer(1, Inner(1))),
    "an enum": ({"kind": "a"}, Outer(1, Inner(1), Kind.A)),
    "a list as a tuple": ({"pair": [2, "b"]}, Outer(1, Inner(1), pair=(2, "b"))),
    "a mapping": ({"by_name": {"a": [1]}}, Outer(1, Inner(1), by_name={"a": [1]})),
    "a union": ({"inner": {"share": 0.5, "note": "n"}}, Outer(1, Inner(0.5, "n"))),
    "anything": ({"rest": [{}]}, Outer(1, Inner(1), rest=[{}])),
}

REFUSED: dict[str, Any] = {
    "no object": [1],
    "nothing": None,
    "a lack": {"inner": {"share": 1}},
    "a lack inside": {"count": 1, "inner": {}},
    "a text for a number": WHOLE | {"count": "1"},
    "true for a number": WHOLE | {"count": True},
    "a fraction for a whole number": WHOLE | {"count": 1.0},
    "none for an object": WHOLE | {"inner": None},
    "an unknown value of an enum": WHOLE | {"kind": "b"},
    "a list for an enum": WHOLE | {"kind": []},
    "another literal": WHOLE | {"side": "up"},
    "a list for a literal": WHOLE | {"side": ["left"]},
    "too short a tuple": WHOLE | {"pair": [1]},
    "another type in a tuple": WHOLE | {"pair": ["a", "b"]},
    "a text for a tuple": WHOLE | {"pair": "ab"},
    "another type in a tuple of any length": WHOLE | {"parts": [1]},
    "a list for a mapping": WHOLE | {"by_name": [["a", [1]]]},
    "another type in a mapping": WHOLE | {"by_name": {"a": [1, "b"]}},
    "another type in a union": WHOLE | {"inner": {"share": 1, "note": 2}},
}


@pytest.mark.parametrize("case", PARSED)
def test_plain_json_is_parsed(case: str) -> None:
    text, value = PARSED[case]
    assert parse_stored(text) == value


def test_nan_is_a_number_and_infinity_only_where_it_is_asked_for() -> None:
    assert math.isnan(parse_stored("NaN"))
    assert parse_stored('{"best": -Infinity}', infinite=True) == {"best": -math.inf}


@pytest.mark.parametrize("case", UNPARSED)
def test_what_no_page_or_file_can_hold_is_one_named_error(case: str) -> None:
    with pytest.raises(JsonError):
        parse_stored(UNPARSED[case])


@pytest.mark.parametrize("case", BUILT)
def test_values_get_the_types_of_their_hints(case: str) -> None:
    values, made = BUILT[case]
    assert typed(Outer, WHOLE | values) == made


@pytest.mark.parametrize("case", REFUSED)
def test_values_of_other_types_are_one_named_error(case: str) -> None:
    with pytest.raises(JsonError):
        typed(Outer, REFUSED[case])


def test_parts_become_dataclasses() -> None:
    assert typed(tuple[Inner, ...], []) == ()
    with pytest.raises(JsonError):
        typed(tuple[Inner, ...], [{"share": "much"}])


def test_what_a_maker_raises_and_the_fields_that_it_fills_wrongly_are_one_named_error() -> None:
    assert build(lambda value: Inner(**value), {"share": 0.5}) == Inner(0.5)
    for values in ({}, {"share": "much"}, {"other": 1}, None, [1]):
        with pytest.raises(JsonError):
            build(lambda value: Inner(**value), values)
    with pytest.raises(JsonError):
        build(lambda value: Outer(1, Inner(value)), "much")  # of a dataclass inside too
    with pytest.raises(JsonError):
        build(lambda value: [Inner(one) for one in value], [1.0, "much"])


def test_an_error_of_another_kind_is_no_damage() -> None:
    def fail(_: object) -> object:
        raise OSError

    with pytest.raises(OSError):
        build(fail, 1)


def test_only_regular_files_of_bounded_size_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(FileNotFoundError):
        read_stored(path)
    path.write_text(json.dumps({"a": 1}))
    assert read_stored(path) == {"a": 1}
    monkeypatch.setattr(typed_json, "MAX_STORED_BYTES", 4)
    for unread in (path, tmp_path, Path("/dev/zero")):
        with pytest.raises(JsonError):
            read_stored(unread)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(JsonError):
            read_stored(tmp_path / "pipe")
