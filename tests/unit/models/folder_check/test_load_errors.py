"""Whatever loading raises becomes one line; what ends the process does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lib.errors import ModelError
from lib.models import loader
from tests.unit.models.folder_check.conftest import edit


class PanicException(BaseException):
    """Stands for a panic of the tokenizers library, which is no Exception."""


ERRORS = [
    *(OSError("a"), ValueError("a\nb"), KeyError("sentence_embedding"), TypeError(), RuntimeError("\x1b[2J")),
    *(AttributeError("a"), ZeroDivisionError("a"), IndexError("a"), AssertionError(), ImportError("a")),
    *(
        RecursionError("a"),
        UnicodeDecodeError("utf-8", b"", 0, 1, "a"),
        Exception("WordPiece error"),
        PanicException("a"),
    ),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_of_loading_is_one_line(
    error: BaseException, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(loader, "SentenceTransformer", fail)
    with pytest.raises(ModelError) as caught:
        loader.load_model(str(folder), device="cpu", home=home)
    assert str(caught.value).isprintable()
    assert str(folder) in caught.value.what


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), RuntimeError("CUDA out of memory")])
def test_an_interrupt_and_a_want_of_memory_stay_what_they_are(
    error: BaseException, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(loader, "SentenceTransformer", fail)
    with pytest.raises(type(error)) as caught:
        loader.load_model(str(folder), device="cpu", home=home)
    assert caught.value is error


def test_a_chain_that_fails_with_a_text_is_refused(folder: Path, home: Path) -> None:
    """Segments beyond the weights are no fault of the folder's sizes: the trial text finds them."""

    def change(values: dict) -> None:
        pieces = [{"SpecialToken": {"id": "[CLS]", "type_id": 7}}, {"Sequence": {"id": "A", "type_id": 7}}]
        tokens = {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}}
        values["post_processor"] = {
            **{"type": "TemplateProcessing", "single": pieces, "pair": pieces},
            "special_tokens": tokens,
        }

    edit(folder / "tokenizer.json", change)
    names = ["input_ids", "token_type_ids", "attention_mask"]
    edit(folder / "tokenizer_config.json", lambda values: values.update(model_input_names=names))
    with pytest.raises(ModelError, match="cannot be loaded"):
        loader.load_model(str(folder), device="cpu", home=home)


def test_a_folder_that_cannot_be_listed_is_one_line(folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(ModelError, match="Permission denied"):
        loader.load_model(str(folder), device="cpu", home=home)
