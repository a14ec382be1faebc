"""Speed by turns: both models on the same number of texts, one after the other."""

from __future__ import annotations

import numpy as np

from lib.models.forms.measure import SPEED_TEXTS, SPEED_TURNS, SPEED_WARMING, spread, time_in_turns


def test_models_take_turns_on_the_same_places_of_their_own_texts() -> None:
    calls: list[tuple[str, list[str]]] = []

    def encoder(name: str):  # type: ignore[no-untyped-def]
        def encode(texts: list[str]) -> np.ndarray:
            calls.append((name, texts))
            return np.zeros((len(texts), 2))

        return encode

    plain = [str(number) for number in range(1_000)]
    speeds = time_in_turns((encoder("form"), plain), (encoder("tuned"), [f"ask: {text}" for text in plain]))
    assert len(speeds) == 2
    assert [name for name, _ in calls] == ["form", "tuned"] * (1 + SPEED_TURNS)
    assert [len(texts) for _, texts in calls[:2]] == [SPEED_WARMING] * 2
    for (_, form), (_, tuned) in zip(calls[2::2], calls[3::2], strict=True):
        assert [f"ask: {text}" for text in form] == tuned
        assert len(form) == SPEED_TEXTS


def test_texts_are_taken_from_first_to_last() -> None:
    texts = [str(number) for number in range(100)]
    assert spread(texts, 3) == ["0", "49", "99"]
    assert spread(texts[:2], 16) == ["0", "1"]
    assert spread(texts, 100) == texts
