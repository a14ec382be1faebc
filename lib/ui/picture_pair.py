"""One chosen pair: the trail it took, its neighbours before and after, and the intruder."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from lib.charts.intruder import Triple, intruder
from lib.charts.trail import trail
from lib.projection.store import drawn_ends
from lib.store.runs import Run
from lib.ui import state
from lib.ui.cache import stamp
from lib.ui.picture_data import Told
from lib.ui.theme import is_dark

NEIGHBOURS = 6
LABEL_CHARACTERS = 70


def follow(run: Run, told: Told, pairs: list[int]) -> None:
    """Show the chosen pairs; with several, one of them at a time."""
    lines = told.lines.set_index("pair")
    here = [pair for pair in pairs if pair in lines.index]
    if not here:
        return
    st.subheader("Follow this pair", anchor=False)
    pair = here[0]
    if len(here) > 1:
        pair = st.selectbox(
            f"One of {len(here):,} chosen pairs",
            here[:500],
            format_func=lambda one: name(told, lines.loc[one]),
            key=state.MAP_FOLLOWED,
        )
    line = lines.loc[pair]
    st.text(f"{told.texts[line['source']]}\n→ {told.texts[line['target']]}")
    st.caption(numbers(line))
    near = neighbours(run.id, stamp(run.map_dir / "map.json"), int(line["source"]))
    left, right = st.columns(2)
    with left:
        figure = trail(
            told.drawn,
            told.texts,
            int(line["source"]),
            int(line["target"]),
            {k: v for k, (v, _) in near.items()},
            dark=is_dark(),
        )
        st.plotly_chart(figure, key=state.MAP_TRAIL, alt="The way of both texts of the pair from base to tuned.")
    with right:
        tables(told, near)
    show_intruder(run, told, line)


def name(told: Told, line: pd.Series) -> str:
    """Return a pair as one short line."""
    flat = " ".join(told.texts[int(line["source"])].split())
    return flat if len(flat) <= LABEL_CHARACTERS else flat[: LABEL_CHARACTERS - 1] + "…"


def numbers(line: pd.Series) -> str:
    """Return the pair's numbers in the full dimensions, base -> tuned."""
    told = f"Cosine {line['base_cosine']:.3f} → {line['tuned_cosine']:.3f} ({line['tuned_cosine'] - line['base_cosine']:+.3f})"
    if pd.notna(line.get("base_rank")):
        told += f", rank of the right answer {int(line['base_rank']):,} → {int(line['tuned_rank']):,}"
    return f"{told}. {line['part'].replace('_', '-').capitalize()}."


@st.cache_data(max_entries=200, show_spinner=False)
def neighbours(identity: str, map_stamp: Any, text: int) -> dict[str, tuple[list[int], list[float]]]:
    """Return the nearest texts of a text (ids, cosines) before and after, in the full dimensions."""
    from lib.store.workspace import open_workspace

    found = {}
    for label, vectors in zip(("base", "tuned"), drawn_ends(open_workspace().runs.get(identity)), strict=True):
        cosine = vectors @ vectors[text]
        cosine[text] = -np.inf
        near = np.argsort(-cosine, kind="stable")[:NEIGHBOURS]
        found[label] = (near.tolist(), cosine[near].astype(float).tolist())
    return found


def tables(told: Told, near: dict[str, tuple[list[int], list[float]]]) -> None:
    """Show the source's neighbours before and after."""
    for label, title in (("base", "Nearest texts before"), ("tuned", "Nearest texts after")):
        places, cosines = near[label]
        st.caption(title)
        frame = pd.DataFrame({"cosine": cosines, "text": [told.texts[place] for place in places]})
        config = {"cosine": st.column_config.NumberColumn("Cosine", format="%.3f", width="small"), "text": "Text"}
        st.dataframe(frame, hide_index=True, height=178, column_config=config, key=f"{state.MAP_TRAIL}-{label}")


def show_intruder(run: Run, told: Told, line: pd.Series) -> None:
    """Show question, right answer and the wrong one that used to be nearest, at their true distances."""
    triple = find_intruder(run, told, int(line["source"]), int(line["target"]))
    if triple is None:
        return
    st.subheader("The intruder", anchor=False)
    st.caption(verdict(triple))
    st.text(f"Question: {triple.texts[0]}\nRight: {triple.texts[1]}\nWrong: {triple.texts[2]}")
    st.plotly_chart(
        intruder(triple, dark=is_dark()), key=state.MAP_INTRUDER, alt=verdict(triple), config={"displayModeBar": False}
    )


def find_intruder(run: Run, told: Told, source: int, target: int) -> Triple | None:
    """Return the pair with the wrong target that was nearest to its source before; None where there is no other target."""
    lines = told.lines
    right = lines.loc[lines["source"] == source, "target"].to_numpy()
    wrong = np.setdiff1d(lines["target"].unique(), np.append(right, source))
    if not len(wrong):
        return None
    before, after = drawn_ends(run)
    nearest = int(wrong[np.argmax(before[wrong] @ before[source])])
    places = [source, target, nearest]
    texts = (told.texts[source], told.texts[target], told.texts[nearest])
    return Triple(texts, np.asarray(before[places], np.float64), np.asarray(after[places], np.float64))


def verdict(triple: Triple) -> str:
    """Return what happened between the three, in words."""
    told = {
        (True, False): "A wrong answer used to be nearer than the right one. Now it is not.",
        (True, True): "A wrong answer was nearer than the right one, and still is.",
        (False, True): "The right answer was nearest before; now this wrong one is nearer.",
        (False, False): "The right answer is nearer than this wrong one, before and after.",
    }
    return told[triple.was_nearer, triple.is_nearer] + " Three texts fit on paper at their true distances."
