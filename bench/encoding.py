"""Compare `model.encode` with ours on the same texts, interleaved, each in a process of its own.

python -m bench.encoding [--threads 1] [--rounds 3] [--lock FILE]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np

from bench.results import put
from bench.training import Machine
from lib import settings
from lib.data.samples.python_api import load_python_api

SHORT, LONG, JOINED = 1_000, 80, 12


def texts() -> dict[str, list[str]]:
    """Collect distinct short texts (names, first sentences) and long ones (twelve of those each).

    From the documentation in the API sample.
    """
    frame = load_python_api()
    short = list(dict.fromkeys([*frame["source_sentence"], *frame["target_sentence"]]))
    long = [" ".join(short[begin : begin + JOINED]) for begin in range(0, LONG * JOINED, JOINED)]
    return {"short": short[-SHORT:], "long": long}


def work(pipe: Connection, ours: bool, threads: int) -> None:
    """Encode what comes through the pipe; answer vectors, seconds, CPU seconds and mean number of tokens."""
    import torch

    from lib.models import encoder, loader

    torch.set_num_threads(threads)
    model = loader.load_model(settings.BUNDLED_MODEL, device="cpu")
    while (batch := pipe.recv()) is not None:
        tokens = model.preprocess(batch)
        length = float((tokens["attention_mask"].sum(1)).float().mean())
        begun, worked = time.perf_counter(), time.process_time()
        rows = encoder.encode(model, batch) if ours else model.encode(batch)
        pipe.send((rows, time.perf_counter() - begun, time.process_time() - worked, length))


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
    parser.add_argument("--lock", default="")
    options = parser.parse_args()
    machine = Machine(options.lock, 180.0)
    machine.turn()
    start = multiprocessing.get_context("spawn")
    pipes = []
    for ours in (False, True):
        mine, theirs = start.Pipe()
        start.Process(target=work, args=(theirs, ours, options.threads), daemon=True).start()
        pipes.append(mine)
    lines = [
        "| texts | tokens | model.encode, texts/s | ours, texts/s | times (wall) | times (CPU) | mean cosine | lowest |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, given in texts().items():
        rounds = []
        for _ in range(options.rounds + 1):
            answers = []
            for pipe in pipes:
                pipe.send(given)
                answers.append(pipe.recv())
            rounds.append(answers)
        lines.append(row(name, len(given), rounds[1:]))
    for pipe in pipes:
        pipe.send(None)
    first, again = time_cache(texts()["short"], options.threads)
    machine.give()
    lines += ["", f"The {SHORT:,} short texts through the cache: {first:.2f} s the first time, {again:.3f} s again."]
    lines += [f"Threads: {options.threads}; {options.rounds} rounds by turns, medians; no text twice."]
    put("Encoding", "\n".join(lines))


def row(name: str, count: int, rounds: list[list[tuple[np.ndarray, float, float, float]]]) -> str:
    """Write one line of the table: medians over the rounds."""
    wall, cpu = (np.median([[answer[part] for answer in answers] for answers in rounds], axis=0) for part in (1, 2))
    stock, ours = rounds[-1][0][0], rounds[-1][1][0]
    cosine = (stock * ours).sum(1) / np.linalg.norm(stock, axis=1) / np.linalg.norm(ours, axis=1)
    return (
        f"| {name} | {rounds[-1][0][3]:.0f} | {count / wall[0]:.0f} | {count / wall[1]:.0f} | {wall[0] / wall[1]:.1f} "
        f"| {cpu[0] / cpu[1]:.1f} | {cosine.mean():.6f} | {cosine.min():.5f} |"
    )


if __name__ == "__main__":
    main()
