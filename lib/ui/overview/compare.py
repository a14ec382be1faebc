"""Comparison of runs: metrics on the same held-out pairs, different settings, and curves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from lib.charts.training import comparison_figure, training_curves
from lib.evaluation.compare_runs import TOP_1_ACCURACY, compare_tuned_models
from lib.evaluation.competition import find_competition
from lib.evaluation.difference import Difference
from lib.evaluation.multiple_comparisons import correct_differences
from lib.evaluation.store import load_pairs
from lib.format import format_change, format_headline, format_p_value, metric_title
from lib.recipe.setting_texts import format_setting
from lib.store.run_settings import SETTING_TITLES, differing_settings, setting_of
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.shared import cache
from lib.ui.shared.cache import file_stamp
from lib.ui.shared.components import catch_errors, escape_markdown
from lib.ui.shared.theme import theme_palette


def show_comparison(runs: Sequence[Run]) -> None:
    """Draw the comparison."""
    st.subheader(f"Comparison of {len(runs)} runs", anchor=False)
    _show_metrics(runs, _tell_apart(runs))
    _show_settings(runs)
    _show_curves(runs)


def _tell_apart(runs: Sequence[Run]) -> dict[str, str]:
    """Map the id of each run to its name, numbered as in the curves where others have the same."""
    often = Counter(run.name for run in runs)
    return {
        run.id: f"{number}. {run.name}" if often[run.name] > 1 else run.name for number, run in enumerate(runs, start=1)
    }


def _show_metrics(runs: Sequence[Run], names: Mapping[str, str]) -> None:
    if len({run.dataset for run in runs}) > 1:
        st.info(
            "These runs use different datasets and so different held-out pairs; their metrics can't be compared. "
            "Select runs of one dataset to compare quality.",
            icon=":material/info:",
        )
        return
    measured = [run for run in runs if run.headline]
    if not measured:
        st.caption("None of these runs has been evaluated yet.")
        return
    st.caption("On the same held-out pairs, base → tuned, difference with its 95% interval:")
    st.dataframe(pd.DataFrame(_metric_rows(measured, names)), hide_index=True, alt="Held-out quality of each run")
    with catch_errors():
        _show_differences(measured[0], measured[1:], names)


def _metric_rows(measured: Sequence[Run], names: Mapping[str, str]) -> list[dict[str, str]]:
    """Make a row for each run, with the verdict that is left where the runs of the dataset compete."""
    everything = open_workspace().runs.all()
    rows = []
    for run in measured:
        competition = find_competition(run, everything, cache.cached_evaluation)
        corrected = {}
        if competition:
            title = f"Verdict among {competition.runs} runs (Holm)"
            corrected = {title: competition.corrected.verdict, "p": format_p_value(competition.corrected.p_value)}
        quality = {"Run": names[run.id], "Base model": run.model, "Held-out": format_headline(run.headline)}
        rows.append(quality | corrected)
    return rows


def _show_differences(first: Run, others: Sequence[Run], names: Mapping[str, str]) -> None:
    """Compare the tuned models of other runs with the first one's, on the held-out pairs of both.

    The verdicts are corrected for the number of comparisons.
    """
    changes = {run.id: change for run in others if (change := _difference(first, run)) is not None}
    corrected = correct_differences(list(changes.values()))
    for identity, change in zip(changes, corrected, strict=True):
        clear = {"better": "clearly better", "worse": "clearly worse"}.get(change.verdict, "no clear difference")
        st.write(
            f"**{escape_markdown(names[identity])}** against {escape_markdown(names[first.id])}: {metric_title(TOP_1_ACCURACY)} "
            f"{escape_markdown(format_change(TOP_1_ACCURACY, change))}: **{clear}**."
        )
    if len(corrected) > 1:
        st.caption(f"Verdicts are corrected for {len(corrected)} comparisons (Holm).")


def _difference(one: Run, other: Run) -> Difference | None:
    """Compare two tuned models; None where one has no ranks of held-out pairs."""
    stamps = [file_stamp(run.paths.evaluation.summary) for run in (one, other)]
    if (0, 0) in stamps:
        return None
    return _cached_comparison(one.id, stamps[0], other.id, stamps[1]).get(TOP_1_ACCURACY)


@st.cache_data(max_entries=128, show_spinner=False)
def _cached_comparison(
    one: str, one_stamp: tuple[int, int], other: str, other_stamp: tuple[int, int]
) -> dict[str, Difference]:
    workspace = open_workspace()
    first, second = workspace.runs.get(one), workspace.runs.get(other)
    components = workspace.datasets.get(first.dataset).frame()["component"]
    return compare_tuned_models(load_pairs(first), load_pairs(second), components)


def _show_settings(runs: Sequence[Run]) -> None:
    names = differing_settings(runs)
    if not names:
        st.caption("All settings are identical.")
        return
    rows = {
        SETTING_TITLES.get(name, name): [format_setting(name, setting_of(run, name)) for run in runs] for name in names
    }
    shown = pd.DataFrame(rows).T
    shown.columns = [f"{number}. {run.name}" for number, run in enumerate(runs, start=1)]
    st.caption("Settings that differ:")
    st.dataframe(shown, alt="The settings in which these runs differ")


def _show_curves(runs: Sequence[Run]) -> None:
    read = [(run, cache.run_status(run)) for run in runs]
    curves = [
        training_curves(f"{n}. {run.name}", now.losses, now.measurements) for n, (run, now) in enumerate(read, start=1)
    ]
    if not any(one.metric for one in curves):
        return
    st.plotly_chart(
        comparison_figure(curves, theme_palette()),
        key="compare-curves",
        config={"displayModeBar": False},
        alt="Loss and validation metric of the chosen runs by epoch",
    )
