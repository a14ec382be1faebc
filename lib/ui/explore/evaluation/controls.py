"""Controls of a gain: shuffled targets, and a learning curve, each at one click."""

from __future__ import annotations

import streamlit as st

from lib.charts.evaluation import differences_figure
from lib.evaluation.result import Evaluation
from lib.experiments.conclusions import control_conclusion, earlier_model_note, learning_curve_conclusion
from lib.experiments.result import ControlResult, LearningCurve, load_control, load_learning_curve
from lib.format import format_change, metric_title
from lib.store.runs import Run
from lib.ui.explore import jobs
from lib.ui.shared.components import escape_markdown
from lib.ui.shared.edit_button import edit_button
from lib.ui.shared.theme import theme_palette


def show_controls(run: Run, evaluation: Evaluation) -> None:
    """Draw control and learning curve side by side."""
    left, right = st.columns(2, gap="large")
    with left:
        _show_control(run, evaluation)
    with right:
        _show_learning_curve(run, evaluation)


def _show_control(run: Run, evaluation: Evaluation) -> None:
    """Show what the shuffled-target control reached and what that says of the run, or offer to run it."""
    st.markdown("**Shuffled-target control**")
    st.caption("Same budget with shuffled targets; any gain here isn't due to your pairs.")
    control = load_control(run)
    if control:
        change = format_change(control.metric, control.control)
        st.markdown(escape_markdown(f"{metric_title(control.metric)}, base → control: {change}."))
        st.markdown(escape_markdown(control_conclusion(control)))
        _show_earlier_model(control, evaluation)
    label = "Run again" if control else "Run shuffled-target control"
    _show_button(run, "placebo", label, ":material/science:", title="Shuffled-target control", again=bool(control))


def _show_learning_curve(run: Run, evaluation: Evaluation) -> None:
    """Draw the learning curve and what it means, or offer to run it."""
    st.markdown("**Learning curve**")
    st.caption("Trains on 25%, 50% and 100% of the training pairs: would more data help?")
    curve = load_learning_curve(run)
    if curve:
        figure = differences_figure(
            [point.rows for point in curve.points],
            [point.change for point in curve.points],
            theme_palette(),
            metric=curve.metric,
            x_title="training rows",
        )
        st.plotly_chart(figure, key=f"learning-curve-{run.id}", alt="Difference to base by number of training rows.")
        st.markdown(escape_markdown(learning_curve_conclusion(curve)))
        _show_earlier_model(curve, evaluation)
    label = "Run again" if curve else "Run learning curve"
    _show_button(run, "learning_curve", label, ":material/show_chart:", title="Learning curve", again=bool(curve))


def _show_earlier_model(experiment: ControlResult | LearningCurve, evaluation: Evaluation) -> None:
    """Show a note where an experiment belongs to an earlier model of the run."""
    words = earlier_model_note(experiment.model, evaluation.versions.get("tuned model"))
    if words:
        st.caption(f":material/history: {escape_markdown(words)}")


def _show_button(run: Run, kind: str, label: str, icon: str, *, title: str, again: bool) -> None:
    """Draw the button that queues an experiment, or its progress."""
    if jobs.show_progress(run, kind, title=title):
        return
    jobs.show_last_failure(run, kind)
    if edit_button(label, icon=icon, key=f"{kind}-{run.id}", type="tertiary" if again else "secondary"):
        jobs.submit_job(run, kind)
