"""What near duplicates keep apart: marks that are letters, signs of a name, and what stands between digits."""

from __future__ import annotations

import pytest

from lib.data.normalisation import near_key, same_key


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("How do I learn C++?", "How do I learn C#?"),
        ("How do I learn C++?", "How do I learn C?"),
        ("install version 1.10 now", "install version 11.0 now"),
        ("install version 1.10 now", "install version 110 now"),
        ("the room 12 3 upstairs", "the room 1 23 upstairs"),
        ("it costs 5% of the sum", "it costs 5 of the sum"),
        ("ไม่ใช้เครื่องพิมพ์ใหม่", "ไม่ใช่เครื่องพิมพ์ใหม่"),
        ("कमल का फूल कहाँ खिला है", "कमल की फूल कहाँ खिला है"),
        ("தமிழ் மொழி கற்க வேண்டும்", "தமிழ் மொழி கற்கு வேண்டும்"),
    ],
)
def test_different_texts_stay_apart(first: str, second: str) -> None:
    assert near_key(same_key(first)) != near_key(same_key(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("How do I reset it?", "how do I  reset it"),
        ("Settings -> Security, please!", "settings: security please"),
        ("well-known facts here", "well known facts here"),
        ("#support needed today", "support needed today"),
    ],
)
def test_punctuation_alone_makes_no_difference(first: str, second: str) -> None:
    assert near_key(same_key(first)) == near_key(same_key(second))
