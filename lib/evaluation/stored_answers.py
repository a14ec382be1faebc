"""What base and tuned answered to a held-out question, from the stored evaluation."""

from __future__ import annotations

import pandas as pd

from lib.evaluation.store import load_neighbours, load_pairs
from lib.models.inference.answers import NearestText, Ranking
from lib.store.runs import Run


def stored_answer(run: Run, pair: int, *, texts: int) -> dict[str, Ranking]:
    """Read what base and tuned answered to a held-out question, without a model.

    texts: how many were ranked. Raises StoreError where the evaluation's files are damaged.
    """
    pairs = load_pairs(run)
    row = pairs[pairs["pair"] == pair].iloc[0]
    neighbours = load_neighbours(run, pair=pair)
    return {name: stored_ranking(row, neighbours, name, texts=texts) for name in ("base", "tuned")}


def stored_ranking(row: pd.Series, neighbours: pd.DataFrame, model: str, *, texts: int) -> Ranking:
    """Build one model's ranking from the nearest texts that the evaluation stored.

    A right answer beyond them is this pair's own target, whose rank is stored, too.
    """
    rows = neighbours[neighbours["moment"] == model].sort_values("place")
    best = tuple(
        NearestText(str(text), float(cosine), bool(right))
        for text, cosine, right in zip(rows["text"], rows["cosine"], rows["right"], strict=True)
    )
    place = next((place for place, one in enumerate(best, start=1) if one.is_right), None)
    if place is not None:
        return Ranking(best, best[place - 1], place, texts)
    if f"{model}_rank" not in row or pd.isna(row[f"{model}_rank"]):
        return Ranking(best, None, None, texts)
    right = NearestText(str(row["positive"]), float(row[f"{model}_cosine"]), is_right=True)
    return Ranking(best, right, int(row[f"{model}_rank"]), texts)
