"""One pair of the map in detail: trajectory, nearest neighbours (base, tuned), nearest wrong answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lib.charts.pair.nearest_wrong import AnswerTriple, nearest_wrong_figure
from lib.charts.pair.trajectory import trajectory_figure
from lib.format import format_cosine
from lib.projection.store import end_vectors
from lib.store.map_paths import MapKind
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore import keys
from lib.ui.explore.map.data import MapData, dataset_rows
from lib.ui.explore.map.view import MapView
from lib.ui.shared.cache import file_stamp
from lib.ui.shared.components import escape_markdown
from lib.vectors import dot_products, order_by_score

_NUM_NEIGHBOURS = 6
_TRAJECTORY_HEIGHT = 360
_NO_TOOLBAR = {"displayModeBar": False}

_Neighbours = dict[str, tuple[list[int], list[float]]]
"""Model (base, tuned) -> text ids and cosines of the nearest texts, the nearest first."""


def show_pair_on_map(view: MapView, line: pd.Series) -> None:
    """Show one pair of the map: texts, numbers, trajectory, nearest neighbours, nearest wrong answer."""
    data, source, target = view.data, int(line["source"]), int(line["target"])
    st.text(f"{data.texts[source]}\n→ {data.texts[target]}")
    st.caption(_describe_numbers(line))
    if data.neighbours is not None:
        new = data.neighbours.new
        st.caption(f"New among the {data.neighbours.num} nearest texts: source {new[source]}, target {new[target]}.")
    if line.get("opposed", False):
        st.caption(f":material/swap_vert: {_describe_opposed(line)}")
    neighbours = _find_neighbours(view.run.id, data.kind, _stamp(view), source)
    triple = _find_wrong_answer(view.run, data, source, target) if data.measure != "label" else None
    tabs = st.tabs(["Trajectory", "Nearest neighbours", *(["Nearest wrong answer"] if triple else [])])
    with tabs[0]:
        ids = {model: ids for model, (ids, _) in neighbours.items()}
        figure = trajectory_figure(data.map, data.texts, source, target, ids, height=_TRAJECTORY_HEIGHT, dark=view.dark)
        alt = "The trajectory of both texts of the pair from base to tuned."
        st.plotly_chart(figure, key=keys.MAP_TRAJECTORY, alt=alt, config=_NO_TOOLBAR)
    with tabs[1]:
        _show_neighbours(data, neighbours)
    if triple is not None:
        with tabs[2]:
            _show_wrong_answer(triple, dark=view.dark)


def show_text_on_map(view: MapView, row: int) -> None:
    """Show one labelled text: its class and part, and its nearest neighbours with their classes."""
    data, example = view.data, dataset_rows(view.run).loc[row]
    st.text(str(example["text"]))
    st.caption(escape_markdown(f"Class: {example['label']}. {str(example['part']).replace('_', '-').capitalize()}."))
    ids = np.flatnonzero(data.rows == row)
    if not len(ids):
        st.caption("Not on the map: no snapshots of this text were stored.")
        return
    neighbours = _find_neighbours(view.run.id, data.kind, _stamp(view), int(ids[0]))
    class_of_text = {int(text): name for name, members in data.classes.items() for text in members}
    _show_neighbours(data, neighbours, classes=class_of_text)


def _describe_numbers(line: pd.Series) -> str:
    """Write the pair's numbers of the full embeddings, base -> tuned."""
    base, tuned = line["base_cosine"], line["tuned_cosine"]
    words = f"Cosine {format_cosine(base)} → {format_cosine(tuned)} ({format_cosine(tuned - base, signed=True)})"
    if pd.notna(line.get("base_rank")):
        words += f", rank of the correct answer {int(line['base_rank']):,} → {int(line['tuned_rank']):,}"
    return f"{words}. {line['part'].replace('_', '-').capitalize()}."


def _describe_opposed(line: pd.Series) -> str:
    """Explain a line whose cosine and rank moved in opposite directions."""
    rose = line["tuned_cosine"] > line["base_cosine"]
    base, tuned = line["base_pair_rank"], line["tuned_pair_rank"]
    others = "other texts came closer still" if rose else "other texts moved away further"
    return (
        f"The cosine {'rose' if rose else 'fell'}, but {others}: as neighbours of each other these two went from rank {base:.1f} to "
        f"{tuned:.1f}. The line follows the rank."
    )


def _stamp(view: MapView) -> tuple[int, int]:
    return file_stamp(view.run.paths.map_of(view.data.kind).summary)


@st.cache_data(max_entries=200, show_spinner=False)
def _find_neighbours(run_id: str, kind: MapKind, map_stamp: tuple[int, int], text: int) -> _Neighbours:
    """Find the nearest texts of a text, base and tuned, by cosine of the full embeddings."""
    neighbours = {}
    for model, vectors in zip(
        ("base", "tuned"), end_vectors(open_workspace().runs.get(run_id), kind=kind), strict=True
    ):
        cosine = dot_products(vectors, vectors[text])
        cosine[text] = -np.inf
        nearest = order_by_score(cosine[None])[0, :_NUM_NEIGHBOURS]
        neighbours[model] = (nearest.tolist(), cosine[nearest].astype(float).tolist())
    return neighbours


def _show_neighbours(data: MapData, neighbours: _Neighbours, *, classes: dict[int, str] | None = None) -> None:
    """Show the nearest neighbours, base and tuned, with their classes where there are some."""
    for model in ("base", "tuned"):
        ids, cosines = neighbours[model]
        st.caption(f"Nearest neighbours, {model}")
        frame = pd.DataFrame({"cosine": cosines, "text": [data.texts[text] for text in ids]})
        if classes is not None:
            frame.insert(1, "class", [classes.get(text, "") for text in ids])
        config = {"cosine": st.column_config.NumberColumn(format="%.3f", width=70)}
        st.dataframe(frame, hide_index=True, height=178, column_config=config, key=f"{keys.MAP_TRAJECTORY}-{model}")


def _find_wrong_answer(run: Run, data: MapData, source: int, target: int) -> AnswerTriple | None:
    """Find the wrong target nearest to the source by the base model; None where there is no other target."""
    lines = data.lines
    correct = lines.loc[lines["source"] == source, "target"].to_numpy()
    wrong = np.setdiff1d(lines["target"].unique(), np.append(correct, source))
    if not len(wrong):
        return None
    base, tuned = end_vectors(run, kind=data.kind)
    nearest = int(wrong[order_by_score(dot_products(base[wrong], base[source])[None])[0, 0]])
    ids = [source, target, nearest]
    texts = (data.texts[source], data.texts[target], data.texts[nearest])
    return AnswerTriple(texts, np.asarray(base[ids], np.float64), np.asarray(tuned[ids], np.float64))


def _show_wrong_answer(triple: AnswerTriple, *, dark: bool) -> None:
    """Draw source, correct answer and nearest wrong answer at their distances in the full embeddings."""
    words = _describe_wrong_answer(triple)
    st.caption(words)
    st.text(f"Source: {triple.texts[0]}\nCorrect: {triple.texts[1]}\nWrong: {triple.texts[2]}")
    st.plotly_chart(nearest_wrong_figure(triple, dark=dark), key=keys.MAP_WRONG_ANSWER, alt=words, config=_NO_TOOLBAR)


def _describe_wrong_answer(triple: AnswerTriple) -> str:
    words = {
        (True, False): "A wrong answer was closer than the correct one; now it isn't.",
        (True, True): "A wrong answer was closer than the correct one, and still is.",
        (False, True): "The correct answer was closer; now this wrong one is.",
        (False, False): "The correct answer is closer than this wrong one, base and tuned.",
    }
    return f"{words[triple.is_wrong_nearer_base, triple.is_wrong_nearer_tuned]} Drawn to scale."
