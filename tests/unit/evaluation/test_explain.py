"""The parts of a cosine sum to it; models that are no plain mean of tokens are asked word by word."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lib.evaluation import explain
from lib.evaluation.explain import decompose_cosine
from lib.evaluation.explanation import ExplanationPair, TokenParts, WordDrops

FIRST, SECOND = "My scanner shows K-17 and switches off", "Put the Kestrel on its perch until the ring turns white."


def load_explainer(folder: Path, **pooling: str):  # type: ignore[no-untyped-def]
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    if pooling:
        model[1] = Pooling(32, **pooling)
    return model


def cosine(model, first: str, second: str) -> float:  # type: ignore[no-untyped-def]
    rows = model.encode([first, second]).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return float(rows[0] @ rows[1])


@pytest.mark.parametrize("second", [SECOND, FIRST, "a", "word " * 200])
def test_token_parts_sum_to_the_cosine(tiny_model: Path, second: str) -> None:
    model = load_explainer(tiny_model)
    found = decompose_cosine(model, FIRST, second)
    assert isinstance(found, TokenParts)
    assert np.sum(found.parts) == pytest.approx(cosine(model, FIRST, second), abs=1e-5)
    assert np.shape(found.parts) == (len(found.first), len(found.second))
    assert found.first[0] == "[CLS]"
    assert len(found.second) <= explain.MAX_TOKENS_SHOWN


def test_the_bundled_model_is_taken_apart_too() -> None:
    from lib.models.loader import load_model
    from lib.settings import BUNDLED_MODEL

    model = load_model(BUNDLED_MODEL, device="cpu")
    found = decompose_cosine(model, FIRST, SECOND)
    assert isinstance(found, TokenParts)
    assert np.sum(found.parts) == pytest.approx(cosine(model, FIRST, SECOND), abs=1e-5)


def test_a_model_that_reads_its_first_token_is_asked_word_by_word(tiny_model: Path) -> None:
    model = load_explainer(tiny_model, pooling_mode="cls")
    found = decompose_cosine(model, FIRST, SECOND)
    assert isinstance(found, WordDrops)
    assert found.first == FIRST.split()
    without = cosine(model, " ".join(FIRST.split()[1:]), SECOND)
    assert found.first_drops[0] == pytest.approx(cosine(model, FIRST, SECOND) - without, abs=1e-5)


def test_a_long_text_is_asked_whole_and_says_what_it_does_not_list(tiny_model: Path) -> None:
    """Leave each of 64 shown places out of the whole text, and the words past them together."""
    model = load_explainer(tiny_model, pooling_mode="cls")
    words = [f"word{number}" for number in range(70)]
    found = decompose_cosine(model, " ".join(words), SECOND)
    assert isinstance(found, WordDrops)
    assert found.first == [*words[:63], "(7 more)"]
    full_cosine = cosine(model, " ".join(words), SECOND)
    assert found.cosine == pytest.approx(full_cosine, abs=1e-5)
    for position, rest in ((0, words[1:]), (62, words[:62] + words[63:]), (63, words[:63])):
        assert found.first_drops[position] == pytest.approx(
            full_cosine - cosine(model, " ".join(rest), SECOND), abs=1e-5
        )


def test_a_text_without_spaces_is_asked_sign_by_sign(tiny_model: Path) -> None:
    model = load_explainer(tiny_model, pooling_mode="cls")
    found = decompose_cosine(model, "東京は大きい city", SECOND)
    assert isinstance(found, WordDrops)
    assert found.first == ["東", "京", "は", "大", "き", "い", "city"]
    rest = cosine(model, "京は大きい city", SECOND)
    assert found.first_drops[0] == pytest.approx(found.cosine - rest, abs=1e-5)


def test_a_model_with_a_prompt_of_its_own_is_asked_word_by_word(tiny_model: Path) -> None:
    model = load_explainer(tiny_model)
    model.prompts, model.default_prompt_name = {"query": "find: "}, "query"
    found = decompose_cosine(model, FIRST, SECOND)
    assert isinstance(found, WordDrops)
    assert found.cosine == pytest.approx(cosine(model, FIRST, SECOND), abs=1e-5)


def test_what_crosses_as_json_comes_back_as_it_was(tiny_model: Path, home: Path) -> None:
    tokens = decompose_cosine(load_explainer(tiny_model), FIRST, SECOND)
    words = decompose_cosine(load_explainer(tiny_model, pooling_mode="cls"), FIRST, SECOND)
    pair = ExplanationPair(tokens, words)
    assert ExplanationPair.from_json(json.loads(json.dumps(pair.to_json()))) == pair
    names = {"base": str(tiny_model), "tuned": str(tiny_model)}
    answer = explain.explain_cosine(**names, first=FIRST, second=SECOND, reading={})
    assert ExplanationPair.from_json(json.loads(json.dumps(answer))) == ExplanationPair(tokens, tokens)
