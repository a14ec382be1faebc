"""Examples as checks see them: each distinct text once, so that a check costs per text and not per row."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import pandas as pd

from lib.data.mapping import Examples
from lib.data.normal import near_key, same_key, text_codes
from lib.data.shapes import Shape


class View:
    """Read-only look at examples with the codes that checks share; a changed frame needs a new View."""

    def __init__(self, examples: Examples) -> None:
        self.examples = examples
        self.shape: Shape = examples.shape
        self.frame: pd.DataFrame = examples.frame
        self.columns: tuple[str, ...] = examples.texts

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def _coded(self) -> tuple[np.ndarray, list[str]]:
        return text_codes(self.frame, self.columns)

    @property
    def codes(self) -> np.ndarray:
        """(rows, text columns) code of each text."""
        return self._coded[0]

    @property
    def texts(self) -> list[str]:
        """The distinct texts, by code."""
        return self._coded[1]

    @cached_property
    def same(self) -> np.ndarray:
        """(rows, text columns) codes that are equal for texts equal but for case, width and white space."""
        return self._keyed(same_key)

    @cached_property
    def near(self) -> np.ndarray:
        """(rows, text columns) codes that are equal for texts with the same letters and digits."""
        return self._keyed(near_key)

    @cached_property
    def value(self) -> np.ndarray:
        """(rows,) code of the score or class; zeros where the shape has none."""
        name = next((name for name in ("score", "label") if name in self.frame), None)
        return pd.factorize(self.frame[name])[0] if name else np.zeros(len(self), dtype=np.int64)

    def rows_with(self, flagged: np.ndarray) -> np.ndarray:
        """Return which rows hold a flagged text; flagged is bool, one a distinct text."""
        return flagged[self.codes].any(axis=1) if len(self) else np.zeros(0, dtype=bool)

    def flag(self, test: Callable[[str], bool]) -> np.ndarray:
        """Return which rows hold a text that passes the test."""
        return self.rows_with(np.fromiter(map(test, self.texts), dtype=bool, count=len(self.texts)))

    def mapped(self, change: Callable[[str], str]) -> Examples:
        """Return the examples with every text changed."""
        texts = np.array([change(text) for text in self.texts] or [""], dtype=object)
        changed = {name: pd.Series(texts[self.codes[:, at]], dtype="str") for at, name in enumerate(self.columns)}
        return Examples(self.shape, self.frame.assign(**changed))

    def _keyed(self, key: Callable[[str], str]) -> np.ndarray:
        keys = np.array([key(text) for text in self.texts] or [""], dtype=object)
        return pd.factorize(keys)[0].astype(np.int64)[self.codes]


def repeats(codes: np.ndarray) -> np.ndarray:
    """Return which rows repeat an earlier row; codes is (rows, columns)."""
    return pd.DataFrame(codes).duplicated(keep="first").to_numpy()


def row_codes(codes: np.ndarray) -> np.ndarray:
    """Return one code a row, equal where whole rows of codes are."""
    return pd.DataFrame(codes).groupby(list(range(codes.shape[1])), sort=False).ngroup().to_numpy()
