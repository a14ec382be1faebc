"""Index the distinct texts of examples, so that a check costs per text and not per row."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import pandas as pd

from lib.data.columns.mapping import Examples
from lib.data.near_duplicates import near_duplicate_groups
from lib.data.normalisation import same_key
from lib.data.text_array import TextArray, key_codes, text_codes
from lib.settings import PARTS
from lib.shapes import Shape


class TextIndex:
    """The distinct texts of examples and the codes that checks share, each computed on first use."""

    def __init__(self, examples: Examples) -> None:
        self.examples = examples
        self.shape: Shape = examples.shape
        self.frame: pd.DataFrame = examples.frame
        self.columns: tuple[str, ...] = examples.texts

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def codes(self) -> np.ndarray:
        """(rows, text columns) index of each text into `texts`."""
        codes, self.__dict__["texts"] = text_codes(self.frame, self.columns)
        return codes

    @cached_property
    def texts(self) -> TextArray:
        """The distinct texts, by code; after `drop`, some that no row holds any more."""
        return text_codes(self.frame, self.columns)[1]

    @cached_property
    def same_codes(self) -> np.ndarray:
        """(rows, text columns) codes, equal for texts that differ at most in case, width and white space."""
        return key_codes(self.texts, same_key)[self.codes]

    @cached_property
    def near_codes(self) -> np.ndarray:
        """Compute codes (rows, text columns), equal for near duplicates (see `near_duplicate_groups`).

        -1 for empty texts.
        """
        return near_duplicate_groups(self.texts)[self.codes]

    @cached_property
    def value_codes(self) -> np.ndarray:
        """(rows,) code of the score or class; zeros where the shape has none."""
        name = next((name for name in ("score", "label") if name in self.frame), None)
        return pd.factorize(self.frame[name])[0] if name else np.zeros(len(self), dtype=np.int64)

    @property
    def evaluation_order(self) -> np.ndarray:
        """Row numbers, held-out first, then validation, then train: of copies, the evaluated one stays."""
        if "part" not in self.frame:
            return np.arange(len(self))
        rank = self.frame["part"].map(PARTS.index).to_numpy(dtype=np.int64)
        return np.argsort(-rank, kind="stable")

    def rows_containing(self, flagged: np.ndarray) -> np.ndarray:
        """Flag rows that hold a flagged text; flagged: bool, one a distinct text."""
        return flagged[self.codes].any(axis=1) if len(self) else np.zeros(0, dtype=bool)

    def rows_where(self, test: Callable[[str], bool]) -> np.ndarray:
        """Flag rows that hold a text for which the test is true."""
        return self.rows_containing(np.fromiter(map(test, self.texts), dtype=bool, count=len(self.texts)))

    def drop(self, rows: np.ndarray) -> TextIndex:
        """Drop the flagged rows, and keep the codes that were computed."""
        rest = ~rows
        fewer = TextIndex(Examples(self.shape, self.frame[rest].reset_index(drop=True)))
        for name in ("codes", "texts", "same_codes", "near_codes"):
            if name in self.__dict__:
                value = self.__dict__[name]
                fewer.__dict__[name] = value if name == "texts" else value[rest]
        return fewer

    def map_texts(self, change: Callable[[str], str]) -> Examples:
        """Make examples with every text changed, calling `change` once a distinct text."""
        texts = TextArray.of(change(text) for text in self.texts)
        changed = {name: texts.take(self.codes[:, at]).to_cells() for at, name in enumerate(self.columns)}
        return Examples(self.shape, self.frame.assign(**changed))


def duplicate_rows(codes: np.ndarray, *, order: np.ndarray) -> np.ndarray:
    """Flag rows whose codes equal those of a row before them in the order of row numbers.

    codes: (rows, columns).
    """
    repeated = np.zeros(len(codes), dtype=bool)
    repeated[order] = pd.DataFrame(codes[order]).duplicated(keep="first").to_numpy()
    return repeated


def row_codes(codes: np.ndarray) -> np.ndarray:
    """Number the distinct rows of codes."""
    return pd.DataFrame(codes).groupby(list(range(codes.shape[1])), sort=False).ngroup().to_numpy()
