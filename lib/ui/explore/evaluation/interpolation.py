"""Keep the general skill: blends of base and tuned weights, measured along the way, any of them saved as a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from lib.charts.evaluation import interpolation_figure as figure_of
from lib.evaluation.store import load_blends, load_experiment
from lib.format import StoredChange, format_change, format_share, format_step, metric_title
from lib.store.runs import Run
from lib.ui.explore import jobs
from lib.ui.shared.theme import colours


def show_interpolation(run: Run) -> None:
    """Draw what blends of base and tuned weights reach, and let one be saved as a model."""
    st.caption(
        "A blend of base and tuned weights often keeps most of the gain and more of the general skill (WiSE-FT; LM-Cocktail). "
        "Measured on the validation part, so that the held-out part keeps judging."
    )
    found = load_experiment(run, "blend")
    if found:
        figure = figure_of(found["points"], colours(), metric_title=metric_title(found["metric"]))
        st.plotly_chart(figure, key=f"blends-{run.id}", alt="Target and general quality by share of tuned weights.")
    share = st.slider("Share of the tuned weights", 0, 100, 75, 5, format="%d%%", key=f"blend-share-{run.id}")
    if found:
        st.dataframe(_table_with_share(found, share), hide_index=True)
    if jobs.show_progress(run, "blend", title="Blend"):
        return
    jobs.show_last_failure(run, "blend")
    with st.container(horizontal=True):
        if st.button("Measure blends", icon=":material/tune:", key=f"blend-{run.id}"):
            jobs.submit_job(run, "blend")
        if st.button(f"Save the {share}% blend as a model", icon=":material/save:", key=f"blend-save-{run.id}"):
            jobs.submit_job(run, "blend", share=share / 100)
    saved = load_blends(run)
    if saved:
        st.caption(
            "Saved blends, judged on the held-out part, which chose none of them. Each loads with SentenceTransformer(folder) "
            "and can be a base model."
        )
        st.dataframe(
            _saved_table(saved), hide_index=True, column_config={"folder": st.column_config.TextColumn(width="large")}
        )


def _saved_table(saved: list[tuple[Path, dict[str, Any]]]) -> pd.DataFrame:
    """Return a row for each saved blend: its share, what it reaches, its folder."""
    rows = []
    for folder, facts in saved:
        row = {"share": format_share(facts["share_of_tuned_weights"]) if facts else "", "held-out": "", "general": ""}
        if "held_out" in facts:
            row["held-out"] = (
                f"{metric_title(facts['metric'])} {format_change(facts['metric'], StoredChange.from_json(facts['held_out']))}"
            )
            row["general"] = format_change("spearman", StoredChange.from_json(facts["general"]))
        rows.append(row | {"folder": str(folder)})
    return pd.DataFrame(rows)


def _table_with_share(found: dict[str, Any], share: int) -> pd.DataFrame:
    """Return the measured blends and, between them, what lies on the line at the slider's share."""
    points = pd.DataFrame([_format_point(one, found["metric"]) for one in found["points"]])
    x = 100 * points["share"]
    row: dict[str, Any] = {"share": share / 100}
    for name in ("target", "general"):
        row[name] = float(np.interp(share, x, points[name]))
    known = pd.concat([pd.DataFrame([row]).assign(measured="between two"), points.assign(measured="yes")])
    known = known.drop_duplicates("share", keep="last").sort_values("share")
    return known.assign(share=[format_share(value) for value in known["share"]]).round(3).fillna("")


def _format_point(point: dict[str, Any], metric: str) -> dict[str, Any]:
    """Return a measured blend as the table shows it: values, and the 95% intervals of their differences to the base."""
    row = {name: point[name] for name in ("share", "target", "general")}
    for name, measure in (("target", metric), ("general", "spearman")):
        if f"{name}_difference" in point:
            row[f"{name}, to the base"] = format_step(measure, StoredChange.from_json(point[f"{name}_difference"]))
    return row
