"""The evaluation as work: its stage while it runs, and placebo, learning curve and blends at one click each."""

from __future__ import annotations

from typing import Any

import streamlit as st

from lib.charts.evaluation import differences_figure
from lib.evaluation.store import Evaluation, load_experiment
from lib.format import StoredChange, format_change, format_duration, metric_title
from lib.store.jobs import OPEN, Job
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore.evaluation.text import more_data, placebo_means, stale
from lib.ui.shared import cache, polling, state
from lib.ui.shared.components import plain
from lib.ui.shared.theme import colours

LEADING = ("train", "evaluate")


def open_job(run: Run, *kinds: str) -> Job | None:
    """Return the run's job of these kinds that waits or works, if there is one."""
    jobs = open_workspace().jobs.all(states=OPEN, run=run.id)
    return next((job for job in jobs if job.kind in kinds), None)


def submit(run: Run, kind: str, **payload: Any) -> None:
    """Queue a job of this run; pressing twice is one job."""
    form = f"{kind}-{run.id}"
    open_workspace().jobs.submit(kind, run=run.id, payload=payload, key=f"{form}-{state.submission_key(form)}")
    state.clear_submission_key(form)
    st.rerun()


def no_evaluation(run: Run) -> None:
    """Say what happens while there is no evaluation, or offer to make it."""
    if open_job(run, *LEADING) is not None:
        watched(run, LEADING, "The evaluation")
        return
    failed_before(run, "evaluate")
    st.info("This run has not been judged yet.", icon=":material/balance:")
    if st.button("Judge it now", icon=":material/balance:", type="primary", key=f"evaluate-{run.id}"):
        submit(run, "evaluate")


def outdated(run: Run) -> None:
    """Say that the evaluation is of an older version, and offer to judge anew."""
    if open_job(run, "evaluate") is not None:
        watched(run, ("evaluate",), "The evaluation")
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            "Judged by an older version of Closer, whose intervals were computed in another way.", width="content"
        )
        if st.button("Judge it anew", icon=":material/balance:", key=f"evaluate-{run.id}"):
            submit(run, "evaluate")


def watched(run: Run, kinds: tuple[str, ...], title: str) -> None:
    """Show where the work is; the page is drawn anew when it ends."""
    job = open_job(run, *kinds)
    if job is not None:
        polling.follow(job, lambda: told_work(run, open_job(run, *kinds) or job, title))


def told_work(run: Run, job: Job, title: str) -> None:
    """Say where a job is and how long it still takes."""
    status = cache.status(run)
    waiting = job.state == "queued"
    words = "waiting for its turn" if waiting else (status.stage or "starting")
    left = "" if waiting or status.seconds_left is None else f" · about {format_duration(status.seconds_left)} left"
    detail = f", {status.detail}" if status.detail and not waiting else ""
    with st.status(plain(f"{title}: {words}{detail}{left}"), state="running", expanded=True):
        st.progress(0.0 if waiting else min(1.0, max(0.0, status.fraction or 0.0)))


def failed_before(run: Run, kind: str) -> None:
    """Say why the last attempt failed, if it did."""
    last = open_workspace().jobs.all(run=run.id, kind=kind)
    if last and last[-1].state == "failed":
        st.warning(plain(last[-1].reason or "It failed."), icon=":material/error:")


def offer(run: Run, kind: str, label: str, icon: str, title: str, *, again: bool) -> None:
    """Draw the button of an experiment, or how far it is."""
    if open_job(run, kind) is not None:
        watched(run, (kind,), title)
        return
    failed_before(run, kind)
    if st.button(
        "Again" if again else label, icon=icon, key=f"{kind}-{run.id}", type="tertiary" if again else "secondary"
    ):
        submit(run, kind)


def experiments(run: Run, evaluation: Evaluation) -> None:
    """Draw placebo and learning curve side by side."""
    model = evaluation.versions.get("tuned model")
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Placebo**")
        st.caption("The same budget with the targets shuffled: what is gained then has nothing to do with the pairs.")
        placebo = load_experiment(run, "placebo")
        if placebo:
            told_placebo(placebo)
            earlier(placebo, model)
        offer(run, "placebo", "Train the placebo", ":material/science:", "Placebo", again=placebo is not None)
    with right:
        st.markdown("**Learning curve**")
        st.caption("25%, 50% and all of the training pairs: would more data help?")
        found = load_experiment(run, "learning_curve")
        if found:
            told_curve(run, found)
            earlier(found, model)
        offer(
            run, "learning_curve", "Train on parts", ":material/show_chart:", "Learning curve", again=found is not None
        )


def earlier(found: dict[str, Any], model: str | None) -> None:
    """Say where an experiment belongs to an earlier model of the run."""
    words = stale(found, model)
    if words:
        st.caption(f":material/history: {plain(words)}")


def told_placebo(placebo: dict[str, Any]) -> None:
    """Say what the placebo reached, and what that says of the run."""
    metric = placebo["metric"]
    st.markdown(
        plain(f"{metric_title(metric)}, base → placebo: {format_change(metric, StoredChange.from_json(placebo))}.")
    )
    st.markdown(plain(placebo_means(placebo)))


def told_curve(run: Run, found: dict[str, Any]) -> None:
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
    st.markdown(plain(more_data(found)))
