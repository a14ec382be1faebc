"""The verdict on the held-out split: sentence, badge, warnings, metrics with intervals."""

from __future__ import annotations

from math import isfinite

import streamlit as st

from lib.evaluation.competition import Competition, find_competition
from lib.evaluation.difference import Difference
from lib.evaluation.result import Evaluation
from lib.evaluation.sample import describe_sample
from lib.evaluation.seed_spread import find_seed_group
from lib.format import (
    format_detectable,
    format_difference,
    format_interval,
    format_metric,
)
from lib.metrics import Metric, card_metrics
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore import jobs
from lib.ui.explore.evaluation.prompts import show_prompts
from lib.ui.explore.evaluation.similarity import show_threshold_card
from lib.ui.explore.presentation import current_step
from lib.ui.shared import state
from lib.ui.shared.cache import cached_evaluation
from lib.ui.shared.components import escape_markdown, show_unchanged, show_verdict_badge
from lib.ui.shared.edit_button import edit_button

_EVALUATION_JOBS = ("train", "evaluate")
"""Jobs that lead to an evaluation."""

_CARD_WIDTH, _WIDE_CARD_WIDTH, _LONG_VALUE = 196, 240, 13
"""Pixels: six cards in a row at 1,440, three at 800.

Wider where the value has more characters than fit.
"""

_HELD_OUT_HELP = "Held-out pairs were never used to select an epoch, a setting or a threshold."

_COMPETITION_HELP = (
    "The best of several runs looks better by luck more often than a single one. Holm's method adjusts the p-values for "
    "that; the interval stays that of this run alone."
)

_SEEDS_HELP = (
    "The same training with other seeds. The interval above speaks of other pairs, this spread of another training; "
    "“better” counts each run by itself."
)


def show_verdict(run: Run) -> None:
    """Draw the verdict of a run.

    The present mode shows badges and sentence, and the cards in its first step.
    """
    show_unchanged(run)
    evaluation = cached_evaluation(run)
    if evaluation is None:
        _show_missing(run)
    else:
        with st.container(gap="xsmall"):  # search and map follow: all three begin in one window
            _show_evaluation(run, evaluation)


def _show_evaluation(run: Run, evaluation: Evaluation) -> None:
    """Draw sentence, notes and warnings, cards, and what was measured."""
    runs = open_workspace().runs.all()
    competition, repeats = find_competition(run, runs, cached_evaluation), find_seed_group(run, runs)
    with st.container(horizontal=True, vertical_alignment="center"):
        _show_badges(evaluation, competition)
        st.markdown(f"#### {escape_markdown(evaluation.sentence)}", width="content")
    if competition:
        st.caption(escape_markdown(competition.sentence), help=_COMPETITION_HELP)
    if repeats:
        st.caption(escape_markdown(repeats.sentence), help=_SEEDS_HELP)
    if state.is_presenting():
        if current_step() == "verdict":
            _show_cards(evaluation)
        return
    if not evaluation.is_current:
        _show_outdated(run)
    for warning in evaluation.warnings:
        st.warning(f"**{escape_markdown(warning.name)}.** {escape_markdown(warning.text)}", icon=":material/warning:")
    show_prompts(run, evaluation)
    _show_cards(evaluation)
    detectable = format_detectable(evaluation.metric, evaluation.primary.detectable)
    st.caption(describe_sample(evaluation), help=f"{_HELD_OUT_HELP} {detectable}".strip())


def _show_missing(run: Run) -> None:
    """Show the progress of the evaluation, or offer to make it."""
    if jobs.show_progress(run, *_EVALUATION_JOBS, title="Evaluation"):
        return
    jobs.show_last_failure(run, "evaluate")
    st.info("This run hasn't been evaluated yet.", icon=":material/balance:")
    if edit_button("Evaluate", icon=":material/balance:", type="primary", key=f"evaluate-{run.id}"):
        jobs.submit_job(run, "evaluate")


def _show_outdated(run: Run) -> None:
    """Show that an older version made the evaluation, with a button that evaluates again."""
    if jobs.show_progress(run, "evaluate", title="Evaluation"):
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            "Evaluated with an older version of Closer; its confidence intervals were computed differently.",
            width="content",
        )
        if edit_button("Re-evaluate", icon=":material/balance:", key=f"evaluate-{run.id}"):
            jobs.submit_job(run, "evaluate")


def _show_badges(evaluation: Evaluation, competition: Competition | None) -> None:
    """Draw the verdict as a badge, corrected where runs compete.

    In present mode, without the warnings' texts, their names stand beside it.
    """
    show_verdict_badge(competition.corrected.verdict if competition else evaluation.verdict)
    if state.is_presenting():
        for warning in evaluation.warnings:
            st.badge(escape_markdown(warning.name), icon=":material/warning:", color="orange")


def _show_cards(evaluation: Evaluation) -> None:
    """Draw a card for each metric in one row that wraps where there is no room."""
    with st.container(horizontal=True, gap="xsmall"):
        for metric in card_metrics(evaluation.shape):
            change = evaluation.metrics.get(metric.key)
            if change is not None and isfinite(change.tuned):
                _show_card(metric, change)
        if evaluation.shape == "labelled_pairs":
            show_threshold_card(evaluation, width=_CARD_WIDTH)


def _show_card(metric: Metric, change: Difference) -> None:
    """Draw one metric card, base -> tuned, with the difference's 95% interval.

    Coloured where the change is clear.
    """
    clear = change.verdict != "no clear change"
    value = " → ".join(format_metric(metric.key, one) for one in (change.base, change.tuned))
    st.metric(
        metric.title,
        value,
        delta=f"{format_difference(metric.key, change.difference)} ({format_interval(metric.key, change)})",
        delta_color=("inverse" if metric.lower_is_better else "normal") if clear else "off",
        delta_arrow="off",  # the sign says it, and a lower rank is no fall
        help=f"{metric.help} {format_detectable(metric.key, change.detectable)}".strip(),
        border=True,
        width=_CARD_WIDTH if len(value) <= _LONG_VALUE else _WIDE_CARD_WIDTH,
    )
