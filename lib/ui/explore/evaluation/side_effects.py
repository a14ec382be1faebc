"""The side effects of a training: overfitting, forgetting, collapse."""

from __future__ import annotations

from math import isfinite

import pandas as pd
import streamlit as st

from lib.charts.evaluation import epoch_figure
from lib.evaluation.result import Evaluation
from lib.evaluation.side_effects.forgetting import BUNDLED_AGREEMENT
from lib.evaluation.side_effects.result import ProbeResult, SideEffects, ValidationSteps
from lib.format import format_change, format_metric, format_share, metric_title
from lib.metrics import selection_metric
from lib.store.runs import Run
from lib.store.snapshots import snapshot_label
from lib.ui.explore.evaluation.data import show_numbers
from lib.ui.shared.components import escape_markdown
from lib.ui.shared.theme import theme_palette

_SPACE_COLUMNS = {
    "random_cosine": "mean cosine of random texts",
    "effective_rank": "effective rank",
    "alignment": "alignment (lower: pairs closer)",
    "uniformity": "uniformity (lower: more uniform)",
}


def show_side_effects(run: Run, evaluation: Evaluation) -> None:
    """Draw the three side effects, each with its numbers; the verdict has named those that were detected."""
    detected = {warning.name for warning in evaluation.warnings}
    _show_heading("Overfitting", detected=bool(detected & {"Overfitting", "Over-fitting"}))
    _show_overfitting(run, evaluation)
    _show_heading("Forgetting", detected="Forgetting" in detected)
    _show_forgetting(evaluation.side_effects.probe)
    _show_heading("Collapse", detected="Collapse" in detected)
    show_numbers(_space_table(evaluation.side_effects))


def _show_heading(name: str, *, detected: bool) -> None:
    """Write the name of a side effect, and whether it was detected."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{name}**")
        if detected:
            st.badge("Detected", icon=":material/warning:", color="orange")
        else:
            st.badge("Not detected", icon=":material/check:", color="gray")


def _show_overfitting(run: Run, evaluation: Evaluation) -> None:
    """Draw the metric by epoch, and write its change to the best epoch and from there to the last."""
    effects, metric = evaluation.side_effects, selection_metric(evaluation.shape)
    if any(snapshot.train_rows for snapshot in effects.snapshots):
        st.plotly_chart(
            epoch_figure(effects.snapshots, theme_palette(), metric=metric),
            key=f"epochs-{run.id}",
            alt="The metric on training and validation pairs by epoch, the best epoch marked.",
        )
    if effects.validation is not None:
        st.markdown(escape_markdown(_describe_validation(metric, effects.validation, effects)))
    st.caption(
        "The best epoch was selected on validation; held-out results were not used. Both curves rank only the texts on the map, "
        "so they are higher than a ranking of all targets."
    )


def _describe_validation(metric: str, steps: ValidationSteps, effects: SideEffects) -> str:
    """Write how validation changed from base to best epoch, and on to the last one where that is another."""
    epochs = {snapshot.name: snapshot.epoch for snapshot in effects.snapshots}
    words = f"base to best epoch: {format_change(metric, steps.best)}"
    if max(epochs.values(), default=1) > epochs.get("best", 0):
        words += f"; best to last epoch: {format_change(metric, steps.last)}"
    return f"{metric_title(metric)} on validation, {words}."


def _show_forgetting(probe: ProbeResult | None) -> None:
    """Write the result of the general probe."""
    if probe is None:
        st.caption("Not measured.")
        return
    change = format_change("spearman", probe.spearman)
    st.markdown(
        f"Spearman correlation with graded similarity on {probe.pairs} general sentence pairs: {escape_markdown(change)}. "
        f"Nearest neighbours unchanged among these texts: {format_share(probe.neighbours_kept)}."
    )
    st.caption(
        "The probe ships with Closer and is unrelated to this dataset; all-MiniLM-L6-v2 reaches "
        f"{format_metric('spearman', BUNDLED_AGREEMENT)}."
    )


def _space_table(effects: SideEffects) -> pd.DataFrame:
    """Build the table of the embedding space by snapshot; without snapshots, of base and tuned."""
    spaces = [(snapshot_label(snapshot.name, snapshot.epoch), snapshot.space) for snapshot in effects.snapshots]
    if not spaces:
        spaces = [
            (name, space) for name, space in (("Base", effects.base), ("Tuned", effects.tuned)) if space is not None
        ]
    rows = []
    for name, space in spaces:
        values = {title: getattr(space, field) for field, title in _SPACE_COLUMNS.items()}
        rows.append({"snapshot": name, **{title: value for title, value in values.items() if isfinite(value)}})
    return pd.DataFrame(rows).round(3)
