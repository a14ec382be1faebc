"""One pair from near: its numbers, what its source finds before and after, who overtook whom, and why the two are close."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from lib import settings
from lib.charts.evaluation import token_heat, word_bars
from lib.evaluation.store import load_neighbours
from lib.store.runs import Run
from lib.ui import state
from lib.ui.cache import stamp
from lib.ui.components import errors_shown
from lib.ui.theme import colours

LABEL_CHARACTERS = 80


@st.cache_data(max_entries=128, show_spinner=False)
def _neighbours(identity: str, pair: int, _stamp: tuple[int, int]) -> pd.DataFrame:
    from lib.store.workspace import open_workspace

    return load_neighbours(open_workspace().runs.get(identity), pair=pair)


def show(run: Run, table: pd.DataFrame, chosen: list[int]) -> None:
    """Draw the inspector of one of the chosen pairs."""
    rows = table.set_index("pair")
    pair = chosen[0]
    if len(chosen) > 1:
        pair = st.selectbox(
            f"One of {len(chosen):,} chosen pairs",
            chosen[:500],
            format_func=lambda one: label(rows.loc[one]),
            key=state.PAIR_OPENED,
        )
    row = rows.loc[pair]
    with st.container(border=True):
        texts(row)
        numbers(row)
        near = _neighbours(run.id, int(pair), stamp(run.evaluation_dir / "neighbours.parquet"))
        neighbours(row, near)
        if "positive" in row:
            why(run, int(pair), str(row["anchor"]), str(row["positive"]))


def label(row: pd.Series) -> str:
    """Return a pair as one short line."""
    flat = " ".join(str(row["anchor"] if "anchor" in row else row["text"]).split())
    return flat if len(flat) <= LABEL_CHARACTERS else flat[: LABEL_CHARACTERS - 1] + "…"


def texts(row: pd.Series) -> None:
    """Write the texts of the pair as they stand."""
    if "text" in row:
        st.text(f"{row['text']}\nClass: {row['label']}")
        return
    left, right = st.columns(2)
    for place, title, name in ((left, "Source", "anchor"), (right, "Target", "positive")):
        with place:
            st.caption(title)
            st.text(str(row[name]))


def numbers(row: pd.Series) -> None:
    """Write rank, margin, cosine and background, base -> tuned."""
    told = []
    for name, title, form in (
        ("rank", "rank of the right answer", "{:,.0f}"),
        ("margin", "margin to the best wrong answer", "{:+.3f}"),
        ("cosine", "cosine", "{:.3f}"),
        ("background", "closer than random pairs", "{:.1%}"),
        ("neighbours", "same-class neighbours", "{:.0%}"),
    ):
        if f"base_{name}" in row:
            told.append(f"{title} {form.format(row[f'base_{name}'])} → {form.format(row[f'tuned_{name}'])}")
    st.markdown((" · ".join(told)).capitalize())


def neighbours(row: pd.Series, near: pd.DataFrame) -> None:
    """Draw what is nearest to the source before and after, the right one marked, and who overtook whom."""
    if near.empty:
        return
    for place, moment, title in zip(st.columns(2), ("base", "tuned"), ("Before", "After"), strict=True):
        with place:
            st.caption(f"{title}: nearest to the {'text' if 'text' in row else 'source'}")
            st.dataframe(
                listed(near, moment),
                hide_index=True,
                column_config={"cosine": st.column_config.NumberColumn(format="%.3f", width="small")},
            )
    if "base_rank" in row:
        overtaken(row, near)


def listed(near: pd.DataFrame, moment: str) -> pd.DataFrame:
    """Return the nearest of one moment as shown."""
    rows = near[near["moment"] == moment].sort_values("place")
    return pd.DataFrame(
        {
            "place": rows["place"].to_numpy(),
            "right": ["✓" if right else "" for right in rows["right"]],
            "cosine": rows["cosine"].to_numpy(),
            "text": rows["text"].to_numpy(),
        }
    )


def overtaken(row: pd.Series, near: pd.DataFrame) -> None:
    """Write which wrong texts the right one overtook, and which overtook it, as far as the ten nearest tell."""
    ahead = {moment: wrong_ahead(near, moment, int(row[f"{moment}_rank"])) for moment in ("base", "tuned")}
    passed = [text for text in ahead["base"] if text not in ahead["tuned"]]
    lost = [text for text in ahead["tuned"] if text not in ahead["base"]]
    for title, found in (("The right answer overtook", passed), ("The right answer was overtaken by", lost)):
        if found:
            st.caption(f"{title} ({len(found)}):")
            st.text("\n".join(f"· {text}" for text in found))


def wrong_ahead(near: pd.DataFrame, moment: str, rank: int) -> list[str]:
    """Return the wrong texts that stand before the right one among the ten nearest."""
    rows = near[(near["moment"] == moment) & ~near["right"].astype(bool) & (near["place"] < rank)]
    return rows.sort_values("place")["text"].tolist()


@st.fragment
def why(run: Run, pair: int, first: str, second: str) -> None:
    """Take the cosine apart, on request: the models are loaded on first use."""
    if not st.toggle("Why are these two close?", key=f"why-{run.id}-{pair}"):
        return
    with errors_shown(), st.spinner("Asking both models (the first time, they are loaded) ..."):
        draw_why(explained(run.id, str(run.model_dir), run.model, first, second))


@st.cache_data(max_entries=64, show_spinner=False)
def explained(_run: str, tuned: str, base: str, first: str, second: str) -> dict[str, Any]:
    """Ask the live helper for both models' parts of the cosine."""
    from lib.ui.try_it import worker

    home = str(settings.home())
    return worker(home).call(
        "lib.evaluation.explain:explain", models={"base": base, "tuned": tuned}, first=first, second=second, home=home
    )


def draw_why(found: dict[str, Any]) -> None:
    """Draw the parts of the cosine of base and tuned."""
    base, tuned = found["base"], found["tuned"]
    if base["kind"] == "tokens" and tuned["kind"] == "tokens":
        figure = token_heat(base, tuned, colours())
        st.plotly_chart(figure, key="why-heat", alt="What each pair of tokens gives to the cosine, base and tuned.")
        st.caption(
            "Rows: tokens of the source; columns: tokens of the target. The parts of each picture sum to its cosine exactly."
        )
    elif base["kind"] == "words" and tuned["kind"] == "words":
        figure = word_bars(base, tuned, colours())
        st.plotly_chart(figure, key="why-words", alt="How much the cosine falls when a word is left out.")
        st.caption("How much the cosine falls when a word is left out; these parts need not sum to the cosine.")
    else:
        st.caption("Base and tuned model are built differently: their parts cannot be laid side by side.")
