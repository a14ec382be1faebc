"""Measure an exported form from its files, in a process of its own: `call_module` starts this one.

Vectors of the texts that it is evaluated on, and its speed beside that of the tuned model, in turns.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lib.data.model_inputs import Reading
from lib.models.forms.form import Form
from lib.process import answer_call, call_module
from lib.progress import Progress
from lib.typed_json import typed
from lib.vectors import check_finite

SPEED_TEXTS, SPEED_WARMING = 256, 16
"""Texts that speed is measured on at most, and those before it that warm up."""

SPEED_SECONDS = 5.0
"""Seconds that one turn of the slower model takes at most, by its warm-up: fewer texts are taken then."""

SPEED_TURNS = 3
"""Turns of both models; the median counts."""

Encode = Callable[[list[str]], np.ndarray]
"""texts -> embeddings, (texts, d)."""


@dataclass(frozen=True)
class MeasuredForm:
    """What was measured: vectors (texts, d) float32, texts a second of form and tuned model."""

    vectors: np.ndarray
    texts_per_second: float
    tuned_texts_per_second: float


@dataclass(frozen=True)
class FormFiles:
    """A form to measure, the tuned model beside it, and the workspace's folder.

    dimension: 0 as it is. reading: the tuned model's.
    """

    form: Form
    dimension: int
    reading: Reading
    folder: str
    tuned: str
    home: str


@dataclass(frozen=True)
class _Request:
    files: FormFiles
    texts: str
    vectors: str


def measure_form(
    files: FormFiles, texts: Sequence[str], tuned_texts: Sequence[str], *, progress: Progress
) -> MeasuredForm:
    """Load the form in a fresh process, embed the texts and time both models.

    texts: as the form reads them; tuned_texts: the same as the tuned model reads them. Raises what loading raises.
    """
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent)
        request = _Request(files, str(folder / "texts.json"), str(folder / "vectors.npy"))
        Path(request.texts).write_text(json.dumps([list(texts), list(tuned_texts)]), encoding="utf-8")
        speeds = call_module(__name__, asdict(request), folder=folder, check=progress.check)
        return MeasuredForm(check_finite(np.load(request.vectors), name="exported"), *speeds)


def _measure(stored: Any) -> list[float]:
    request: _Request = typed(_Request, stored)
    texts, tuned_texts = json.loads(Path(request.texts).read_text(encoding="utf-8"))
    embed, encode = load_form(request.files)
    np.save(request.vectors, embed(texts).astype(np.float32))
    return time_in_turns((encode, texts), (_plain_encoder(_load(request.files, request.files.tuned)), tuned_texts))


def load_form(files: FormFiles) -> tuple[Encode, Encode]:
    """Load a form: what embeds texts for the evaluation, and what its users will call, which is timed.

    The evaluation embeds both models by the same code, without padding where that is possible.
    """
    from lib.models.encoder import encode

    if files.form.is_onnx:
        return _load_onnx(files)
    model = _load(files, files.folder)
    if files.dimension:
        model.truncate_dim = files.dimension
    return (lambda texts: encode(model, texts)), _plain_encoder(model)


def _load_onnx(files: FormFiles) -> tuple[Encode, Encode]:
    """Load a graph with as many threads as torch has here."""
    import torch

    from lib.models.forms.onnx_encoder import OnnxEncoder

    encoder = OnnxEncoder(Path(files.folder), threads=torch.get_num_threads())
    return encoder.encode, encoder.encode


def _load(files: FormFiles, folder: str) -> Any:
    """Load a SentenceTransformer on the CPU, where every form runs."""
    from lib.models.loader import load_model

    reading = Reading(default_prompt=False) if files.form is Form.STATIC and folder == files.folder else files.reading
    return load_model(folder, reading=reading, device="cpu", home=Path(files.home))


def _plain_encoder(model: Any) -> Encode:
    return lambda texts: np.asarray(model.encode(texts, batch_size=32, show_progress_bar=False))


def time_in_turns(*models: tuple[Encode, Sequence[str]]) -> list[float]:
    """Measure the texts a second of several models, each on its own texts, by turns; medians."""
    slowest = min(_speed(encode, texts[:SPEED_WARMING]) for encode, texts in models)
    count = max(SPEED_WARMING, min(SPEED_TEXTS, int(slowest * SPEED_SECONDS)))
    turns = [[_speed(encode, spread(texts, count)) for encode, texts in models] for _ in range(SPEED_TURNS)]
    return [statistics.median(speeds) for speeds in zip(*turns, strict=True)]


def spread(texts: Sequence[str], count: int) -> list[str]:
    """Take so many texts, evenly from first to last."""
    places = np.linspace(0, len(texts) - 1, min(count, len(texts))).astype(int)
    return [texts[place] for place in places]


def _speed(encode: Encode, texts: Sequence[str]) -> float:
    began = time.perf_counter()
    encode(list(texts))
    return len(texts) / max(1e-9, time.perf_counter() - began)


if __name__ == "__main__":
    raise SystemExit(answer_call(_measure))
