"""Index the distinct texts of examples, so that a check costs per text and not per row."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import pandas as pd

from lib.data.columns.mapping import Examples
from lib.data.near_duplicates import near_duplicate_groups
from lib.data.normalisation import same_key
from lib.data.text_array import TextArray, Texts, key_codes, take_rows, text_codes
from lib.settings import PARTS
from lib.shapes import Shape


class TextIndex:
    """The distinct texts of examples and the codes that checks share, each computed on first use.

    frame: the columns of the examples that are no texts. The texts themselves stay where they are when rows are dropped.
    """

    def __init__(self, examples: Examples, *, rows: np.ndarray | None = None) -> None:
        """Index these rows (n,) of the examples, or all of them."""
        self.whole = examples
        self.rows = np.arange(len(examples.frame)) if rows is None else rows
        self.shape: Shape = examples.shape
        self.columns: tuple[str, ...] = examples.texts

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The columns that are no texts."""
        return self._rows_of(self.whole.frame.drop(columns=list(self.columns)), self.rows)

    @cached_property
    def examples(self) -> Examples:
        """The examples with their texts."""
        return Examples(self.shape, self.select(np.arange(len(self))))

    def select(self, rows: np.ndarray) -> pd.DataFrame:
        """Take some rows, by number or by a flag for each, with all columns."""
        return self._rows_of(self.whole.frame, self.rows[rows])

    def _rows_of(self, frame: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
        """Take rows of the whole frame, which is the frame itself where they are all of it."""
        return frame if np.array_equal(rows, np.arange(len(frame))) else take_rows(frame, rows)

    def replace_column(self, name: str, values: pd.Series) -> Examples:
        """Make examples with other values in a column, (n,) a row each."""
        return Examples(self.shape, self.examples.frame.assign(**{name: values}))

    @cached_property
    def codes(self) -> np.ndarray:
        """(rows, text columns) index of each text into `texts`."""
        codes, self.__dict__["texts"] = text_codes(self.examples.frame, self.columns)
        return codes

    @cached_property
    def texts(self) -> Texts:
        """The distinct texts, by code; after `drop`, some that no row holds any more."""
        distinct: Texts = (
            self.__dict__["texts"] if self.codes is not None else ()
        )  # codes are computed together with them
        return distinct

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
        fewer = TextIndex(self.whole, rows=self.rows[rest])
        for name in ("codes", "texts", "same_codes", "near_codes"):
            if name in self.__dict__:
                value = self.__dict__[name]
                fewer.__dict__[name] = value if name == "texts" else value[rest]
        return fewer

    def map_texts(self, change: Callable[[str], str]) -> Examples:
        """Make examples with every text changed, calling `change` once a distinct text."""
        texts = TextArray.of(change(text) for text in self.texts)
        changed = {name: texts.take(self.codes[:, at]).to_cells() for at, name in enumerate(self.columns)}
        return Examples(self.shape, self.examples.frame.assign(**changed))


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
