"""One chosen pair: the trail it took, its neighbours before and after, and the intruder."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from lib.charts.pair.nearest_wrong import AnswerTriple, nearest_wrong_figure
from lib.charts.pair.trajectory import trajectory_figure
from lib.projection.store import end_vectors
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore import keys
from lib.ui.explore.map.data import Told, rows
from lib.ui.shared.cache import stamp
from lib.ui.shared.components import plain
from lib.ui.shared.theme import is_dark

NEIGHBOURS = 6
TRAIL_HEIGHT = 360
PLAIN = {"displayModeBar": False}


def follow(run: Run, told: Told, line: pd.Series) -> None:
    """Show one pair of the map: its texts and numbers, its way, its neighbours, and its intruder."""
    source, target = int(line["source"]), int(line["target"])
    st.text(f"{told.texts[source]}\n→ {told.texts[target]}")
    st.caption(numbers(line))
    near = neighbours(run.id, stamp(run.paths.map.summary), source)
    triple = find_intruder(run, told, source, target) if told.measure != "asked" else None
    tabs = st.tabs(["Follow this pair", "Nearest texts", *(["The intruder"] if triple else [])])
    with tabs[0]:
        ends = {moment: places for moment, (places, _) in near.items()}
        figure = trajectory_figure(told.drawn, told.texts, source, target, ends, height=TRAIL_HEIGHT, dark=is_dark())
        alt = "The way of both texts of the pair from base to tuned."
        st.plotly_chart(figure, key=keys.MAP_TRAJECTORY, alt=alt, config=PLAIN)
    with tabs[1]:
        tables(told, near)
    if triple is not None:
        with tabs[2]:
            show_intruder(triple)


def follow_text(run: Run, told: Told, row: int) -> None:
    """Show one labelled text: its class and part, and its neighbours before and after with their classes."""
    example = rows(run).loc[row]
    st.text(str(example["text"]))
    st.caption(plain(f"Class: {example['label']}. {str(example['part']).replace('_', '-').capitalize()}."))
    place = np.flatnonzero(told.rows == row)
    if not len(place):
        st.caption("Not followed during training: it has no place on the map.")
        return
    near = neighbours(run.id, stamp(run.paths.map.summary), int(place[0]))
    of = {int(place): name for name, members in told.classes.items() for place in members}
    tables(told, near, classes=of)


def numbers(line: pd.Series) -> str:
    """Return the pair's numbers in the full dimensions, base -> tuned."""
    told = f"Cosine {line['base_cosine']:.3f} → {line['tuned_cosine']:.3f} ({line['tuned_cosine'] - line['base_cosine']:+.3f})"
    if pd.notna(line.get("base_rank")):
        told += f", rank of the right answer {int(line['base_rank']):,} → {int(line['tuned_rank']):,}"
    return f"{told}. {line['part'].replace('_', '-').capitalize()}."


@st.cache_data(max_entries=200, show_spinner=False)
def neighbours(identity: str, map_stamp: Any, text: int) -> dict[str, tuple[list[int], list[float]]]:
    """Return the nearest texts of a text (ids, cosines) before and after, in the full dimensions."""
    found = {}
    for label, vectors in zip(("base", "tuned"), end_vectors(open_workspace().runs.get(identity)), strict=True):
        cosine = vectors @ vectors[text]
        cosine[text] = -np.inf
        near = np.argsort(-cosine, kind="stable")[:NEIGHBOURS]
        found[label] = (near.tolist(), cosine[near].astype(float).tolist())
    return found


def tables(
    told: Told, near: dict[str, tuple[list[int], list[float]]], *, classes: dict[int, str] | None = None
) -> None:
    """Show the neighbours before and after, with their classes where there are some."""
    for label, title in (("base", "Nearest texts before"), ("tuned", "Nearest texts after")):
        places, cosines = near[label]
        st.caption(title)
        frame = pd.DataFrame({"cosine": cosines, "text": [told.texts[place] for place in places]})
        if classes is not None:
            frame.insert(1, "class", [classes.get(place, "") for place in places])
        config = {"cosine": st.column_config.NumberColumn(format="%.3f", width=70)}
        st.dataframe(frame, hide_index=True, height=178, column_config=config, key=f"{keys.MAP_TRAJECTORY}-{label}")


def show_intruder(triple: AnswerTriple) -> None:
    """Show question, right answer and the wrong one that used to be nearest, at their true distances."""
    st.caption(verdict(triple))
    st.text(f"Question: {triple.texts[0]}\nRight: {triple.texts[1]}\nWrong: {triple.texts[2]}")
    st.plotly_chart(
        nearest_wrong_figure(triple, dark=is_dark()), key=keys.MAP_WRONG_ANSWER, alt=verdict(triple), config=PLAIN
    )


def find_intruder(run: Run, told: Told, source: int, target: int) -> AnswerTriple | None:
    """Return the pair with the wrong target that was nearest to its source before; None where there is no other target."""
    lines = told.lines
    right = lines.loc[lines["source"] == source, "target"].to_numpy()
    wrong = np.setdiff1d(lines["target"].unique(), np.append(right, source))
    if not len(wrong):
        return None
    before, after = end_vectors(run)
    nearest = int(wrong[np.argmax(before[wrong] @ before[source])])
    places = [source, target, nearest]
    texts = (told.texts[source], told.texts[target], told.texts[nearest])
    return AnswerTriple(texts, np.asarray(before[places], np.float64), np.asarray(after[places], np.float64))


def verdict(triple: AnswerTriple) -> str:
    """Return what happened between the three, in words."""
    told = {
        (True, False): "A wrong answer used to be nearer than the right one. Now it is not.",
        (True, True): "A wrong answer was nearer than the right one, and still is.",
        (False, True): "The right answer was nearest before; now this wrong one is nearer.",
        (False, False): "The right answer is nearer than this wrong one, before and after.",
    }
    return told[triple.was_nearer, triple.is_nearer] + " Three texts fit on paper at their true distances."
