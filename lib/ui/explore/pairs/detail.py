"""One pair from near: its numbers, what its source finds before and after, who overtook whom, and why the two are close."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from lib import settings
from lib.charts.evaluation import token_heat, word_bars
from lib.evaluation.store import load_neighbours
from lib.store.runs import Run
from lib.ui.explore import keys, selection
from lib.ui.shared.cache import stamp
from lib.ui.shared.components import errors_shown
from lib.ui.shared.theme import colours

LABEL_CHARACTERS = 80


@st.cache_data(max_entries=128, show_spinner=False)
def _neighbours(identity: str, pair: int, _stamp: tuple[int, int]) -> pd.DataFrame:
    from lib.store.workspace import open_workspace

    return load_neighbours(open_workspace().runs.get(identity), pair=pair)


def show(run: Run, table: pd.DataFrame, chosen: list[int]) -> None:
    """Draw the inspector of one of the chosen pairs."""
    rows = table.set_index("pair")
    pair = selection.choose_active_pair(chosen, key=keys.PAIR_DETAIL, label=lambda one: label(rows.loc[one]))
    row = rows.loc[pair]
    with st.container(border=True):
        texts(row)
        numbers(row)
        near = _neighbours(run.id, int(pair), stamp(run.paths.evaluation.neighbours))
        neighbours(row, near)
        if "positive" in row:
            why(run, int(pair), str(row["anchor"]), str(row["positive"]))


def label(row: pd.Series) -> str:
    """Return a pair as one short line."""
    flat = " ".join(str(row["anchor"] if "anchor" in row else row["text"]).split())
    return flat if len(flat) <= LABEL_CHARACTERS else flat[: LABEL_CHARACTERS - 1] + "…"


def texts(row: pd.Series) -> None:
    """Write the texts of the pair as they stand, and the wrong ones of a triplet."""
    if "text" in row:
        st.text(f"{row['text']}\nClass: {row['label']}")
        return
    wrong = [name for name in row.index if str(name).startswith("negative") and str(row[name]).strip()]
    titles = {"anchor": "Source", "positive": "Target"} | dict.fromkeys(wrong, "Wrong target")
    for place, (name, title) in zip(st.columns(len(titles)), titles.items(), strict=True):
        with place:
            st.caption(title)
            st.text(str(row[name]))
    if "label" in row or "score" in row:
        st.text(f"Label: {row['label']}" if "label" in row else f"Score: {row['score']:g}")


def numbers(row: pd.Series) -> None:
    """Write rank, margin, cosine and background, base -> tuned; what there is not is not written."""
    told = []
    for name, title, form in (
        ("rank", "rank of this target", "{:,.0f}"),
        ("margin", "margin to the best wrong answer", "{:+.3f}"),
        ("cosine", "cosine", "{:.3f}"),
        ("negative_cosine", "cosine of the nearest wrong target", "{:.3f}"),
        ("background", "closer than random pairs", "{:.1%}"),
        ("neighbours", "same-class neighbours", "{:.0%}"),
    ):
        if f"base_{name}" in row and pd.notna(row[f"base_{name}"]):
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
    """Return the nearest of one moment as shown: ✓ what is right, ✗ this pair's target where its label or score says it is not."""
    rows = near[near["moment"] == moment].sort_values("place")
    own = rows["own"] if "own" in rows else rows["right"]
    marks = ["✓" if right else "✗" if mine else "" for right, mine in zip(rows["right"], own, strict=True)]
    return pd.DataFrame(
        {
            "place": rows["place"].to_numpy(),
            "right": marks,
            "cosine": rows["cosine"].to_numpy(),
            "text": rows["text"].to_numpy(),
        }
    )


def overtaken(row: pd.Series, near: pd.DataFrame) -> None:
    """Write which wrong texts the right one overtook, and which overtook it, where the ten nearest tell."""
    told, unknown = overtakings(row, near)
    for title, found in told.items():
        st.caption(f"{title} ({len(found)}):")
        st.text("\n".join(f"· {text}" for text in found))
    if unknown:
        st.caption(unknown)


def overtakings(row: pd.Series, near: pd.DataFrame) -> tuple[dict[str, list[str]], str]:
    """Return by title the wrong texts that changed sides with the right one, and what cannot be told.

    A text that stood ahead at one moment was overtaken only where all that stand ahead at the other are known: these are
    the ten nearest, so a right one at rank 12 or beyond may still have that text before it.
    """
    ahead = {moment: wrong_ahead(near, moment, int(row[f"{moment}_rank"])) for moment in ("base", "tuned")}
    missing = {moment: int(row[f"{moment}_rank"]) - 1 - len(texts) for moment, texts in ahead.items()}
    found = {}
    for title, before, after in (
        ("The right answer overtook", "base", "tuned"),
        ("The right answer was overtaken by", "tuned", "base"),
    ):
        passed = [text for text in ahead[before] if text not in ahead[after]]
        if not missing[after] and passed:
            found[title] = passed
    unknown = [
        f"{missing[moment]:,} more stood ahead of the right answer {name}"
        for moment, name in (("base", "before"), ("tuned", "after"))
        if missing[moment]
    ]
    return found, f"Only the ten nearest are known: {', and '.join(unknown)}." if unknown else ""


def wrong_ahead(near: pd.DataFrame, moment: str, rank: int) -> list[str]:
    """Return the wrong texts among the ten nearest that stand before the right one: the first rank - 1 of them."""
    rows = near[(near["moment"] == moment) & ~near["right"].astype(bool)].sort_values("place")
    return rows["text"].head(rank - 1).tolist()


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
    from lib.ui.explore.playground import worker

    home = str(settings.home())
    return worker(home).call("explain", models={"base": base, "tuned": tuned}, first=first, second=second, home=home)


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
