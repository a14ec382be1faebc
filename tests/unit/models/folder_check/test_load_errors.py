"""Whatever loading raises becomes one line; what ends the process does not."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Replace

from lib.__main__ import main
from lib.commands import runs
from lib.errors import ModelError
from lib.jobs.attempt import failure_of
from lib.models import loader
from lib.models.inference.server import handle_request
from tests.unit.models.folder_check.conftest import edit
from tests.unit.models.folder_check.spoil import CONFIG, DENSE, SBERT, put, tokenizer

SPACE = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), True) | {"id": 5, "content": " "}
REMOVES_ALL = {"type": "Split", "pattern": {"Regex": ""}, "behavior": "Removed", "invert": True}


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


def test_weights_that_are_not_finite_are_refused_whatever_text_meets_them(folder: Path, home: Path) -> None:
    """The trial text has another token."""
    weights = load_file(folder / "model.safetensors")
    weights["embeddings.word_embeddings.weight"][7, 3] = np.nan
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"word_embeddings.weight.* not finite"):
        loader.load_model(str(folder), device="cpu", home=home)


@pytest.mark.parametrize("value", [3e38, -1e20, 1e5])
def test_weights_that_overflow_are_refused_by_name(folder: Path, home: Path, value: float) -> None:
    """They are finite, and so is the trial text's embedding; another text's is not, and the loss becomes nan."""
    weights = load_file(folder / "model.safetensors")
    weights["embeddings.word_embeddings.weight"][7, 3] = value
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"word_embeddings.weight.* overflows") as caught:
        loader.load_model(str(folder), device="cpu", home=home)
    assert f"{abs(value):.3g}" in caught.value.what


SILENT = {
    "a token that gets another number": (
        tokenizer(lambda values: values.update(added_tokens=[SPACE])),
        "is number 31",
    ),
    "a rule that removes every text": (
        tokenizer(lambda values: values.update(pre_tokenizer=REMOVES_ALL)),
        "reads no token of a text",
    ),
    "texts of special tokens alone": (put(SBERT, max_seq_length=2), "reads no token of a text"),
    "settings that do not fit": (put(CONFIG, type_vocab_size=0), "token_type_embeddings"),
    "an activation of another type": (put(CONFIG, hidden_act=["gelu"]), "expected str, got list"),
    "a module without its bias": (put(DENSE, bias=False), "linear.bias"),
}
"""What ended in an IndexError at some text, trained on no words, or was refused without its reason."""


@pytest.mark.parametrize("name", list(SILENT))
def test_what_only_shows_in_the_loaded_model_is_refused_with_its_reason(folder: Path, home: Path, name: str) -> None:
    spoil, reason = SILENT[name]
    spoil(folder)
    with pytest.raises(ModelError) as caught:
        loader.load_model(str(folder), device="cpu", home=home)
    assert reason in caught.value.what
    assert str(caught.value).isprintable()


@pytest.mark.skipif(os.name == "nt", reason="its file names are UTF-16")
def test_a_file_name_that_is_no_utf8_does_not_break_the_fingerprint(folder: Path) -> None:
    before = loader.fingerprint(folder)
    Path(os.fsdecode(os.fsencode(folder) + b"/a\xff.txt")).touch()
    assert loader.fingerprint(folder) != before


TOKENIZERS = {
    "of another version": ({"version": "2.0"}, {}, "Unknown tokenizer version"),
    "padding of an unknown kind": ({"padding": {"strategy": "x"}}, {}, "unknown variant `x`"),
    "of another class": ({}, {"tokenizer_class": "XLMRobertaTokenizer"}, "XLMRobertaTokenizer"),
    "padding on an unknown side": ({}, {"padding_side": "up"}, "Padding side"),
}


@pytest.mark.parametrize("name", list(TOKENIZERS))
def test_a_tokenizer_that_cannot_be_read_is_named_with_the_reason(folder: Path, home: Path, name: str) -> None:
    """transformers itself only says that it knows no processor of the folder."""
    file, settings, reason = TOKENIZERS[name]
    edit(folder / "tokenizer.json", lambda values: values.update(file))
    edit(folder / "tokenizer_config.json", lambda values: values.update(settings))
    with pytest.raises(ModelError) as caught:
        loader.load_model(str(folder), device="cpu", home=home)
    assert "tokenizer.json" in caught.value.what
    assert reason in caught.value.what
    assert "processing class" not in caught.value.what


def give_up() -> None:
    """Let the tokenizers library panic over a text, as a pattern that backtracks for too long does."""
    tokenizer = Tokenizer(WordLevel({"a": 0}, unk_token="a"))
    tokenizer.normalizer = Replace(Regex("a?" * 300 + "a" * 300), " ")
    tokenizer.encode("a" * 2_000)


def test_a_panic_over_a_text_is_one_line_in_every_process(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BaseException, match="retry-limit") as caught:
        give_up()
    assert not isinstance(caught.value, Exception)
    assert isinstance(failure_of(caught.value, home), ModelError)
    assert (
        handle_request({"encode": give_up}, b'{"handler": "encode", "arguments": {}}')["error"]["class"] == "ModelError"
    )
    monkeypatch.setattr(runs, "run", lambda _: give_up())
    assert main(["runs"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
