"""Lines are the pairs whose texts are both on the map, with the cosines of the full dimensions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.projection.lines import pair_lines
from lib.projection.store import load_map
from lib.shapes import Shape
from lib.store.snapshots import read_snapshots
from tests.unit.projection.finished import finished_run


def test_only_pairs_whose_texts_are_shown_are_lines() -> None:
    frame = pd.DataFrame({"anchor": ["a", "b"], "positive": ["c", "x"], "part": ["train", "train"]}, index=[4, 9])
    found = pair_lines(frame, ["c", "b", "a"], shape=Shape.PAIRS)
    assert found[["pair", "source", "target"]].to_numpy().tolist() == [[4, 2, 0]]
    texts = pd.DataFrame({"text": ["a"], "label": ["1"], "part": ["train"]})
    assert pair_lines(texts, ["a"], shape=Shape.LABELLED_TEXTS).empty


def test_the_cosines_of_the_lines_are_those_of_the_full_dimensions(home: Path) -> None:
    run = finished_run(home)
    map_data, snapshots = load_map(run), read_snapshots(run.paths.snapshots.folder)
    vectors = snapshots.vectors("best")
    line = map_data.lines.iloc[7]
    assert line["tuned_cosine"] == pytest.approx(float(vectors[line["source"]] @ vectors[line["target"]]), abs=1e-6)
    frames = list(map_data.coordinates.values())
    length = [float(np.linalg.norm(f[int(line["source"])] - f[int(line["target"])])) for f in (frames[0], frames[-1])]
    assert line["change"] == pytest.approx(length[1] - length[0], abs=1e-5)
