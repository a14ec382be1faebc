"""Measure how fast a search is answered: base, tuned and BM25 among 100,000 targets.

Writes bench/README.md, section Search.

    python -m bench.search [--targets 100000] [--model MODEL]

The targets are texts of made-up words, and their vectors in the cache are random ones: a search takes as long whatever they are. First question: of a
helper that has loaded nothing. Next ones: each of other words. From the call to the answer, the process between them included; the page adds a rerun
of one fragment.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

from bench.data import SYLLABLES
from bench.results import put
from lib import settings
from lib.models import encoder
from lib.models.inference.client import InferenceClient
from lib.models.loader import fingerprint, load_model
from lib.models.vector_cache import EmbeddingCache

QUESTIONS = 60


def made_up_texts(count: int, *, words_each: int, seed: int = 0) -> list[str]:
    """Write distinct texts of so many made-up words and a number."""
    generator = np.random.default_rng(seed)
    words = np.array(["".join(generator.choice(SYLLABLES, size=size)) for size in generator.integers(2, 5, 20_000)])
    rows = words[generator.integers(len(words), size=(count, words_each))]
    return [f"{' '.join(row)} {number}" for number, row in enumerate(rows)]


def fill_cache(home: Path, name: str, texts: list[str]) -> None:
    """Put random vectors of a model's size into the cache: encoding them would take minutes."""
    generator, model = np.random.default_rng(0), load_model(name, device="cpu", home=home)
    size = int(model.get_embedding_dimension() or 0)

    def random_rows(_model: object, some: list[str]) -> np.ndarray:
        return generator.standard_normal((len(some), size), dtype=np.float32)

    with patch.object(encoder, "encode", random_rows):
        EmbeddingCache(home).embed(model, texts, fingerprint=fingerprint(model))


def seconds_of(client: InferenceClient, handler: str, **arguments: object) -> float:
    """Ask once, and measure from the call to the answer."""
    begin = time.perf_counter()
    client.call(handler, seconds=7200, **arguments)
    return time.perf_counter() - begin


def row(name: str, client: InferenceClient, handler: str, questions: list[str], **search: object) -> str:
    """Ask all questions, and write the table's row."""
    first = seconds_of(client, handler, query=questions[0], **search)
    rest = np.array([seconds_of(client, handler, query=question, **search) for question in questions[1:]]) * 1000
    return f"| {name} | {first:.2f} | {np.median(rest):.0f} | {np.quantile(rest, 0.95):.0f} | {rest.max():.0f} |"


def main() -> None:
    """Measure both kinds of search and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=100_000)
    parser.add_argument("--model", default=settings.BUNDLED_MODEL, help="stands for base and tuned model")
    args = parser.parse_args()
    questions = [text[: text.rindex(" ")] for text in made_up_texts(QUESTIONS, words_each=6, seed=1)]
    with tempfile.TemporaryDirectory() as folder:
        home, targets = Path(folder), made_up_texts(args.targets, words_each=8)
        client = InferenceClient(home, server="lib.evaluation.inference_server")
        parquet = home / "targets.parquet"
        pd.DataFrame({"positive": targets}).to_parquet(parquet)
        fill_cache(home, args.model, targets)
        search = {"parquet": str(parquet), "column": "positive"}
        models = {**search, "models": [args.model, args.model], "reading": {}}
        rows = [
            row("base and tuned", client, "nearest", questions, **models),
            row("BM25", client, "best_by_words", questions, **search),
        ]
        client.stop()
    head = "| search | first question, s | next, ms, median | 95% | maximum |\n|---|---:|---:|---:|---:|"
    text = (
        f"{head}\n"
        + "\n".join(rows)
        + f"\n\n{args.targets:,} targets, {QUESTIONS} questions of six words. `python -m bench.search`."
    )
    print(text)
    put("Search", text)


if __name__ == "__main__":
    main()
