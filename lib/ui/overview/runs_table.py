"""All runs in one table: verdict, metric with interval, dataset, model, settings, time, size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from lib.format import NO_INTERVAL, format_difference, format_interval, format_metric, metric_title
from lib.metrics import key_of_title
from lib.store.datasets import Dataset
from lib.store.headline import Headline
from lib.store.runs import Run
from lib.ui.shared import cache
from lib.ui.shared.components import STATE_LABELS, settings_summary
from lib.ui.shared.csv_download import show_csv_download

_VERDICT_TITLES = {"better": "Better", "worse": "Worse", "no clear change": "No clear change"}


def runs_frame(runs: Sequence[Run], datasets: Mapping[str, Dataset]) -> pd.DataFrame:
    """One row per run; the index is the run's id."""
    return pd.DataFrame([run_row(run, datasets) for run in runs], index=[run.id for run in runs])


def run_row(run: Run, datasets: Mapping[str, Dataset]) -> dict[str, object]:
    """The table's row of one run."""
    headline = run.headline
    dataset = datasets.get(run.dataset)
    return {
        "star": "★" if run.starred else "",
        "name": run.name,
        "state": STATE_LABELS.get(run.state, (run.state,))[0],
        "verdict": _VERDICT_TITLES.get(headline.verdict, "") if headline else "",
        "metric": metric_title(headline.metric) if headline else "",
        "base": headline.base if headline else None,
        "tuned": headline.tuned if headline else None,
        "difference": headline.difference if headline else None,
        "interval": _interval(headline),
        "dataset": dataset.name if dataset else "deleted",
        "model": run.model.rsplit("/", 1)[-1],
        "settings": settings_summary(run),
        "seconds": run.seconds if run.ended else None,
        "megabytes": cache.disk_bytes(run.folder) / 1e6,
        "created": pd.Timestamp(run.created),
        "note": run.note,
        "batch": run.batch,
    }


def _interval(headline: Headline | None) -> str:
    interval = format_interval(headline.metric, headline) if headline else NO_INTERVAL
    return "" if interval == NO_INTERVAL else interval


def show_runs_table(shown: pd.DataFrame) -> list[str]:
    """Draw the table and return the ids of the selected runs."""
    shown = shown.drop(columns=[name for name in ("star", "batch", "note") if not shown[name].any()])
    event = st.dataframe(
        write_metrics(shown),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"runs-table-{hash(tuple(shown.index)):x}",  # a selection by position would mean other runs
        column_config=_columns(),
        placeholder="",
        alt="All runs: state, verdict, quality before and after, data, model, settings, time and size",
    )
    show_csv_download("Download table", lambda: shown, file_name="runs.csv", key="runs-csv")
    return [str(shown.index[row]) for row in event["selection"]["rows"] if row < len(shown)]


def write_metrics(shown: pd.DataFrame) -> Styler:
    """Format each row's numbers as its metric is written; they still sort as numbers."""
    styled = shown.style.format(na_rep="", subset=["base", "tuned", "difference"])
    for title, rows in shown.groupby("metric").groups.items():
        key = key_of_title(str(title))
        styled = styled.format(partial(format_metric, key), na_rep="", subset=(rows, ["base", "tuned"]))
        styled = styled.format(partial(format_difference, key), na_rep="", subset=(rows, ["difference"]))
    return styled


def _columns() -> dict[str, object]:
    kinds = st.column_config
    return {
        "star": kinds.TextColumn("★", width=30, help="Starred"),
        "name": kinds.TextColumn("Run", width="medium", pinned=True),
        "state": kinds.TextColumn("State", width="small"),
        "verdict": kinds.TextColumn("Verdict", width=118, help="On held-out pairs"),
        "metric": kinds.TextColumn("Metric", width=130),
        "base": kinds.NumberColumn("Base", width="small"),
        "tuned": kinds.NumberColumn("Tuned", width="small"),
        "difference": kinds.NumberColumn(
            "Difference", width="small", help="Percentage points where the metric is a share"
        ),
        "interval": kinds.TextColumn("95% CI", width=130),
        "dataset": kinds.TextColumn("Dataset", width=120),
        "model": kinds.TextColumn("Base model", width=130),
        "settings": kinds.TextColumn("Settings", help="Settings that differ from Recommended", width=130),
        "seconds": kinds.NumberColumn("Time", format="%.0f s", width="small"),
        "megabytes": kinds.NumberColumn("Size", format="%.0f MB", width="small"),
        "created": kinds.DatetimeColumn("Created", format="distance", width="small"),
        "note": kinds.TextColumn("Note"),
        "batch": kinds.TextColumn("Batch"),
    }


def filter_runs(shown: pd.DataFrame, *, words: str, states: Sequence[str], starred: bool) -> pd.DataFrame:
    """Filter the rows that contain all words, are in one of the states, and starred if asked."""
    texts = shown[["name", "dataset", "model", "settings", "note", "batch"]].agg(" ".join, axis=1).str.casefold()
    keep = pd.Series(True, index=shown.index)
    for word in words.casefold().split():
        keep &= texts.str.contains(word, regex=False)
    if states:
        keep &= shown["state"].isin(states)
    if starred:
        keep &= shown["star"] != ""
    return shown[keep]
