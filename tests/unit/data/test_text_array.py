"""Texts in Arrow memory are the texts, and their codes those of pandas, in blocks of any size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.data import near_duplicates, text_array
from lib.data.near_duplicates import near_duplicate_groups
from lib.data.normalisation import same_key
from lib.data.prepare import prepare
from lib.data.text_array import (
    KeyHashes,
    PickedTexts,
    TextArray,
    as_cells,
    first_rows,
    key_codes,
    take_rows,
    text_codes,
)

TEXTS = st.lists(st.text("aB é?", max_size=3), max_size=30)


@pytest.fixture(autouse=True)
def tiny_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_array, "BLOCK_TEXTS", 4)
    monkeypatch.setattr(near_duplicates, "CHUNK_CHARACTERS", 100)


@given(TEXTS)
def test_it_is_the_list_that_it_was_made_of(texts: list[str]) -> None:
    array = TextArray.of(texts)
    assert list(array) == texts
    assert array == texts
    assert (len(array), array[1:3], array[::2]) == (len(texts), texts[1:3], texts[::2])
    rows = np.arange(len(texts))[::-1]
    assert list(array.pick(rows)) == list(array.take(rows)) == texts[::-1]
    assert array.byte_sizes().tolist() == [len(text.encode()) for text in texts]
    assert array.prefix("q: ") == ["q: " + text for text in texts]
    assert TextArray.of_cells(array.to_cells()) == array
    assert (array == TextArray.of([*texts, "more"])) is False


@given(TEXTS, st.data())
def test_rows_of_an_array_are_those_of_the_list(texts: list[str], data: st.DataObject) -> None:
    rows = np.array(data.draw(st.lists(st.integers(0, len(texts) - 1))) if texts else [], dtype=np.int64)
    expected = [texts[row] for row in rows]
    picked = PickedTexts(TextArray.of(texts), rows)
    assert picked == expected
    assert picked.take(np.arange(len(rows))) == TextArray.of(picked) == expected
    assert (picked[::2], list(picked.prefix("q: "))) == (expected[::2], ["q: " + text for text in expected])
    assert [picked[at] for at in range(-len(rows), len(rows))] == expected * 2
    frame = pd.DataFrame({"text": pd.Series(texts, dtype="str"), "number": np.arange(len(texts), dtype=np.int64)})
    pd.testing.assert_frame_equal(take_rows(frame, rows), frame.iloc[rows].reset_index(drop=True))


@given(TEXTS, st.booleans())
def test_codes_are_those_of_pandas(texts: list[str], is_object: bool) -> None:
    frame = pd.DataFrame({"a": texts, "b": texts[::-1]}, dtype=object if is_object else "str")
    codes, distinct = text_codes(frame, ("a", "b"))
    expected, names = pd.factorize(np.array([*texts, *texts[::-1]], dtype=object))
    assert codes.T.ravel().tolist() == expected.tolist()
    assert distinct == list(names)
    keys = pd.factorize(np.array([same_key(text) for text in texts], dtype=object))[0]
    assert key_codes(TextArray.of(texts), same_key).tolist() == keys.tolist()
    assert [texts[row] for row in first_rows(keys)] == [
        texts[keys.tolist().index(code)] for code in range(len(set(keys)))
    ]


def test_a_collision_of_one_hash_is_told_apart_by_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    real = pd.util.hash_array

    def hash_array(values: np.ndarray, *, hash_key: str, categorize: bool) -> np.ndarray:
        hashes = real(values, hash_key=hash_key, categorize=categorize)
        return hashes if hash_key.endswith("1") else np.array([len(value) for value in values], dtype=np.uint64)

    monkeypatch.setattr(pd.util, "hash_array", hash_array)
    for order in (text_array.HASH_SECRETS, text_array.HASH_SECRETS[::-1]):
        monkeypatch.setattr(text_array, "HASH_SECRETS", order)
        hashes = KeyHashes(4)
        hashes.add(["ab", "cd"])
        hashes.add(["ab", "e"])
        assert hashes.codes().tolist() == [0, 1, 0, 2]


def test_a_column_of_texts_keeps_its_memory() -> None:
    cells = pd.Series(["a", "b"], dtype="str")
    assert TextArray.of_cells(as_cells(cells)).array.chunk(0).buffers()[2].address == (
        TextArray.of_cells(cells).array.chunk(0).buffers()[2].address
    )
    assert as_cells(pd.Series(["a"], dtype=object)).dtype == "str"


def rows(count: int = 200) -> pd.DataFrame:
    """Build pairs with copies, near copies and targets of several sources."""
    generator = np.random.default_rng(0)
    words = [f"word{number}" for number in range(40)]
    sides = [[" ".join(generator.choice(words, size=9)) for _ in range(count)] for _ in range(2)]
    for row in range(0, count - 5, 5):
        sides[0][row + 1] = sides[0][row].upper() + "!"
        sides[1][row + 3] = sides[1][row] + " x" * (row % 2)
    return pd.DataFrame(dict(zip(("question", "answer"), sides, strict=True)), dtype="str")


def test_blocks_of_any_size_give_the_same_audit_and_split(monkeypatch: pytest.MonkeyPatch) -> None:
    small = prepare(rows())
    groups = near_duplicate_groups(rows()["question"].tolist())
    assert 20 < len(set(groups.tolist())) < 165
    monkeypatch.undo()
    whole = prepare(rows())
    assert near_duplicate_groups(rows()["question"].tolist()).tolist() == groups.tolist()
    pd.testing.assert_frame_equal(small.frame, whole.frame)
    pd.testing.assert_frame_equal(small.left_out, whole.left_out)
    assert small.facts == whole.facts
    assert sum(finding.count for finding in whole.audit.findings) >= 20
