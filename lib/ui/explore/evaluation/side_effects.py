"""What the gain cost: over-fitting, forgetting, collapse."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.evaluation import epoch_figure
from lib.evaluation.side_effects.forgetting import BUNDLED_AGREEMENT
from lib.evaluation.store import Evaluation
from lib.evaluation.task import HEADLINE
from lib.format import StoredChange, format_change, format_metric, format_share, metric_title
from lib.store.runs import Run
from lib.ui.shared.components import plain
from lib.ui.shared.theme import colours

_SPACE_COLUMNS = {
    "random_cosine": "mean cosine of random texts",
    "effective_rank": "effective rank",
    "alignment": "alignment (lower: pairs closer)",
    "uniformity": "uniformity (lower: more even)",
}


def show_side_effects(run: Run, found: Evaluation) -> None:
    """Draw the three costs, each with its numbers; what is alarming is named above already."""
    named = {warning["name"] for warning in found.warnings}
    _heading("Over-fitting", named)
    _show_overfitting(run, found)
    _heading("Forgetting", named)
    _show_forgetting(found.cost.get("general", {}))
    _heading("Collapse", named)
    st.dataframe(_space_table(found.cost, found.cost.get("moments", [])), hide_index=True)


def _show_overfitting(run: Run, found: Evaluation) -> None:
    """Draw the course over the epochs, and say how validation changed to the best epoch and from there to the last."""
    moments, metric = found.cost.get("moments", []), _selection_metric(found)
    if any(m.get("train") is not None for m in moments):
        st.plotly_chart(
            epoch_figure(moments, colours(), metric_title=metric_title(metric)),
            key=f"course-{run.id}",
            alt="The metric on training and validation pairs epoch by epoch, the best epoch marked.",
        )
    steps = found.cost.get("validation")
    if steps:
        _show_validation_steps(metric, steps, moments)
    st.caption(
        "Validation chose the best epoch. The held-out numbers above chose nothing. Both curves are measured among the texts "
        "that the map shows, so they stand higher than among all targets."
    )


def _show_validation_steps(metric: str, steps: dict[str, Any], moments: list[dict[str, Any]]) -> None:
    """Say how validation changed from base to best epoch, and on to the last one where that is another."""
    epochs = {m["name"]: m["epoch"] for m in moments}
    words = f"base to best epoch: {format_change(metric, StoredChange.from_json(steps['best']))}"
    if max(epochs.values(), default=1) > epochs.get("best", 0):
        words += f"; best to last epoch: {format_change(metric, StoredChange.from_json(steps['last']))}"
    st.markdown(plain(f"{metric_title(metric)} on validation, {words}."))


def _selection_metric(found: Evaluation) -> str:
    """Return the metric that chooses epochs for this shape."""
    return next(metric for shape, metric in HEADLINE.items() if shape.value == found.shape)


def _heading(name: str, named: set[str]) -> None:
    """Write the heading of one cost, and whether it was found."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{name}**")
        if name in named:
            st.badge("Found", icon=":material/warning:", color="orange")
        else:
            st.badge("Not found", icon=":material/check:", color="gray")


def _show_forgetting(general: dict[str, Any]) -> None:
    """Write what the general probe says."""
    probe = general.get("probe")
    if not probe:
        st.caption("Not measured.")
        return
    st.markdown(
        f"Agreement with graded similarity of {general['probe_pairs']} everyday sentence pairs (Spearman): "
        f"{plain(format_change('spearman', StoredChange.from_json(probe)))}. Nearest neighbours kept among these texts: "
        f"{format_share(general['neighbours_kept'])}."
    )
    st.caption(
        f"The probe ships with Closer and has nothing to do with this data; all-MiniLM-L6-v2 agrees with its grades at "
        f"{format_metric('spearman', BUNDLED_AGREEMENT)}."
    )


def _space_table(cost: dict[str, Any], moments: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the shape of the space by moment; without snapshots, of base and tuned."""
    listed = moments or [{"name": name, **cost[name]} for name in ("base", "tuned") if name in cost]
    rows = [
        {
            "moment": m["name"],
            **{title: m.get(name) for name, title in _SPACE_COLUMNS.items() if m.get(name) is not None},
        }
        for m in listed
    ]
    return pd.DataFrame(rows).round(3)
