"""The evaluation as work: its stage while it runs, and placebo, learning curve and blends at one click each."""

from __future__ import annotations

from typing import Any

import streamlit as st

from lib.charts.evaluation import differences_figure
from lib.evaluation.store import Evaluation, load_experiment
from lib.format import StoredChange, format_change, metric_title
from lib.store.runs import Run
from lib.ui.explore import jobs
from lib.ui.explore.evaluation.conclusions import control_conclusion, earlier_model_note, learning_curve_conclusion
from lib.ui.shared.components import plain
from lib.ui.shared.theme import colours

_EVALUATION_JOBS = ("train", "evaluate")


def show_missing_evaluation(run: Run) -> None:
    """Say what happens while there is no evaluation, or offer to make it."""
    if jobs.show_progress(run, *_EVALUATION_JOBS, title="Evaluation"):
        return
    jobs.show_last_failure(run, "evaluate")
    st.info("This run has not been judged yet.", icon=":material/balance:")
    if st.button("Judge it now", icon=":material/balance:", type="primary", key=f"evaluate-{run.id}"):
        jobs.submit_job(run, "evaluate")


def show_outdated_evaluation(run: Run) -> None:
    """Say that the evaluation is of an older version, and offer to judge anew."""
    if jobs.show_progress(run, "evaluate", title="Evaluation"):
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            "Judged by an older version of Closer, whose intervals were computed in another way.", width="content"
        )
        if st.button("Judge it anew", icon=":material/balance:", key=f"evaluate-{run.id}"):
            jobs.submit_job(run, "evaluate")


def _show_experiment_button(run: Run, kind: str, label: str, icon: str, title: str, *, again: bool) -> None:
    """Draw the button of an experiment, or how far it is."""
    if jobs.show_progress(run, kind, title=title):
        return
    jobs.show_last_failure(run, kind)
    if st.button(
        "Again" if again else label, icon=icon, key=f"{kind}-{run.id}", type="tertiary" if again else "secondary"
    ):
        jobs.submit_job(run, kind)


def show_controls(run: Run, evaluation: Evaluation) -> None:
    """Draw placebo and learning curve side by side."""
    model = evaluation.versions.get("tuned model")
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Placebo**")
        st.caption("The same budget with the targets shuffled: what is gained then has nothing to do with the pairs.")
        placebo = load_experiment(run, "placebo")
        if placebo:
            _show_control(placebo)
            _show_if_outdated(placebo, model)
        _show_experiment_button(
            run, "placebo", "Train the placebo", ":material/science:", "Placebo", again=placebo is not None
        )
    with right:
        st.markdown("**Learning curve**")
        st.caption("25%, 50% and all of the training pairs: would more data help?")
        found = load_experiment(run, "learning_curve")
        if found:
            _show_learning_curve(run, found)
            _show_if_outdated(found, model)
        _show_experiment_button(
            run, "learning_curve", "Train on parts", ":material/show_chart:", "Learning curve", again=found is not None
        )


def _show_if_outdated(found: dict[str, Any], model: str | None) -> None:
    """Say where an experiment belongs to an earlier model of the run."""
    words = earlier_model_note(found, model)
    if words:
        st.caption(f":material/history: {plain(words)}")


def _show_control(placebo: dict[str, Any]) -> None:
    """Say what the placebo reached, and what that says of the run."""
    metric = placebo["metric"]
    st.markdown(
        plain(f"{metric_title(metric)}, base → placebo: {format_change(metric, StoredChange.from_json(placebo))}.")
    )
    st.markdown(plain(control_conclusion(placebo)))


def _show_learning_curve(run: Run, found: dict[str, Any]) -> None:
    """Draw the learning curve and say what it means."""
    points = found["points"]
    figure = differences_figure(
        [p["rows"] for p in points],
        points,
        colours(),
        x_title="training rows",
        y_title=f"{metric_title(found['metric'])}, difference to the base",
    )
    st.plotly_chart(figure, key=f"learning-{run.id}", alt="Difference to the base by number of training rows.")
    st.markdown(plain(learning_curve_conclusion(found)))
