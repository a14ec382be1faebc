"""Which base model? Compare the chosen ones on validation pairs, BM25 beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from lib.experiments.base_comparison import WORDS, BaseComparison, load_base_comparison
from lib.format import format_count
from lib.store.datasets import Dataset
from lib.store.jobs import OPEN, Job
from lib.store.workspace import Workspace
from lib.training.memory_estimate import MemoryCheck
from lib.ui.shared.components import escape_markdown, show_error
from lib.ui.shared.dataset_job import show_dataset_job
from lib.ui.train.base_table import base_table, short_name
from lib.ui.train.cost import may_exceed_memory

_NUMBER_WIDTH = 66
"""Pixels, so that quality, speed and size stand in sight beside the cost at 1,440."""

_COLUMNS = {
    "Base model": st.column_config.TextColumn(pinned=True, width=140),
    "Texts/s": st.column_config.NumberColumn(
        format="%.0f", width=_NUMBER_WIDTH, help="Encoded in a second on this machine"
    ),
    "Size": st.column_config.NumberColumn(format="%.0f MB", width=_NUMBER_WIDTH, help="Of the weights"),
    "Licence": st.column_config.TextColumn(help="As the model's card states it"),
    "Languages": st.column_config.TextColumn(help="As the model's card states them"),
}


CheckMemory = Callable[[Sequence[str]], Sequence[MemoryCheck]]


def show_base_comparison(
    workspace: Workspace, dataset: Dataset, models: Sequence[str], *, can_train: bool, check_memory: CheckMemory
) -> tuple[str, ...]:
    """Draw the offer to compare the chosen models, its progress, and the dataset's newest comparison.

    check_memory: of the trainings of these models. Returns the models whose training was asked for: the best one, all, or
    none.
    """
    comparison = load_base_comparison(workspace.home, dataset.id)
    job = workspace.jobs.find(_job_key(dataset))
    is_open = job is not None and job.state in OPEN
    with st.expander(
        "Which base model?",
        icon=":material/leaderboard:",
        expanded=is_open or comparison is not None,
        key=f"bases-{dataset.id}",
    ):
        st.caption(
            "Measures the chosen base models on validation pairs, never on those held out, each with its prompts. "
            f"Where texts are ranked, {WORDS} (shared words alone, no model) is the line to beat."
        )
        if job is not None and is_open:
            show_dataset_job(job)
        else:
            _show_offer(workspace, dataset, models, job)
        return _show_result(comparison, can_train=can_train, check_memory=check_memory) if comparison else ()


def submit_base_comparison(workspace: Workspace, dataset: Dataset, models: Sequence[str]) -> Job:
    """Queue the comparison, again where it has ended; a double click makes one job."""
    payload = {"models": list(models)}
    return workspace.jobs.submit_on_dataset("bases", dataset=dataset.id, payload=payload, key=_job_key(dataset))


def _job_key(dataset: Dataset) -> str:
    return f"bases-{dataset.id}"


def _show_offer(workspace: Workspace, dataset: Dataset, models: Sequence[str], job: Job | None) -> None:
    """Draw why the last comparison failed, if it did, and the button that starts one."""
    if job is not None and job.state == "failed":
        show_error(job.failure)
    label = f"Compare {format_count(len(models), 'base model')}"
    if st.button(label, icon=":material/leaderboard:", key="compare-bases", disabled=not models):
        submit_base_comparison(workspace, dataset, models)
        st.rerun()


def _show_result(comparison: BaseComparison, *, can_train: bool, check_memory: CheckMemory) -> tuple[str, ...]:
    """Draw the table and its buttons, and return the models of the one that was pressed."""
    names = tuple(base.model for base in comparison.bases)
    st.dataframe(
        base_table(comparison),
        hide_index=True,
        column_config=_COLUMNS,
        placeholder="",
        alt="Base models on validation pairs, the best first: quality, speed, size, licence",
    )
    st.caption(_describe(comparison))
    short = [check for check in check_memory(names) if not check.fits]
    large = (
        {check.model for check in short} if short and not may_exceed_memory(short, key="ignore-memory-bases") else ()
    )
    wanted: tuple[str, ...] = ()
    with st.container(horizontal=True):
        best = f"Train the best: {escape_markdown(short_name(comparison.best))}"
        if st.button(
            best,
            icon=":material/play_arrow:",
            key="train-best-base",
            disabled=not can_train or comparison.best in large,
        ):
            wanted = (comparison.best,)
        every = f"Train all {len(names)}"
        if len(names) > 1 and st.button(
            every, icon=":material/playlist_play:", key="train-all-bases", disabled=not can_train or bool(large)
        ):
            wanted = names
    return wanted


def _describe(comparison: BaseComparison) -> str:
    """Write on what the models were measured, and how the verdicts are made."""
    sample = format_count(comparison.examples, "validation example")
    ranked = f", ranked among {format_count(comparison.documents, 'distinct target')}" if comparison.documents else ""
    count = sum(base.change is not None for base in comparison.bases)
    corrected = f"; verdicts are corrected for {count} comparisons (Holm)" if count > 1 else ""
    return f"{sample}{ranked}. 95% confidence intervals{corrected}."
