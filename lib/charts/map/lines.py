"""The lines of a map with the evaluation's numbers, and the texts of a map by row and class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.charts.map.scene import TextClasses
from lib.evaluation.store import load_pairs
from lib.projection.store import Map
from lib.store.runs import Run

COLOURED_CLASSES = 6
"""Classes or values that have a colour at a time: as many as can be distinguished."""

_SAME_COSINE = 0.02
"""A cosine that changed by less counts as the same where there is no evaluation."""


def rows_of_texts(frame: pd.DataFrame, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Find for each text of the map the first row of the dataset that holds it (-1: none), and its part."""
    first = frame.drop_duplicates("text")
    rows = pd.Series(first.index.to_numpy(), index=first["text"]).reindex(list(texts))
    parts = first.set_index("text")["part"].reindex(list(texts)).to_numpy(object)
    return rows.fillna(-1).to_numpy(np.int64), parts


def texts_by_class(frame: pd.DataFrame, texts: Sequence[str]) -> dict[str, np.ndarray]:
    """List the text ids of each class on the map, the largest class first."""
    label = frame.drop_duplicates("text").set_index("text")["label"].astype(str).reindex(list(texts))
    groups = label.reset_index(drop=True).groupby(label.to_numpy()).indices
    members = {str(name): np.asarray(ids) for name, ids in groups.items()}
    return dict(sorted(members.items(), key=lambda item: (-len(item[1]), item[0])))


def largest_classes(frame: pd.DataFrame, texts: Sequence[str]) -> TextClasses:
    """Select the largest classes of labelled texts, as many as have a colour."""
    rows, parts = rows_of_texts(frame, texts)
    largest = list(texts_by_class(frame, texts).items())[:COLOURED_CLASSES]
    return TextClasses(dict(largest), rows, np.asarray(parts == "held_out"))


def evaluated_lines(run: Run, layout: Map, frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Read a map's lines with the run's evaluation, and the name of the value that colours them."""
    pairs = (
        load_pairs(run) if run.paths.evaluation.summary.exists() else pd.DataFrame({"pair": pd.Series(dtype="int64")})
    )
    return add_evaluation(layout.lines, frame, pairs)


def add_evaluation(lines: pd.DataFrame, frame: pd.DataFrame, pairs: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Add to the map's lines the evaluation's numbers and the value that colours them.

    Returns the name of that value.

    It is the margin where all held-out lines have one, the cosine signed by the score or label where the evaluation
    has no ranks, and the cosine otherwise.
    """
    lines = lines.rename(columns={"change": "length_change"})
    names = [name for name in ("change", "base_rank", "tuned_rank", "base_margin", "tuned_margin") if name in pairs]
    lines = lines.merge(pairs[["pair", *names]].drop_duplicates("pair"), on="pair", how="left")
    if "group" in frame:
        lines["group"] = frame["group"].reindex(lines["pair"]).to_numpy()
    change = lines["tuned_cosine"] - lines["base_cosine"]
    by_cosine = pd.Series(
        np.select([change > _SAME_COSINE, change < -_SAME_COSINE], ["better", "worse"], "same"), lines.index
    )
    lines["change"] = lines["change"].fillna(by_cosine) if "change" in lines else by_cosine
    lines["cosine_change"] = lines["value"] = change
    if "tuned_margin" in lines and lines.loc[lines["part"] == "held_out", "tuned_margin"].notna().all():
        lines["value"] = (lines["tuned_margin"] - lines["base_margin"]).fillna(change)
        return lines, "margin"
    if "tuned_margin" not in pairs and "change" in pairs:
        # a low score or a label 0 asks a pair to move apart: the sign says whether it went where it should
        sign = lines["change"].map({"better": 1.0, "same": 0.0, "worse": -1.0}).astype(float)
        lines["value"] = change.abs() * sign
        return lines, "label"
    return lines, "cosine"
