"""The layout of the map: how it was computed, and how to compute it again with another method."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.projection.methods import BALANCE_FIGURES, DEFAULT_BALANCE, LAYOUT_METHODS, METHOD_DESCRIPTIONS
from lib.projection.store import Map
from lib.store.jobs import Job
from lib.store.map_paths import MapKind
from lib.store.runs import Run
from lib.ui.explore import jobs, keys
from lib.ui.explore.map.data import load_map_data
from lib.ui.explore.map.plain import show_layout_figures
from lib.ui.explore.map.view import MapView
from lib.ui.shared import cache, polling
from lib.ui.shared.components import escape_markdown
from lib.ui.shared.edit_button import edit_button

_JOB_KINDS = ("project", "evaluate", "train")
"""Jobs that lead to a map, the last one of a run first."""

_BALANCE_HELP = (
    "0 is UMAP's neighbourhoods alone, 1 puts the lines of pairs before all. Above 0.4 the figures hardly change."
)


def show_missing_map(run: Run) -> None:
    """Show the progress of the job that leads to the map, or offer to compute it."""
    if jobs.show_progress(run, *_JOB_KINDS, title="Map"):
        return
    jobs.show_last_failure(run, "project")
    st.info("This run has no map yet.", icon=":material/map:")
    if edit_button("Compute map", icon=":material/draw:", type="primary", key="compute-map"):
        jobs.submit_job(run, "project", method="pair-faithful", balance=DEFAULT_BALANCE)


def show_layout_options(view: MapView) -> None:
    """Let the person compute the map again with another method.

    The quality of the present one stands beside.
    """
    job = jobs.find_open_job(view.run, *_JOB_KINDS)
    if job is not None:
        polling.redraw_while_running(
            job, lambda: _show_redraw(view.run, jobs.find_open_job(view.run, *_JOB_KINDS) or job)
        )
        return
    data = view.data if view.data.kind is MapKind.MAIN else load_map_data(view.run)
    assert data is not None, "plain UMAP is drawn beside a map"
    layout = data.map
    with st.popover("Layout", icon=":material/tune:", help="Figures of the layouts, and other methods"):
        show_layout_figures(view)
        names = list(LAYOUT_METHODS)
        method = st.radio(
            "Layout method",
            names,
            index=names.index(layout.facts.method),
            format_func=LAYOUT_METHODS.__getitem__,
            captions=[METHOD_DESCRIPTIONS[name] for name in names],
            key=keys.MAP_METHOD,
        )
        balance = _choose_balance(layout) if method == "pair-faithful" else DEFAULT_BALANCE
        st.caption(_describe_layout(layout))
        if edit_button("Recompute map", icon=":material/draw:", type="primary", key="recompute-map"):
            jobs.submit_job(view.run, "project", method=method, balance=balance)


def _choose_balance(layout: Map) -> float:
    balance = st.slider(
        "Balance between neighbourhoods and pairs",
        0.0,
        1.0,
        layout.facts.balance,
        0.1,
        help=_BALANCE_HELP,
        key=keys.MAP_BALANCE,
    )
    st.table(_balance_table().set_index("balance"))
    st.caption("Measured on 2,000 pairs of short texts. The figures of this map are below.")
    return balance


def _balance_table() -> pd.DataFrame:
    """Build the table of what each balance reached, as measured."""
    return pd.DataFrame(
        [
            {
                "balance": f"{balance:g}",
                "lines as ranks": f"{sign:.0%}",
                "rank correlation": f"{rank:.2f}",
                "trustworthiness (base, tuned)": f"{base:.2f}, {tuned:.2f}",
            }
            for balance, (sign, rank, base, tuned) in BALANCE_FIGURES.items()
        ]
    )


def _describe_layout(layout: Map) -> str:
    """Write the method and the figures of the present map."""
    quality = layout.facts.quality
    name = LAYOUT_METHODS[layout.facts.method] + (
        f", balance {layout.facts.balance:g}" if layout.facts.method == "pair-faithful" else ""
    )
    parts = [f"Current map: {name}, {layout.facts.seconds:.1f} s"]
    if quality.rank_sign_agreement is not None:
        parts.append(f"{quality.rank_sign_agreement:.0%} of lines change as ranks")
    if quality.rank_change_correlation is not None:
        parts.append(f"rank correlation {quality.rank_change_correlation:.2f}")
    parts += [
        f"trustworthiness {escape_markdown(layout.labels.get(name, name))} {value:.2f}"
        for name, value in quality.trustworthiness.items()
    ]
    return " · ".join(parts)


def _show_redraw(run: Run, job: Job) -> None:
    """Show that another map is being computed while the old one stays in use."""
    status = cache.run_status(run)
    words = "waiting in the queue" if job.state == "queued" else (status.detail or status.stage or "starting")
    st.badge(escape_markdown(f"Recomputing the map: {words}"), icon=":material/progress_activity:", color="blue")
