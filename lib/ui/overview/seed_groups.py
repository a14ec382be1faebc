"""Trainings that were repeated with several seeds: mean and spread of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from lib.evaluation.seed_spread import SeedGroup, find_seed_groups
from lib.format import format_difference, format_magnitude, format_metric, metric_title
from lib.store.datasets import Dataset
from lib.store.runs import Run
from lib.ui.shared.components import settings_summary


def show_seed_groups(runs: Sequence[Run], datasets: Mapping[str, Dataset]) -> None:
    """Draw one row a repeated training; nothing where none was repeated."""
    groups = find_seed_groups(runs)
    if not groups:
        return
    st.subheader("Repeats with several seeds", anchor=False)
    st.caption("On held-out pairs: the spread over seeds is how much of a result is luck.")
    rows = [_row(group, datasets) for group in groups]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Mean and spread over the seeds of each repeated training")


def _row(group: SeedGroup, datasets: Mapping[str, Dataset]) -> dict[str, str | int]:
    run, metric, tuned, difference = group.runs[0], group.metric, group.tuned, group.difference
    dataset = datasets.get(run.dataset)
    return {
        "Dataset": dataset.name if dataset else "deleted",
        "Base model": run.model.rsplit("/", 1)[-1],
        "Settings": settings_summary(run, without="seed"),
        "Seeds": len(group.runs),
        "Metric": metric_title(metric),
        "Mean": format_metric(metric, tuned.mean),
        "Standard deviation": format_magnitude(metric, tuned.deviation),
        "Range": f"{format_metric(metric, tuned.low)} to {format_metric(metric, tuned.high)}",
        "Mean difference": format_difference(metric, difference.mean),
        "Better": f"{group.better} of {len(group.runs)}",
    }
