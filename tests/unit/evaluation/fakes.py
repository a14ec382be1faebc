"""Frames of every shape, and vectors with a planted quality: the right result is known beforehand."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import pandas as pd

Embed = Callable[[str, list[str]], np.ndarray]
DIMENSION = 32


def of_text(text: str, salt: str = "") -> np.ndarray:
    """Draw a random unit vector that only the text (and salt) decides."""
    vector = np.random.default_rng(zlib.crc32(f"{salt}|{text}".encode())).normal(size=DIMENSION)
    return vector / np.linalg.norm(vector)


def pairs_frame(count: int = 120, *, held_out: int = 60) -> pd.DataFrame:
    """Build pairs whose texts carry their number; the last ones are held out."""
    part = np.array(["train"] * (count - held_out - 10) + ["validation"] * 10 + ["held_out"] * held_out)
    return pd.DataFrame(
        {
            "line": np.arange(count) + 2,
            "part": part,
            "component": np.arange(count),
            "anchor": [f"question {n}" for n in range(count)],
            "positive": [f"answer {n}" for n in range(count)],
        }
    )


def graded_embedder(quality: dict[str, float], *, special: dict[str, dict[int, float]] | None = None) -> Embed:
    """Build an embedder in which answer n is near question n by the model's quality (0 to 1).

    special: by model, numbers of pairs that have a quality of their own.
    """

    def vector(name: str, text: str) -> np.ndarray:
        word, _, number = text.rpartition(" ")
        if word not in ("question", "answer"):
            return of_text(text)
        own = (special or {}).get(name, {}).get(int(number), quality[name])
        meaning, noise = of_text(f"meaning {number}"), of_text(text, salt=name)
        return own * meaning + (1 - own) * noise

    return lambda name, texts: np.stack([vector(name, text) for text in texts]).astype(np.float32)
