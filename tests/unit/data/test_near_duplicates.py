"""Long texts are near duplicates by their shingles, but for signs that make another word."""

from __future__ import annotations

import pytest

from lib.data.near_duplicates import MIN_SHINGLED_CHARACTERS, near_duplicate_groups

ENGLISH = "How do I write a function that returns the largest of three given numbers in {} when I am a beginner and new"
HINDI = "मुझे अपना पासवर्ड कैसे बदलना चाहिए और मैं कहाँ से नया पासवर्ड प्राप्त कर सकता हूँ {} बात"
THAI = "ฉันต้องการซื้อเครื่องพิมพ์ใหม่สำหรับสำนักงานของเราที่กรุงเทพและต้องการใบเสนอราคาจาก{}"


def are_near(template: str, first: str, second: str) -> bool:
    """Check whether the template with two words gives near duplicates."""
    texts = [template.format(word) for word in (first, second)]
    assert min(map(len, texts)) >= MIN_SHINGLED_CHARACTERS
    codes = near_duplicate_groups(texts)
    return bool(codes[0] == codes[1])


APART = [
    (ENGLISH, "C++", "C#"),
    (ENGLISH, "C", "C++"),
    (ENGLISH, "Python 3.1", "Python 31"),
    (ENGLISH, "version 1.10", "version 11.0"),
    (ENGLISH, "at 5%", "at 5"),
    (ENGLISH, "for $5", "for 5"),
    (HINDI, "की", "का"),
    (THAI, "เสื้อ", "เสือ"),
]
NEAR = [
    (ENGLISH, "Python", "Pyton"),
    (ENGLISH, "C++", "(C++),"),
    (ENGLISH, "well-known C#", "well known C#"),
    (ENGLISH, "Python", "PYTHON!"),
    (HINDI, "की", "की,"),
]


@pytest.mark.parametrize(("template", "first", "second"), APART)
def test_signs_that_make_another_word_keep_long_texts_apart(template: str, first: str, second: str) -> None:
    assert not are_near(template, first, second)


@pytest.mark.parametrize(("template", "first", "second"), NEAR)
def test_a_letter_or_punctuation_does_not(template: str, first: str, second: str) -> None:
    assert are_near(template, first, second)
