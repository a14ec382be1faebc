"""Damage JSON at random: values of other types, missing keys, torn and garbled text. Seeded, so that a finding repeats."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**63,
    10**400,
    0.5,
    -0.5,
    1e308,
    -1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "a",
    "²",
    "\x00",
    "\ud800",
    "../../x",
    "/etc/passwd",
    "x" * 10_000,
    "2026-01-01T00:00:00",
    "0001-01-01T00:00:00+00:00",
    "9999-12-31T23:59:59-23:59",
    [],
    [[]],
    [None],
    [1, "a"],
    {},
    {"": None},
    {"a": {"b": []}},
)


def mutate(text: str, draw: random.Random) -> bytes:
    """Damage a JSON text in one to three places."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if value is not None and draw.random() < 0.85:
        for _ in range(draw.choice((1, 1, 1, 2, 3))):
            value = mutate_value(copy.deepcopy(value), draw)
        return json.dumps(value).encode()
    return mutate_bytes(text.encode("utf-8", "surrogatepass"), draw)


def mutate_value(value: Any, draw: random.Random) -> Any:
    """Replace, remove, rename or repeat one part of a value."""
    places = list(places_of(value))
    if not places or draw.random() < 0.05:
        return draw.choice(ODD_VALUES)
    holder, key = draw.choice(places)
    action = draw.random()
    if action < 0.65:
        holder[key] = draw.choice(ODD_VALUES)
    elif action < 0.8:
        del holder[key]
    elif isinstance(holder, dict):
        holder[str(key) + draw.choice(("", "x", "²"))] = draw.choice(ODD_VALUES)
    else:
        holder.insert(key, draw.choice(ODD_VALUES))
    return value


def places_of(value: Any) -> Any:
    """Yield every holder and key below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in list(items):
        yield value, key
        yield from places_of(one)


def mutate_bytes(data: bytes, draw: random.Random) -> bytes:
    """Cut, repeat or overwrite bytes, or put something else in their place."""
    kind = draw.randrange(6)
    at = draw.randrange(len(data) + 1)
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + bytes(draw.randrange(256) for _ in range(draw.randrange(1, 9))) + data[at + 4 :]
    if kind == 2:
        return b"[" * 100_000 + data
    if kind == 3:
        return data + data
    if kind == 4:
        return b"\x00" * len(data)
    return draw.choice((b"", b"null", b"[]", b"{}", b"0.5", b'"a"', b"true", b"\xff\xfe{\x00}\x00", b"{" + data))
