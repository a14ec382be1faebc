"""Compare `model.encode` with ours and with int8 graphs on the same texts, by turns, a process each.

python -m bench.encoding [--threads 1] [--rounds 3] [--texts 1000] [--lock FILE]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np

from bench.results import put
from bench.training import Machine
from lib import settings
from lib.data.samples.python_api import load_python_api

SHORT, LONG, JOINED, RANGE_TEXTS = 1_000, 80, 12, 256

STOCK, OURS, ONNX, OPENVINO = "model.encode", "ours", "ONNX, int8", "OpenVINO, int8"
WAYS = (STOCK, OURS, ONNX, OPENVINO)
"""Ways of encoding, each in a process of its own; the first is what the others are compared with."""

Answer = tuple[np.ndarray, float, float, float]
"""Vectors, seconds, CPU seconds, mean number of tokens."""


def texts() -> dict[str, list[str]]:
    """Collect distinct short texts (names, first sentences) and long ones (twelve of those each).

    From the documentation in the API sample.
    """
    frame = load_python_api()
    short = list(dict.fromkeys([*frame["source_sentence"], *frame["target_sentence"]]))
    long = [" ".join(short[begin : begin + JOINED]) for begin in range(0, LONG * JOINED, JOINED)]
    return {"short": short[-SHORT:], "long": long}


def work(pipe: Connection, way: str, threads: int) -> None:
    """Encode what comes through the pipe; send an `Answer` for each."""
    import torch

    from lib.models import loader

    torch.set_num_threads(threads)
    model = loader.load_model(settings.BUNDLED_MODEL, device="cpu")
    encode = encoder_of(way, model, threads)
    while (batch := pipe.recv()) is not None:
        tokens = model.preprocess(batch)
        length = float((tokens["attention_mask"].sum(1)).float().mean())
        begun, worked = time.perf_counter(), time.process_time()
        rows = encode(batch)
        pipe.send((rows, time.perf_counter() - begun, time.process_time() - worked, length))


def encoder_of(way: str, model: Any, threads: int) -> Callable[[list[str]], np.ndarray]:
    """Make what encodes texts in this way; an int8 graph is exported from the model first."""
    from lib.models import encoder

    if way in (STOCK, OURS):
        return model.encode if way == STOCK else lambda batch: encoder.encode(model, batch)
    from lib.data.model_inputs import PLAIN_READING
    from lib.models.forms.onnx_encoder import OnnxEncoder
    from lib.models.forms.onnx_graph import write_onnx_int8
    from lib.models.forms.openvino_encoder import OpenvinoEncoder
    from lib.models.forms.openvino_graph import write_openvino_int8
    from lib.progress import Silent

    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent)
        if way == ONNX:
            write_onnx_int8(model, folder, reading=PLAIN_READING, progress=Silent())
            return OnnxEncoder(folder, threads=threads).encode
        write_openvino_int8(model, folder, texts=range_texts(), reading=PLAIN_READING, progress=Silent())
        return OpenvinoEncoder(folder, threads=threads).encode


def range_texts() -> list[str]:
    """Collect texts for the ranges of int8 activations, none of those that are timed."""
    frame = load_python_api()
    short = list(dict.fromkeys([*frame["source_sentence"], *frame["target_sentence"]]))
    return short[LONG * JOINED : LONG * JOINED + RANGE_TEXTS]


def time_cache(sample: list[str], threads: int) -> tuple[float, float]:
    """Measure the seconds that the cache takes for new texts, and then for the same texts again."""
    import torch

    from lib.models import loader
    from lib.models.vector_cache import EmbeddingCache

    torch.set_num_threads(threads)
    model = loader.load_model(settings.BUNDLED_MODEL, device="cpu")
    with tempfile.TemporaryDirectory() as folder:
        seconds = []
        for _ in range(2):
            begun = time.perf_counter()
            EmbeddingCache(Path(folder)).embed(model, sample, fingerprint="bench")
            seconds.append(time.perf_counter() - begun)
    return seconds[0], seconds[1]


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--texts", type=int, default=SHORT, help="short ones; of the long ones the same share")
    parser.add_argument("--lock", default="")
    options = parser.parse_args()
    machine = Machine(options.lock, 180.0)
    machine.turn()
    start = multiprocessing.get_context("spawn")
    pipes = []
    for way in WAYS:
        mine, theirs = start.Pipe()
        start.Process(target=work, args=(theirs, way, options.threads), daemon=True).start()
        pipes.append(mine)
    lines = [
        "| texts | tokens | way | texts/s | times (wall) | times (CPU) | mean cosine | lowest |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, every in texts().items():
        given = every[: max(1, len(every) * options.texts // SHORT)]
        rounds = []
        for _ in range(options.rounds + 1):
            answers = []
            for pipe in pipes:
                pipe.send(given)
                answers.append(pipe.recv())
            rounds.append(answers)
        lines += table_rows(name, len(given), rounds[1:])
    for pipe in pipes:
        pipe.send(None)
    first, again = time_cache(texts()["short"], options.threads)
    machine.give()
    lines += ["", f"The {SHORT:,} short texts through the cache: {first:.2f} s the first time, {again:.3f} s again."]
    lines += [f"Threads: {options.threads}; {options.rounds} rounds by turns, medians; no text twice."]
    put("Encoding", "\n".join(lines))


def table_rows(name: str, count: int, rounds: list[list[Answer]]) -> list[str]:
    """Write a line of the table for each way: medians over the rounds."""
    wall, cpu = (np.median([[answer[part] for answer in answers] for answers in rounds], axis=0) for part in (1, 2))
    stock, tokens, lines = rounds[-1][0][0], rounds[-1][0][3], []
    for place, way in enumerate(WAYS):
        rows = rounds[-1][place][0]
        cosine = (stock * rows).sum(1) / np.linalg.norm(stock, axis=1) / np.linalg.norm(rows, axis=1)
        lines.append(
            f"| {name} | {tokens:.0f} | {way} | {count / wall[place]:.0f} | {wall[0] / wall[place]:.1f} "
            f"| {cpu[0] / cpu[place]:.1f} | {cosine.mean():.6f} | {cosine.min():.5f} |"
        )
    return lines


if __name__ == "__main__":
    main()
