"""Speed by turns: both models on the same number of texts, one after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lib.data.model_inputs import Reading
from lib.models.forms import measure
from lib.models.forms.form import Form
from lib.models.forms.measure import (
    SPEED_TEXTS,
    SPEED_TURNS,
    SPEED_WARMING,
    FormFiles,
    ShareFile,
    ShareReader,
    measure_form,
    spread,
    time_in_turns,
)
from lib.progress import Silent


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


class Shares(Silent):
    """Keeps the shares that are reported."""

    def __init__(self) -> None:
        self.shares: list[float] = []

    def advance(self, done: float, total: float, **facts: float) -> None:
        self.shares.append(done / total)


def test_how_far_a_process_is_reaches_the_one_that_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two equal parts, forward only, and each share once."""
    monkeypatch.setattr(measure, "WRITE_SECONDS", 0.0)
    writer, progress = ShareFile(tmp_path / "share.txt", parts=2), Shares()
    reader = ShareReader(tmp_path / "share.txt", progress)
    reader.check()  # nothing is written yet
    for done in (1, 4):
        writer.advance(done, 4)
        reader.check()
        reader.check()
    writer.next_part()
    for done in (0, 1):
        writer.advance(done, 2)
        reader.check()
    assert progress.shares == [0.125, 0.5, 0.75]


def test_a_form_that_is_measured_moves_the_bar(tiny_model: Path, tmp_path: Path) -> None:
    """In a process of its own: while it embeds, and while both models take turns."""
    files = FormFiles(Form.TRUNCATED, 16, Reading(), str(tiny_model), str(tiny_model), str(tmp_path))
    texts, progress = [f"text {number}" for number in range(300)], Shares()
    measured = measure_form(files, texts, texts, progress=progress)
    assert measured.vectors.shape == (300, 16)
    assert progress.shares == sorted(set(progress.shares))
    assert progress.shares[-1] >= 0.5
