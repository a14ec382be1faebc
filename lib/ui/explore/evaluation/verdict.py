"""Did it really get better: one sentence, one badge, what it cost by name, and the numbers with their intervals."""

from __future__ import annotations

from math import isfinite

import streamlit as st

from lib.evaluation.store import Evaluation, load_evaluation
from lib.evaluation.verdict import NAMES, RANK, signed, written
from lib.store.runs import Run
from lib.ui.explore.evaluation import experiments, interpolation, side_effects, similarity
from lib.ui.explore.evaluation.text import between, reach
from lib.ui.shared import state
from lib.ui.shared.cache import stamp
from lib.ui.shared.components import plain, verdict_badge

CARDS = {
    "pairs": ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10", "median_rank"),
    "triplets": ("triplet_accuracy", "recall@1", "recall@10", "mrr@10", "ndcg@10", "median_rank"),
    "scored": ("spearman", "pearson"),
    "labelled_pairs": ("average_precision", "best_f1"),
    "labelled_texts": ("neighbour_recall", "silhouette"),
}
CARD_WIDTH, WIDER, LONGEST = 196, 240, 13
"""Pixels: six cards in a row at 1,440, three at 800; and of those few whose value has more signs than fit."""

CHOSE_NOTHING = (
    "Measured on the held-out part. It chose nothing: no epoch, no setting, no threshold; validation did that."
)
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
    "best_f1": "The best balance of precision and recall that any threshold on the cosine reaches on these pairs.",
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
    """Draw the verdict section of a run; the present mode shows badges and sentence alone."""
    found = evaluation_of(run)
    if found is None:
        experiments.no_evaluation(run)
        return
    badges(found)
    st.markdown(f"#### {plain(found.sentence)}")
    if state.is_presenting():
        return
    if not found.is_current:
        experiments.outdated(run)
    for warning in found.warnings:
        st.warning(f"**{plain(warning['name'])}.** {plain(warning['text'])}", icon=":material/warning:")
    cards(found)
    st.caption(f"{CHOSE_NOTHING} {counted(found)}")


def badges(found: Evaluation) -> None:
    """Draw the verdict as a badge; in the present mode, where the warnings' texts are not shown, their names beside it."""
    if not state.is_presenting():
        verdict_badge({"verdict": found.verdict})
        return
    with st.container(horizontal=True):
        verdict_badge({"verdict": found.verdict})
        for warning in found.warnings:
            st.badge(plain(warning["name"]), icon=":material/warning:", color="orange")


def cards(found: Evaluation) -> None:
    """Draw a card for each measure in one row that wraps where there is no room."""
    names = [name for name in CARDS[found.shape] if name in found.metrics and isfinite(found.metrics[name]["tuned"])]
    with st.container(horizontal=True, gap="xsmall"):
        for name in names:
            card(name, found.metrics[name], found.verdicts.get(name, ""))
        if found.shape == "labelled_pairs":
            similarity.threshold_card(found, width=CARD_WIDTH)


def card(name: str, numbers: dict[str, float], verdict: str) -> None:
    """Draw one card, base -> tuned, with the 95% interval of the difference; coloured where interval and test are clear."""
    clear = verdict in ("better", "worse")
    value = " → ".join(written(name, numbers[which]) for which in ("base", "tuned"))
    st.metric(
        title(name),
        value,
        delta=f"{signed(name, numbers['difference'])} ({between(name, numbers)})",
        delta_color=("inverse" if name == RANK else "normal") if clear else "off",
        delta_arrow="off",  # the sign says it, and a lower rank is no fall
        help=f"{HELP[name]} {reach(name, numbers)}".strip(),
        border=True,
        width=CARD_WIDTH if len(value) <= LONGEST else WIDER,
    )


def title(name: str) -> str:
    """Return a measure's name at the start of a line."""
    told = NAMES.get(name, name)
    return told if told[1:2].isupper() else told[:1].upper() + told[1:]  # nDCG keeps its small n


def counted(found: Evaluation) -> str:
    """Return what was counted (examples, groups that belong together, targets), how sure it is, and what could be seen."""
    groups = f"{found.examples:,} examples in {found.groups:,} groups that belong together"
    among = f", ranked among {found.documents:,} distinct targets" if found.documents else ""
    numbers = found.metrics[found.metric]
    if not isfinite(numbers["low"]):
        return f"{groups}{among}."
    told = "p < 0.001" if numbers["p_value"] < 0.001 else f"p = {numbers['p_value']:.3f}"
    sure = f"Intervals: 95%, bootstrap over groups. Paired randomization test: {told}."
    return f"{groups}{among}. {sure} {reach(found.metric, numbers)}"


def details(run: Run, found: Evaluation) -> None:
    """Draw what lies behind the verdict, one tab each."""
    if not found.is_current:
        st.caption("Judge the run anew to see this.")
        return
    tabs = st.tabs(["Similarity one can read", "What it cost", "Is it the pairs?", "Keep the general skill"])
    with tabs[0]:
        similarity.show(found)
    with tabs[1]:
        side_effects.show(run, found)
    with tabs[2]:
        experiments.experiments(run, found)
    with tabs[3]:
        interpolation.show(run)
