"""Texts that leave: nothing drives a terminal, breaks XML or runs as a formula."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from lib.escapes import clean_xml, escape_controls, escape_formula, to_csv
from tests.hostile import CONTROLS, FORMULAS, SURROGATES, hostile_texts


@pytest.mark.parametrize("text", CONTROLS + SURROGATES, ids=ascii)
def test_no_control_reaches_a_terminal_and_json_keeps_its_value(text: str) -> None:
    shown = escape_controls(text)
    assert not any(ord(sign) < 32 and sign != "\t" for sign in shown)
    assert not any(0x7F <= ord(sign) <= 0x9F or 0xD800 <= ord(sign) <= 0xDFFF for sign in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")
    assert json.loads(escape_controls(json.dumps(text, ensure_ascii=False))) == text


def test_plain_text_of_any_script_stays() -> None:
    text = "Größe → 10 °C\tكتاب नमस्ते \U0001f468\u200d\U0001f469"
    assert escape_controls(text) == text
    assert escape_controls("a\nb") == "a\\nb"
    assert escape_controls("a\nb", newlines=False) == "a\nb"


@pytest.mark.parametrize("text", CONTROLS + SURROGATES, ids=ascii)
def test_any_text_makes_whole_xml(text: str) -> None:
    document = clean_xml(f"<a>{text.replace('<', '')}</a>")
    assert ET.fromstring(document.encode()).tag == "a"


UNSEEN_FORMULAS = [
    *("\x00=1+1", "\ufeff=1+1", "\u200b=1+1", "\u2060=1+1", "\xad=1+1", "\x7f=1+1", "\u202e=1+1", "\ufeff \x00\t@A1"),
    *("\ufe66" + "1+1", "\ufe62" + "1", "\ufe6b" + "A1"),
]
"""Behind characters that are not seen, which Excel and programs on the way drop, and in small forms."""


@pytest.mark.parametrize("text", FORMULAS + UNSEEN_FORMULAS, ids=ascii)
def test_a_formula_is_written_as_text(text: str) -> None:
    if text in ("x;=1+1", '"=1+1"'):  # cells that only a careless separator or quote would turn into a formula
        assert escape_formula(text) == text
    else:
        assert escape_formula(text) == f"'{text}"


def test_csv_quotes_every_text_escapes_formulas_and_leaves_numbers() -> None:
    frame = pd.DataFrame({"=a": ["=1", "x;=2", 'q"'], "n": [-1.5, 2, 3], "c": pd.Categorical(["@x", "y", "y"])})
    lines = to_csv(frame).decode("utf-8-sig").splitlines()
    assert lines == ['"\'=a","n","c"', '"\'=1",-1.5,"\'@x"', '"x;=2",2.0,"y"', '"q""",3.0,"y"']


def test_the_exact_csv_reads_back_as_it_was() -> None:
    texts = [text for text in hostile_texts() if "\r" not in text and "\x00" not in text]
    frame = pd.DataFrame({"text": texts})
    back = pd.read_csv(io.BytesIO(to_csv(frame, exact=True)), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    assert back["text"].tolist() == texts
    safe = pd.read_csv(io.BytesIO(to_csv(frame)), dtype=str, keep_default_na=False, encoding="utf-8-sig")["text"]
    assert not safe.str.match(r"\s*[=+\-@]").any()
    assert safe.str.removeprefix("'").tolist() == frame["text"].str.removeprefix("'").tolist()


def test_csv_leaves_the_table_itself_alone() -> None:
    frame = pd.DataFrame({"a": ["=1"]})
    to_csv(frame)
    assert frame["a"].tolist() == ["=1"]
