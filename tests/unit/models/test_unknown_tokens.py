"""What a model's own tokenizer does not know, and which texts it makes equal."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from lib.data.model_inputs import PLAIN_READING, ModelInputs, Reading
from lib.models.catalog import bundled_folder
from lib.models.unknown_tokens import UnknownTokens, unknown_tokens
from lib.shapes import Shape

ENGLISH = [f"how do i clean ladder number {at}" for at in range(40)]
THAI = [f"รีเซ็ตเครื่องพิมพ์อย่างไร{word}" for word in ("ครับ", "คะ", "นะ", "ไหม", "เลย", "แล้ว", "ด้วย", "หรือ")]
VIETNAMESE = ["ma", "má", "mà", "mả", "mã", "mạ", "ba", "bá"]
EMOJI = [letter * (at + 1) for at, letter in enumerate("😀😃😄😁😆🦊🦝🦨")]


def inputs_of(texts: list[str], reading: Reading = PLAIN_READING) -> ModelInputs:
    """Make a dataset of single texts."""
    return ModelInputs(pd.DataFrame({"text": texts}), Shape.LABELLED_TEXTS, reading)


def count(texts: list[str]) -> UnknownTokens:
    """Count with the bundled English model."""
    found = unknown_tokens(bundled_folder() or "", inputs_of(texts), model="ours")
    assert found is not None
    return found


def test_english_is_known() -> None:
    found = count(ENGLISH)
    assert (found.share, found.texts, found.equal) == (0, 0, 0)
    assert not found.is_much


@pytest.mark.parametrize(("texts", "share"), [(THAI, 1.0), (EMOJI, 1.0)], ids=["Thai", "emoji"])
def test_what_is_written_in_unknown_signs_is_said(texts: list[str], share: float) -> None:
    found = count(texts)
    assert found.share == share
    assert found.equal == 1.0
    assert found.is_much
    assert "multilingual" in found.describe()


def test_texts_that_differ_in_marks_that_a_tokenizer_removes_are_equal() -> None:
    found = count(VIETNAMESE)
    assert found.share == 0
    assert found.equal == 1.0
    assert found.is_much


def test_texts_that_differ_in_case_alone_are_one_text() -> None:
    assert count(["Clean the ladder", "clean  the LADDER", "paint the door"]).equal == 0


def test_languages_that_take_turns_are_both_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.models.unknown_tokens.MAX_TOKENIZED_TEXTS", 100)
    texts = [text for at in range(200) for text in (f"clean ladder {at}", f"{THAI[at % 8]}{at}")]
    found = count(texts)
    assert 0.3 < found.texts < 0.7
    assert found.sampled == found.to_json()["sampled"] == 100
    assert "100" in found.describe()
    assert count(THAI).sampled == 0


def test_a_tokenizer_that_knows_every_byte_has_no_unknown_tokens(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"byte_fallback": True, "unk_token": "<unk>"}}))
    assert unknown_tokens(tmp_path, inputs_of(ENGLISH), model="bytes") is None
    assert unknown_tokens(tmp_path / "none", inputs_of(ENGLISH), model="none") is None


@pytest.mark.parametrize("prompt", ["query: ", "😀 "])
def test_a_prompts_tokens_count_for_none_of_the_shares(prompt: str) -> None:
    marked = inputs_of([*ENGLISH, *THAI], Reading(prompt, prompt, default_prompt=False))
    assert unknown_tokens(bundled_folder() or "", marked, model="ours") == count([*ENGLISH, *THAI])
