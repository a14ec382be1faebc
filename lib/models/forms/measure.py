"""Measure an exported form from its files, in a process of its own: `call_module` starts this one.

Vectors of the texts that it is evaluated on, and its speed beside that of the tuned model, in turns.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lib.data.model_inputs import Reading
from lib.models.forms.form import Form
from lib.process import answer_call, call_module
from lib.progress import Progress, Silent
from lib.typed_json import typed
from lib.vectors import check_finite

SPEED_TEXTS, SPEED_WARMING = 256, 16
"""Texts that speed is measured on at most, and those before it that warm up."""

SPEED_SECONDS = 5.0
"""Seconds that one turn of the slower model takes at most, by its warm-up: fewer texts are taken then."""

SPEED_TURNS = 3
"""Turns of both models; the median counts."""

WRITE_SECONDS = 0.2
"""Between two notes of the process on how far it is: whoever waits for it reads them as often."""

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
    share: str


class ShareFile(Silent):
    """A Progress that writes the share of all its work to a file, for the process that waits.

    parts: how many, each of the same share.
    """

    def __init__(self, path: Path, *, parts: int) -> None:
        self._path, self._parts, self._part, self._written = path, parts, 0, 0.0

    def advance(self, done: float, total: float, **facts: float) -> None:
        now = time.monotonic()
        if now - self._written < WRITE_SECONDS and done < total:
            return
        self._written = now
        staging = self._path.with_suffix(".new")
        staging.write_text(str((self._part + done / total) / self._parts), encoding="utf-8")
        staging.replace(self._path)

    def next_part(self) -> None:
        """Begin the next part."""
        self._part += 1


class ShareReader:
    """Repeats on a Progress what a process writes to its `ShareFile`."""

    def __init__(self, path: Path, progress: Progress) -> None:
        self._path, self._progress, self._last = path, progress, 0.0

    def check(self) -> None:
        """Read the share, report one that is larger; raises CancelledError when the user asked to stop."""
        self._progress.check()
        with suppress(OSError, ValueError):  # there is none yet
            share = float(self._path.read_text(encoding="utf-8"))
            if share > self._last:
                self._last = share
                self._progress.advance(share, 1.0)


def measure_form(
    files: FormFiles, texts: Sequence[str], tuned_texts: Sequence[str], *, progress: Progress
) -> MeasuredForm:
    """Load the form in a fresh process, embed the texts and time both models.

    texts: as the form reads them; tuned_texts: the same as the tuned model reads them. Raises what loading raises.
    """
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent)
        share = folder / "share.txt"
        request = _Request(files, str(folder / "texts.json"), str(folder / "vectors.npy"), str(share))
        Path(request.texts).write_text(json.dumps([list(texts), list(tuned_texts)]), encoding="utf-8")
        speeds = call_module(__name__, asdict(request), folder=folder, check=ShareReader(share, progress).check)
        return MeasuredForm(check_finite(np.load(request.vectors), name="exported"), *speeds)


def _measure(stored: Any) -> list[float]:
    request: _Request = typed(_Request, stored)
    texts, tuned_texts = json.loads(Path(request.texts).read_text(encoding="utf-8"))
    progress = ShareFile(Path(request.share), parts=2)
    embed, encode = load_form(request.files, progress=progress)
    np.save(request.vectors, embed(texts).astype(np.float32))
    progress.next_part()
    tuned = _plain_encoder(_load(request.files, request.files.tuned))
    return time_in_turns((encode, texts), (tuned, tuned_texts), progress=progress)


def load_form(files: FormFiles, *, progress: Progress = Silent()) -> tuple[Encode, Encode]:
    """Load a form: what embeds texts for the evaluation, and what its users will call, which is timed.

    The evaluation embeds both models by the same code, without padding where that is possible. progress: of its embedding.
    """
    from lib.models.encoder import encode

    if files.form.is_graph:
        return _load_graph(files, progress)
    model = _load(files, files.folder)
    if files.dimension:
        model.truncate_dim = files.dimension
    return (lambda texts: encode(model, texts, progress=progress)), _plain_encoder(model)


def _load_graph(files: FormFiles, progress: Progress) -> tuple[Encode, Encode]:
    """Load a graph with as many threads as torch has here."""
    import torch

    from lib.models.forms.onnx_encoder import OnnxEncoder
    from lib.models.forms.openvino_encoder import OpenvinoEncoder

    runtime = OpenvinoEncoder if files.form is Form.OPENVINO_INT8 else OnnxEncoder
    encoder = runtime(Path(files.folder), threads=torch.get_num_threads())
    return (lambda texts: encoder.encode(texts, progress=progress)), encoder.encode


def _load(files: FormFiles, folder: str) -> Any:
    """Load a SentenceTransformer on the CPU, where every form runs."""
    from lib.models.loader import load_model

    reading = Reading(default_prompt=False) if files.form is Form.STATIC and folder == files.folder else files.reading
    return load_model(folder, reading=reading, device="cpu", home=Path(files.home))


def _plain_encoder(model: Any) -> Encode:
    return lambda texts: np.asarray(model.encode(texts, batch_size=32, show_progress_bar=False))


def time_in_turns(*models: tuple[Encode, Sequence[str]], progress: Progress = Silent()) -> list[float]:
    """Measure the texts a second of several models, each on its own texts, by turns; medians."""
    slowest = min(_speed(encode, texts[:SPEED_WARMING]) for encode, texts in models)
    count = max(SPEED_WARMING, min(SPEED_TEXTS, int(slowest * SPEED_SECONDS)))
    turns: list[list[float]] = []
    for turn in range(SPEED_TURNS):
        progress.advance(turn, SPEED_TURNS)
        turns.append([_speed(encode, spread(texts, count)) for encode, texts in models])
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
