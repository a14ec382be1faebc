"""Pairs of texts in memory: what they are made of, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from lib.api.pairs import Pairs, all_held_out, prepare_data
from lib.errors import InputError
from lib.settings import ROOT
from lib.shapes import Shape
from tests.builders import of_shape, pairs


def test_pairs_come_from_lists_frames_and_files(tmp_path: Path) -> None:
    frame = pairs(40)
    lists = Pairs(frame["source_sentence"].tolist(), frame["target_sentence"])
    assert Pairs.from_frame(frame) == lists
    swapped = frame.rename(columns={"source_sentence": "left", "target_sentence": "right"})[["right", "left"]]
    assert Pairs.from_frame(swapped, source="left", target="right") == lists
    frame.to_csv(tmp_path / "pairs.csv", index=False)
    assert Pairs.from_file(tmp_path / "pairs.csv") == lists
    assert len(lists) == 40
    assert next(iter(lists)) == tuple(frame.iloc[0])
    assert lists.to_frame().equals(frame.astype(object))


@pytest.mark.parametrize(
    ("sources", "targets", "cause"),
    [
        (["a"], ["b", "c"], "1 sources and 2 targets"),
        ("text", ["b"], "one text"),
        (["a", None], ["b", "c"], r"sources\[1\]"),
        (["a"], [1.5], r"targets\[0\]"),
    ],
)
def test_what_are_no_pairs_is_refused_with_its_place(sources: object, targets: object, cause: str) -> None:
    with pytest.raises(InputError, match=cause):
        Pairs(sources, targets)  # type: ignore[arg-type]


def test_an_unknown_column_or_another_shape_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="“nope”"):
        Pairs.from_frame(pairs(), source="nope")
    of_shape(Shape.TRIPLETS).to_csv(tmp_path / "triplets.csv", index=False)
    with pytest.raises(InputError, match="triplets"):
        Pairs.from_file(tmp_path / "triplets.csv")
    with pytest.raises(InputError, match="There is no file"):
        prepare_data(tmp_path / "none.csv")


def test_a_notebook_shows_texts_escaped() -> None:
    shown = Pairs(["<script>alert(1)</script>"], ["b"])._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_columns_of_pairs_are_never_guessed_from_their_texts() -> None:
    some = Pairs([str(n) for n in range(40)], [f"the number {n} in words" for n in range(40)])
    prepared = prepare_data(some)
    assert prepared.shape is Shape.PAIRS
    assert sorted(prepared.frame["anchor"], key=int) == [str(n) for n in range(40)]


def test_a_few_rows_are_enough_to_compare_on_and_all_are_held_out() -> None:
    frame, shape = all_held_out(pd.DataFrame({"question": ["a b", "c d"], "answer": ["e f g", "h i j"]}))
    assert (shape, list(frame["part"])) == (Shape.PAIRS, ["held_out"] * 2)


def test_lib_itself_stays_light_and_names_what_it_offers() -> None:
    code = "import sys, lib; print([name for name in ('torch', 'pandas', 'streamlit') if name in sys.modules], lib.__all__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[] ['Pairs', 'train'")
    code = "import sys; from lib import Pairs; print('torch' in sys.modules, 'streamlit' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
