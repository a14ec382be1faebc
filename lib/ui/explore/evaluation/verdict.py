"""Did it really get better: one sentence, one badge, what it cost by name, and the numbers with their intervals."""

from __future__ import annotations

from math import isfinite

import streamlit as st

from lib.evaluation.store import Evaluation, load_evaluation
from lib.format import (
    StoredChange,
    format_count,
    format_detectable,
    format_difference,
    format_interval,
    format_metric,
    format_p_value,
)
from lib.metrics import Metric, card_metrics
from lib.store.runs import Run
from lib.ui.explore.evaluation import controls, interpolation, side_effects, similarity
from lib.ui.shared import state
from lib.ui.shared.cache import stamp
from lib.ui.shared.components import plain, verdict_badge

CARD_WIDTH, WIDER, LONGEST = 196, 240, 13
"""Pixels: six cards in a row at 1,440, three at 800; and of those few whose value has more signs than fit."""

CHOSE_NOTHING = (
    "Measured on the held-out part. It chose nothing: no epoch, no setting, no threshold; validation did that."
)


@st.cache_data(max_entries=64, show_spinner=False)
def _evaluation(identity: str, _stamp: tuple[int, int]) -> Evaluation | None:
    from lib.store.workspace import open_workspace

    return load_evaluation(open_workspace().runs.get(identity))


def cached_evaluation(run: Run) -> Evaluation | None:
    """Return a run's evaluation as it is stored now, or None."""
    return _evaluation(run.id, stamp(run.paths.evaluation.summary))


def show_verdict(run: Run) -> None:
    """Draw the verdict section of a run; the present mode shows badges and sentence alone."""
    found = cached_evaluation(run)
    if found is None:
        controls.show_missing_evaluation(run)
        return
    badges(found)
    st.markdown(f"#### {plain(found.sentence)}")
    if state.is_presenting():
        return
    if not found.is_current:
        controls.show_outdated_evaluation(run)
    for warning in found.warnings:
        st.warning(f"**{plain(warning['name'])}.** {plain(warning['text'])}", icon=":material/warning:")
    cards(found)
    st.caption(f"{CHOSE_NOTHING} {counted(found)}")


def badges(found: Evaluation) -> None:
    """Draw the verdict as a badge; in the present mode, where the warnings' texts are not shown, their names beside it."""
    if not state.is_presenting():
        verdict_badge(found.verdict)
        return
    with st.container(horizontal=True):
        verdict_badge(found.verdict)
        for warning in found.warnings:
            st.badge(plain(warning["name"]), icon=":material/warning:", color="orange")


def cards(found: Evaluation) -> None:
    """Draw a card for each metric in one row that wraps where there is no room."""
    with st.container(horizontal=True, gap="xsmall"):
        for metric in card_metrics(found.shape):
            if metric.key in found.metrics and isfinite(found.metrics[metric.key]["tuned"]):
                card(metric, StoredChange.from_json(found.metrics[metric.key]), found.verdicts.get(metric.key, ""))
        if found.shape == "labelled_pairs":
            similarity.show_threshold_card(found, width=CARD_WIDTH)


def card(metric: Metric, change: StoredChange, verdict: str) -> None:
    """Draw one card, base -> tuned, with the 95% interval of the difference; coloured where interval and test are clear."""
    clear = verdict in ("better", "worse")
    value = " → ".join(format_metric(metric.key, one) for one in (change.base, change.tuned))
    st.metric(
        metric.title,
        value,
        delta=f"{format_difference(metric.key, change.difference)} ({format_interval(metric.key, change)})",
        delta_color=("inverse" if metric.lower_is_better else "normal") if clear else "off",
        delta_arrow="off",  # the sign says it, and a lower rank is no fall
        help=f"{metric.help} {format_detectable(metric.key, change.detectable)}".strip(),
        border=True,
        width=CARD_WIDTH if len(value) <= LONGEST else WIDER,
    )


def counted(found: Evaluation) -> str:
    """Return what was counted (examples, groups that belong together, targets), how sure it is, and what could be seen."""
    groups = f"{format_count(found.examples, 'example')} in {format_count(found.groups, 'independent group')}"
    among = f", ranked among {format_count(found.documents, 'distinct target')}" if found.documents else ""
    change = StoredChange.from_json(found.metrics[found.metric])
    if not isfinite(change.low):
        return f"{groups}{among}."
    p_value = format_p_value(found.metrics[found.metric]["p_value"])
    sure = f"Intervals: 95%, bootstrap over groups. Paired randomization test: {p_value}."
    return f"{groups}{among}. {sure} {format_detectable(found.metric, change.detectable)}"


def show_details_tabs(run: Run, found: Evaluation) -> None:
    """Draw what lies behind the verdict, one tab each."""
    if not found.is_current:
        st.caption("Judge the run anew to see this.")
        return
    tabs = st.tabs(["Similarity one can read", "What it cost", "Is it the pairs?", "Keep the general skill"])
    with tabs[0]:
        similarity.show_similarity(found)
    with tabs[1]:
        side_effects.show_side_effects(run, found)
    with tabs[2]:
        controls.show_controls(run, found)
    with tabs[3]:
        interpolation.show_interpolation(run)
