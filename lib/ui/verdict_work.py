"""The evaluation as work: its stage while it runs, and placebo, learning curve and blends at one click each."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.evaluation import blends as blends_figure
from lib.charts.evaluation import with_interval
from lib.evaluation.store import load_experiment
from lib.store.jobs import OPEN, Job
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui import cache, state
from lib.ui.components import duration, metric_title, plain
from lib.ui.theme import colours

LEADING = ("train", "evaluate")


def open_job(run: Run, *kinds: str) -> Job | None:
    """Return the run's job of these kinds that waits or works, if there is one."""
    jobs = open_workspace().jobs.all(states=OPEN, run=run.id)
    return next((job for job in jobs if job.kind in kinds), None)


def submit(run: Run, kind: str, **payload: Any) -> None:
    """Queue a job of this run; pressing twice is one job."""
    form = f"{kind}-{run.id}"
    open_workspace().jobs.submit(kind, run=run.id, payload=payload, key=f"{form}-{state.press_key(form)}")
    state.pressed(form)
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


@st.fragment(run_every=1)
def watched(run: Run, kinds: tuple[str, ...], title: str) -> None:
    """Show where the work is; the page is drawn anew when it ends."""
    job = open_job(run, *kinds)
    if job is None:
        st.rerun()
    assert job is not None
    status = cache.status(run)
    waiting = job.state == "queued"
    words = "waiting for its turn" if waiting else (status.stage or "starting")
    left = "" if waiting or status.seconds_left is None else f" · about {duration(status.seconds_left)} left"
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


def experiments(run: Run) -> None:
    """Draw placebo and learning curve side by side."""
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Placebo**")
        st.caption("The same budget with the targets shuffled: what is gained then has nothing to do with the pairs.")
        placebo = load_experiment(run, "placebo")
        if placebo:
            told_placebo(placebo)
        offer(run, "placebo", "Train the placebo", ":material/science:", "Placebo", again=placebo is not None)
    with right:
        st.markdown("**Learning curve**")
        st.caption("25%, 50% and all of the training pairs: would more data help?")
        found = load_experiment(run, "learning_curve")
        if found:
            told_curve(run, found)
        offer(
            run, "learning_curve", "Train on parts", ":material/show_chart:", "Learning curve", again=found is not None
        )


def told_placebo(placebo: dict[str, Any]) -> None:
    """Say what the placebo reached."""
    name = metric_title(placebo["metric"])
    numbers = {key: placebo[key] if placebo[key] is not None else float("nan") for key in ("difference", "low", "high")}
    words = {
        "better": "The placebo gained too: part of the gain is not due to the pairs.",
        "worse": "The placebo made it worse: the gain comes from the pairs.",
    }.get(placebo["verdict"], "The placebo shows no clear change: a gain comes from the pairs.")
    st.markdown(
        f"{plain(name)}: {placebo['base']:.3f} → {placebo['tuned']:.3f} ({numbers['difference']:+.3f}, 95% interval "
        f"{numbers['low']:+.3f} to {numbers['high']:+.3f}). {words}"
    )


def told_curve(run: Run, found: dict[str, Any]) -> None:
    """Draw the learning curve and say what it means."""
    points = found["points"]
    figure = with_interval(
        [p["rows"] for p in points], points, colours(), x_title="training rows", y_title="difference to the base"
    )
    st.plotly_chart(figure, key=f"learning-{run.id}", alt="Difference to the base by number of training rows.")
    st.markdown(more_data(points))


def more_data(points: list[dict[str, Any]]) -> str:
    """Return whether more data would help, as far as the last doubling tells."""
    if len(points) < 2:
        return "Too few rows to say."
    step = points[-1]["difference"] - points[-2]["difference"]
    width = (points[-1]["high"] or 0.0) - (points[-1]["low"] or 0.0)
    if step > width / 4:
        return f"The last doubling of the data brought {step:+.3f}: more data would probably help."
    return f"The last doubling of the data brought {step:+.3f}, within the noise: more of the same would hardly help."


def blends(run: Run) -> None:
    """Draw what blends of base and tuned weights reach, and let one be saved as a model."""
    st.caption(
        "A blend of base and tuned weights often keeps most of the gain and more of the general skill (WiSE-FT; LM-Cocktail). "
        "Measured on the validation part, so that the held-out part keeps judging."
    )
    found = load_experiment(run, "blend")
    if found:
        figure = blends_figure(found["points"], colours(), metric_title=metric_title(found["metric"]))
        st.plotly_chart(figure, key=f"blends-{run.id}", alt="Target and general quality by share of tuned weights.")
    share = st.slider("Share of the tuned weights", 0, 100, 75, 5, format="%d%%", key=f"blend-share-{run.id}")
    if found:
        st.dataframe(at_share(found, share), hide_index=True)
    if open_job(run, "blend") is not None:
        watched(run, ("blend",), "Blend")
        return
    failed_before(run, "blend")
    with st.container(horizontal=True):
        if st.button("Measure blends", icon=":material/tune:", key=f"blend-{run.id}"):
            submit(run, "blend")
        if st.button(f"Save the {share}% blend as a model", icon=":material/save:", key=f"blend-save-{run.id}"):
            submit(run, "blend", share=share / 100)
    saved = sorted(path for path in (run.folder / "blends").glob("*") if not path.name.startswith("."))
    if saved:
        st.caption("Saved blends; each loads with SentenceTransformer(folder) and can be a base model.")
        st.code("\n".join(str(path) for path in saved), language=None)


def at_share(found: dict[str, Any], share: int) -> pd.DataFrame:
    """Return the measured blends and, between them, what lies on the line at the slider's share."""
    points = pd.DataFrame(found["points"])
    x = 100 * points["share"]
    row = {"share": share / 100}
    for name in ("target", "general"):
        row[name] = float(
            pd.Series(points[name].to_numpy(), index=x).reindex(sorted({*x, share})).interpolate("index")[share]
        )
    known = pd.concat([pd.DataFrame([row]).assign(measured="between two"), points.assign(measured="yes")])
    known = known.drop_duplicates("share", keep="last").sort_values("share")
    return known.assign(share=[f"{value:.0%}" for value in known["share"]]).round(3)
