"""One pair in detail: metrics, nearest neighbours, changed ranks, decomposition of its cosine."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.charts.evaluation import token_heat, word_bars
from lib.evaluation.explanation import ExplanationPair, TokenParts, WordDrops
from lib.evaluation.store import load_neighbours
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore import keys, selection
from lib.ui.explore.inference import inference_client, reading_for
from lib.ui.shared.cache import file_stamp
from lib.ui.shared.components import catch_errors
from lib.ui.shared.theme import theme_palette

_TITLE_CHARACTERS = 80
"""Characters of a pair's title in the list of selected pairs."""

_NUMBERS = (
    ("rank", "rank of this target", "{:,.0f}"),
    ("margin", "margin to the best wrong answer", "{:+.3f}"),
    ("cosine", "cosine", "{:.3f}"),
    ("negative_cosine", "cosine of the nearest wrong target", "{:.3f}"),
    ("background", "percentile among random pairs", "{:.1%}"),
    ("neighbours", "same-class neighbours", "{:.0%}"),
)
"""Column without its model, title, format."""


@st.cache_data(max_entries=128, show_spinner=False)
def _load_neighbours(run_id: str, pair: int, stamp: tuple[int, int]) -> pd.DataFrame:
    return load_neighbours(open_workspace().runs.get(run_id), pair=pair)


def show_pair_detail(run: Run, pairs: pd.DataFrame, selected: list[int]) -> None:
    """Draw one of the selected pairs in detail."""
    rows = pairs.set_index("pair")
    pair = selection.choose_active_pair(selected, key=keys.PAIR_DETAIL, label=lambda one: _title(rows.loc[one]))
    row = rows.loc[pair]
    with st.container(border=True):
        _show_texts(row)
        _show_numbers(row)
        neighbours = _load_neighbours(run.id, int(pair), file_stamp(run.paths.evaluation.neighbours))
        if not neighbours.empty:
            _show_neighbours(row, neighbours)
        if "positive" in row:
            _show_explanation(run, int(pair), str(row["anchor"]), str(row["positive"]))


def _title(row: pd.Series) -> str:
    """Write a pair as one short line."""
    line = " ".join(str(row["anchor"] if "anchor" in row else row["text"]).split())
    return line if len(line) <= _TITLE_CHARACTERS else line[: _TITLE_CHARACTERS - 1] + "…"


def _show_texts(row: pd.Series) -> None:
    """Write the texts of the pair as they stand, and the wrong ones of a triplet."""
    if "text" in row:
        st.text(f"{row['text']}\nClass: {row['label']}")
        return
    wrong = [name for name in row.index if str(name).startswith("negative") and str(row[name]).strip()]
    titles = {"anchor": "Source", "positive": "Target"} | dict.fromkeys(wrong, "Wrong target")
    for column, (name, title) in zip(st.columns(len(titles)), titles.items(), strict=True):
        with column:
            st.caption(title)
            st.text(str(row[name]))
    if "label" in row or "score" in row:
        st.text(f"Label: {row['label']}" if "label" in row else f"Score: {row['score']:g}")


def _show_numbers(row: pd.Series) -> None:
    """Write rank, margin, cosine and percentile, base -> tuned, as far as they are known."""
    words = [
        f"{title} {form.format(row[f'base_{name}'])} → {form.format(row[f'tuned_{name}'])}"
        for name, title, form in _NUMBERS
        if f"base_{name}" in row and pd.notna(row[f"base_{name}"])
    ]
    st.markdown(" · ".join(words).capitalize())


def _show_neighbours(row: pd.Series, neighbours: pd.DataFrame) -> None:
    """Draw what is nearest to the source, base and tuned, the correct one marked, and who overtook whom."""
    for column, model in zip(st.columns(2), ("base", "tuned"), strict=True):
        with column:
            st.caption(f"Nearest to the {'text' if 'text' in row else 'source'}, {model}")
            st.dataframe(
                neighbour_table(neighbours, model),
                hide_index=True,
                column_config={"cosine": st.column_config.NumberColumn(format="%.3f", width="small")},
            )
    if "base_rank" in row:
        _show_overtaking(row, neighbours)


def neighbour_table(neighbours: pd.DataFrame, model: str) -> pd.DataFrame:
    """Build the table of one model's nearest texts.

    ✓ correct, ✗ this pair's target where its label or score says it is not.
    """
    rows = neighbours[neighbours["moment"] == model].sort_values("place")
    own = rows["own"] if "own" in rows else rows["right"]
    marks = ["✓" if right else "✗" if mine else "" for right, mine in zip(rows["right"], own, strict=True)]
    return pd.DataFrame(
        {
            "rank": rows["place"].to_numpy(),
            "correct": marks,
            "cosine": rows["cosine"].to_numpy(),
            "text": rows["text"].to_numpy(),
        }
    )


def _show_overtaking(row: pd.Series, neighbours: pd.DataFrame) -> None:
    """Write which wrong texts the correct one overtook, and which overtook it.

    As far as the ten nearest show.
    """
    overtaking, unknown = find_overtaking(row, neighbours)
    for title, texts in overtaking.items():
        st.caption(f"{title} ({len(texts)}):")
        st.text("\n".join(f"· {text}" for text in texts))
    if unknown:
        st.caption(unknown)


def find_overtaking(row: pd.Series, neighbours: pd.DataFrame) -> tuple[dict[str, list[str]], str]:
    """List by title the wrong texts that changed places with the correct one.

    And say what cannot be known.

    A text that ranked higher with one model was overtaken only where all that rank higher with the other are known: only
    the ten nearest are stored, so a correct one at rank 12 or beyond may still have that text before it.
    """
    higher = {model: _wrong_above(neighbours, model, int(row[f"{model}_rank"])) for model in ("base", "tuned")}
    missing = {model: int(row[f"{model}_rank"]) - 1 - len(texts) for model, texts in higher.items()}
    overtaking = {}
    for title, before, after in (
        ("Overtaken by the correct answer", "base", "tuned"),
        ("Overtook the correct answer", "tuned", "base"),
    ):
        passed = [text for text in higher[before] if text not in higher[after]]
        if not missing[after] and passed:
            overtaking[title] = passed
    unknown = [
        f"{missing[model]:,} more rank above the correct answer ({model})" for model in missing if missing[model]
    ]
    return overtaking, f"Only the ten nearest are stored: {', '.join(unknown)}." if unknown else ""


def _wrong_above(neighbours: pd.DataFrame, model: str, rank: int) -> list[str]:
    """List the wrong texts among the ten nearest that rank above the correct one.

    They are the first rank - 1 of them.
    """
    rows = neighbours[(neighbours["moment"] == model) & ~neighbours["right"].astype(bool)].sort_values("place")
    return rows["text"].head(rank - 1).tolist()


@st.fragment
def _show_explanation(run: Run, pair: int, first: str, second: str) -> None:
    """Decompose the cosine, on request: the models are loaded on first use."""
    if not st.toggle("Explain the similarity of these two texts", key=f"explain-{run.id}-{pair}"):
        return
    with catch_errors(), st.spinner("Running both models (the first time, they are loaded) ..."):
        _show_parts(_explain(run.id, str(run.model_dir), run.base_model, first, second, reading_for(run)))


@st.cache_data(max_entries=64, show_spinner=False)
def _explain(_run: str, tuned: str, base: str, first: str, second: str, reading: dict[str, str]) -> ExplanationPair:
    """Ask the inference process for both models' parts of the cosine."""
    answer = inference_client().call("explain", base=base, tuned=tuned, first=first, second=second, reading=reading)
    return ExplanationPair.from_json(answer)


def _show_parts(explanation: ExplanationPair) -> None:
    """Draw the parts of the cosine, base and tuned."""
    base, tuned = explanation.base, explanation.tuned
    if isinstance(base, TokenParts) and isinstance(tuned, TokenParts):
        figure = token_heat(base, tuned, theme_palette())
        st.plotly_chart(
            figure, key="token-heat", alt="Contribution of each pair of tokens to the cosine, base and tuned."
        )
        st.caption(
            "Rows: tokens of the source; columns: tokens of the target. The cells of each map sum to its cosine."
        )
    elif isinstance(base, WordDrops) and isinstance(tuned, WordDrops):
        figure = word_bars(base, tuned, theme_palette())
        st.plotly_chart(figure, key="word-bars", alt="Drop of the cosine when a word is left out.")
        st.caption("Drop of the cosine when a word is left out; the drops need not sum to the cosine.")
    else:
        st.caption("Base and tuned model have different architectures: their parts can't be compared.")
