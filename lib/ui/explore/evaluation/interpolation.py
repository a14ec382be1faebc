"""Interpolation of base and tuned weights: quality along the way, and any blend saved as a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from lib.charts.evaluation import interpolation_figure
from lib.experiments.result import Interpolation, InterpolationPoint, SavedBlend, load_interpolation, load_saved_blends
from lib.format import format_change, format_share, format_step, metric_title
from lib.store.runs import Run
from lib.ui.explore import jobs
from lib.ui.explore.evaluation.data import show_numbers
from lib.ui.shared.edit_button import edit_button
from lib.ui.shared.theme import theme_palette


def show_interpolation(run: Run) -> None:
    """Draw the quality of blends of base and tuned weights, and let one be saved as a model."""
    st.caption(
        "Averaging base and tuned weights often keeps most of the gain and more of the general quality (WiSE-FT, LM-Cocktail). "
        "Measured on the validation split, so that choosing a blend does not use the held-out split."
    )
    blends = load_interpolation(run)
    if blends:
        figure = interpolation_figure(blends.points, theme_palette(), metric=blends.metric)
        alt = "Quality on this data and on the general probe by weight of the tuned model."
        st.plotly_chart(figure, key=f"blends-{run.id}", alt=alt)
    share = st.slider("Weight of the tuned model", 0, 100, 75, 5, format="%d%%", key=f"blend-share-{run.id}")
    if blends:
        show_numbers(_table_with_share(blends, share))
    if jobs.show_progress(run, "blend", title="Blend"):
        return
    jobs.show_last_failure(run, "blend")
    with st.container(horizontal=True):
        if edit_button("Evaluate blends", icon=":material/tune:", key=f"blend-{run.id}"):
            jobs.submit_job(run, "blend")
        if edit_button(f"Save {share}% blend as model", icon=":material/save:", key=f"blend-save-{run.id}"):
            jobs.submit_job(run, "blend", share=share / 100)
    _show_saved(run)


def _show_saved(run: Run) -> None:
    """List the blends that were saved as models."""
    saved = load_saved_blends(run)
    if not saved:
        return
    st.caption(
        "Saved blends, evaluated on the held-out split, which selected none of them. Load one with SentenceTransformer(folder), "
        "or use it as a base model."
    )
    config = {"folder": st.column_config.TextColumn(width="large")}
    st.dataframe(_saved_table(saved), hide_index=True, column_config=config)


def _saved_table(saved: Sequence[SavedBlend]) -> pd.DataFrame:
    """Build a row for each saved blend: its share, its quality, its folder."""
    rows = []
    for blend in saved:
        row = {"share": "" if blend.share is None else format_share(blend.share), "held-out": "", "general": ""}
        if blend.held_out is not None and blend.general is not None:
            row["held-out"] = f"{metric_title(blend.metric)} {format_change(blend.metric, blend.held_out)}"
            row["general"] = format_change("spearman", blend.general)
        rows.append(row | {"folder": str(blend.folder)})
    return pd.DataFrame(rows)


def _table_with_share(blends: Interpolation, share: int) -> pd.DataFrame:
    """Build the table of measured blends, with the value at the slider's share interpolated between them."""
    points = pd.DataFrame([_format_point(point, blends.metric) for point in blends.points])
    x = 100 * points["share"]
    row: dict[str, Any] = {"share": share / 100}
    for name in ("target", "general"):
        row[name] = float(np.interp(share, x, points[name]))
    table = pd.concat([pd.DataFrame([row]).assign(measured="interpolated"), points.assign(measured="yes")])
    table = table.drop_duplicates("share", keep="last").sort_values("share")
    return table.assign(share=[format_share(value) for value in table["share"]]).round(3).fillna("")


def _format_point(point: InterpolationPoint, metric: str) -> dict[str, Any]:
    """Write a measured blend as a table row: values, and differences to base with 95% intervals."""
    row: dict[str, Any] = {"share": point.share, "target": point.target, "general": point.general}
    for name, key, change in (("target", metric, point.target_change), ("general", "spearman", point.general_change)):
        if change is not None:
            row[f"{name}, vs. base"] = format_step(key, change)
    return row
