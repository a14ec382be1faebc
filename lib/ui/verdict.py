"""Did it really get better: one sentence, one badge, what it cost by name, and the numbers with their intervals."""

from __future__ import annotations

from math import isfinite

import streamlit as st

from lib.evaluation.store import Evaluation, load_evaluation
from lib.evaluation.verdict import NAMES, is_percent
from lib.store.runs import Run
from lib.ui import verdict_cost, verdict_similarity, verdict_work
from lib.ui.cache import stamp
from lib.ui.components import plain, verdict_badge

CARDS = {
    "pairs": ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10", "median_rank"),
    "triplets": ("triplet_accuracy", "recall@1", "recall@10", "mrr@10", "ndcg@10", "median_rank"),
    "scored": ("spearman", "pearson"),
    "labelled_pairs": ("average_precision", "best_f1"),
    "labelled_texts": ("neighbour_recall", "silhouette"),
}
CHOSE_NOTHING = "Measured on the held-out part. It chose nothing: no epoch, no setting, no threshold of the training; validation did that."
HELP = {
    "recall@1": "Share of a text's right answers that come first, mean over texts.",
    "recall@5": "Share of a text's right answers among the first 5.",
    "recall@10": "Share of a text's right answers among the first 10.",
    "mrr@10": "1 / rank of the first right answer, 0 beyond 10, mean over texts.",
    "ndcg@10": "How high the right answers stand among the first 10, with all of them on top as 1.",
    "median_rank": "Half of the texts find their right answer at this rank or before it. Lower is better.",
    "spearman": "Rank correlation of cosine and score.",
    "pearson": "Linear correlation of cosine and score.",
    "average_precision": "Area under precision and recall when the cosine says whether two texts are the same.",
    "best_f1": "The best balance of precision and recall that a threshold on the cosine reaches.",
    "triplet_accuracy": "How often the right text is closer than every wrong one of its row.",
    "neighbour_recall": "Share of the ten nearest other texts that have the same class.",
    "silhouette": "How much nearer a text is to its own class than to the next one, from -1 to 1.",
}


@st.cache_data(max_entries=64, show_spinner=False)
def _evaluation(identity: str, _stamp: tuple[int, int]) -> Evaluation | None:
    from lib.store.workspace import open_workspace

    return load_evaluation(open_workspace().runs.get(identity))


def evaluation_of(run: Run) -> Evaluation | None:
    """Return a run's evaluation as it is stored now, or None."""
    return _evaluation(run.id, stamp(run.evaluation_dir / "evaluation.json"))


def show(run: Run) -> None:
    """Draw the verdict section of a run."""
    found = evaluation_of(run)
    if found is None:
        verdict_work.no_evaluation(run)
        return
    verdict_badge({"verdict": found.verdict})
    st.markdown(f"#### {plain(found.sentence)}")
    for warning in found.warnings:
        st.warning(f"**{plain(warning['name'])}.** {plain(warning['text'])}", icon=":material/warning:")
    cards(found)
    st.caption(f"{CHOSE_NOTHING} {counted(found)}")


def cards(found: Evaluation) -> None:
    """Draw a card for each measure: tuned value, difference with its interval, base in the line below."""
    names = [name for name in CARDS[found.shape] if name in found.metrics]
    for place, name in zip(st.columns(3) * 2, names, strict=False):
        with place:
            card(name, found.metrics[name])


def card(name: str, numbers: dict[str, float]) -> None:
    """Draw one card, base -> tuned, with the 95% interval of the difference."""
    lower, clear = name == "median_rank", numbers["low"] > 0 or numbers["high"] < 0  # a bound that is nan is not clear
    st.metric(
        title(name),
        f"{written(name, numbers['base'])} → {written(name, numbers['tuned'])}",
        delta=f"{signed(name, numbers['difference'])} ({between(name, numbers)})",
        delta_color=("inverse" if lower else "normal") if clear else "off",
        help=HELP.get(name),
        border=True,
    )


def title(name: str) -> str:
    """Return a measure's name at the start of a line."""
    told = NAMES.get(name, name)
    return told if any(sign.isupper() for sign in told) else told[:1].upper() + told[1:]


def written(name: str, value: float) -> str:
    """Return a value as this measure is shown: whole percent, three digits, or a rank."""
    if name == "median_rank":
        return f"{value:,.0f}"
    return f"{100 * value:.0f}%" if is_percent(name) else f"{value:.3f}"


def signed(name: str, value: float) -> str:
    """Return a difference as this measure is shown, with its sign."""
    if name == "median_rank":
        return f"{value:+,.0f}"
    return f"{100 * value:+.0f}" if is_percent(name) else f"{value:+.3f}"


def between(name: str, numbers: dict[str, float]) -> str:
    """Return the 95% interval in words."""
    if not (isfinite(numbers["low"]) and isfinite(numbers["high"])):
        return "no interval"
    return f"{signed(name, numbers['low'])} to {signed(name, numbers['high'])}"


def counted(found: Evaluation) -> str:
    """Return what was counted: examples, groups that belong together, targets."""
    groups = f"{found.examples:,} examples in {found.groups:,} groups that belong together"
    among = f", ranked among {found.documents:,} distinct targets" if found.documents else ""
    numbers = found.metrics[found.metric]
    told = "p < 0.001" if numbers["p_value"] < 0.001 else f"p = {numbers['p_value']:.3f}"
    p_value = f" Randomization test: {told}." if isfinite(numbers["p_value"]) else ""
    return f"{groups}{among}. Intervals: 95%, bootstrap over groups.{p_value}"


def details(run: Run, found: Evaluation) -> None:
    """Draw what lies behind the verdict, one tab each."""
    tabs = st.tabs(["Similarity one can read", "What it cost", "Is it the pairs?", "Keep the general skill"])
    with tabs[0]:
        verdict_similarity.show(found)
    with tabs[1]:
        verdict_cost.show(run, found)
    with tabs[2]:
        verdict_work.experiments(run)
    with tabs[3]:
        verdict_work.blends(run)
