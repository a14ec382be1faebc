"""The map as work: its stages while it is drawn, and another method or balance on request."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.projection.methods import BALANCE_FIGURES, DEFAULT_BALANCE, LAYOUT_METHODS, METHOD_DESCRIPTIONS
from lib.store.jobs import OPEN, Job
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore import keys
from lib.ui.explore.map.data import Told
from lib.ui.shared import cache, polling, state
from lib.ui.shared.components import plain

KINDS = ("train", "evaluate", "project")


def open_job(run: Run) -> Job | None:
    """Return the job that will lead to a map: drawing itself, or what comes before it."""
    jobs = open_workspace().jobs.all(states=OPEN, run=run.id)
    return next((job for kind in reversed(KINDS) for job in jobs if job.kind == kind), None)


def no_map(run: Run) -> None:
    """Say what happens while there is no map, or offer to draw it."""
    job = open_job(run)
    if job is not None:
        polling.follow(job, lambda: watched(run, open_job(run) or job))
        return
    last = open_workspace().jobs.all(run=run.id, kind="project")
    if last and last[-1].state == "failed":
        st.warning(plain(last[-1].reason or "The map could not be drawn."), icon=":material/error:")
    st.info("This run has no map yet.", icon=":material/map:")
    if st.button("Draw the map", icon=":material/draw:", type="primary"):
        redraw(run, method="pair-faithful", balance=DEFAULT_BALANCE)


def watched(run: Run, job: Job) -> None:
    """Show the stage of the work that leads to the map; the page is drawn anew as soon as it is there."""
    status = cache.status(run)
    waiting = job.state == "queued"
    title = "Waiting for its turn" if waiting else (status.stage or "Starting")
    with st.status(plain(f"The map: {title}"), state="running"):
        if status.detail and not waiting:
            st.text(status.detail)
        st.progress(min(1.0, max(0.0, 0.0 if waiting else status.fraction or 0.0)))


def redraw(run: Run, *, method: str, balance: float) -> None:
    """Queue the drawing; pressing twice is one job."""
    payload = {"method": method, "balance": balance}
    open_workspace().jobs.submit(
        "project", run=run.id, payload=payload, key=f"{run.id}-{state.submission_key('redraw')}"
    )
    state.clear_submission_key("redraw")
    st.rerun()


def layout_choice(run: Run, told: Told) -> None:
    """Let the person draw the map another way; the figures of the present one stand beside."""
    job = open_job(run)
    if job is not None:
        polling.follow(job, lambda: watched_again(run, open_job(run) or job))
        return
    with st.popover("Layout", icon=":material/tune:", help="Another way to draw the map"):
        names = list(LAYOUT_METHODS)
        method = st.radio(
            "Drawn with",
            names,
            index=names.index(told.drawn.method),
            format_func=LAYOUT_METHODS.__getitem__,
            captions=[METHOD_DESCRIPTIONS[name] for name in names],
            key=keys.MAP_METHOD,
        )
        balance = DEFAULT_BALANCE
        if method == "pair-faithful":
            balance = st.slider(
                "Neighbourhoods or pairs", 0.0, 1.0, told.drawn.balance, 0.1, help=BALANCE_HELP, key=keys.MAP_BALANCE
            )
            st.table(balances().set_index("balance"))
            st.caption("Measured on 2,000 pairs of short texts; your own map's figures are below.")
        st.caption(figures(told))
        if st.button("Draw again", icon=":material/draw:", type="primary"):
            redraw(run, method=method, balance=balance)


BALANCE_HELP = "0 keeps neighbourhoods alone, 1 puts the pairs before all. 0.5 keeps both within a few hundredths."


def balances() -> pd.DataFrame:
    """Return what the steps of the balance reached, as measured."""
    return pd.DataFrame(
        [
            {
                "balance": f"{step:g}",
                "true lines": f"{sign:.0%}",
                "rank correlation": f"{rank:.2f}",
                "trust base, tuned": f"{base:.2f}, {tuned:.2f}",
            }
            for step, (sign, rank, base, tuned) in BALANCE_FIGURES.items()
        ]
    )


def figures(told: Told) -> str:
    """Return what the present balance reached."""
    truth, drawn = told.drawn.truth, told.drawn
    name = LAYOUT_METHODS[drawn.method] + (f", balance {drawn.balance:g}" if drawn.method == "pair-faithful" else "")
    parts = [f"Now: {name}, {drawn.seconds:.1f} s"]
    if truth.sign_agreement is not None:
        parts.append(f"true lines {truth.sign_agreement:.0%}")
    if truth.rank_correlation is not None:
        parts.append(f"rank correlation {truth.rank_correlation:.2f}")
    parts += [f"trust {drawn.labels.get(name, name)} {value:.2f}" for name, value in truth.trustworthiness.items()]
    return " · ".join(parts)


def watched_again(run: Run, job: Job) -> None:
    """Show that another map is being drawn while the old one can still be looked at."""
    status = cache.status(run)
    words = "waiting for its turn" if job.state == "queued" else (status.detail or status.stage or "starting")
    st.badge(plain(f"Drawing again: {words}"), icon=":material/progress_activity:", color="blue")
