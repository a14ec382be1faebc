"""The tuned model in other forms: choose some, see what each costs, download."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from lib.experiments.exported_form import (
    ExportedForm,
    ModelCost,
    format_speed,
    has_files,
    list_exported_forms,
    remove_exported_form,
)
from lib.format import format_bytes, format_count, format_metric, format_step, metric_title
from lib.models.forms.form import EXTRA_REQUIREMENTS, FORM_FACTS, Form, missing_packages
from lib.store.runs import Run
from lib.ui.explore.jobs import show_last_failure, show_progress, submit_job
from lib.ui.shared.edit_button import edit_button
from lib.ui.shared.offered_file import offer_file

_DIMENSIONS = (32, 64, 128, 192, 256, 384, 512, 768, 1024)
"""Dimensions that are offered beside the default, those that the model has."""

_DEFAULT = "Default"


def show_exported_forms(run: Run) -> None:
    """Draw the form, or the progress of the run's job, and the table of the forms that were measured."""
    st.caption(
        "Smaller or faster forms of the tuned model, for use elsewhere. Each is measured from its own files on the held-out part. "
        "`python -m lib export` does the same without a browser."
    )
    forms = list_exported_forms(run)
    if not show_progress(run, "export", title="Export"):
        show_last_failure(run, "export")
        _show_form(run, forms)
    if forms:
        _show_table(forms)
        for exported in forms:
            _show_files(run, exported)


def _show_form(run: Run, forms: Sequence[ExportedForm]) -> None:
    installed = [form for form in Form if not missing_packages(form)]
    chosen = st.pills(
        "Forms",
        installed,
        format_func=lambda form: FORM_FACTS[form].title,
        selection_mode="multi",
        default=installed,
        key=f"export-forms-{run.id}",
        help=" ".join(f"**{FORM_FACTS[form].title}**: {FORM_FACTS[form].help}" for form in Form),
    )
    for form in Form:
        if form not in installed:
            packages = " and ".join(missing_packages(form))
            st.caption(f"{FORM_FACTS[form].title} needs {packages}: `pip install -r {EXTRA_REQUIREMENTS}`")
    full = forms[0].tuned.dimension if forms else max(_DIMENSIONS)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dimension = st.selectbox(
            "Dimensions",
            [_DEFAULT, *(str(one) for one in _DIMENSIONS if one < full)],
            key=f"export-dimension-{run.id}",
            disabled=not any(FORM_FACTS[form].has_dimension for form in chosen),
            help="Of fewer dimensions: by default a half, with a quarter and an eighth measured too. Of static: by default 256.",
        )
        label = f"Export {format_count(len(chosen), 'form')}"
        if edit_button(
            label, key=f"export-start-{run.id}", type="primary", icon=":material/deployed_code:", disabled=not chosen
        ):
            submit_job(run, "export", forms=list(chosen), dimension=0 if dimension == _DEFAULT else int(dimension or 0))


def _show_table(forms: Sequence[ExportedForm]) -> None:
    """Draw the tuned model and each form: quality with the difference and its interval, speed, size."""
    st.dataframe(forms_table(forms), hide_index=True)
    st.caption(
        f"Differences to the tuned model on {format_count(forms[0].examples, 'held-out example')}, with 95% intervals. "
        "Graphs (ONNX, OpenVINO) are compared with the tuned model in fp32. Speed: texts a second on this machine's CPU, measured by turns with `SentenceTransformer.encode` of the tuned model."
    )


def forms_table(forms: Sequence[ExportedForm]) -> pd.DataFrame:
    """Build the table: a row for each form, below that of the tuned model as it was compared with."""
    keys = forms[0].shown_metrics
    rows: list[dict[str, str]] = []
    for at, exported in enumerate(forms):
        if at == 0 or exported.form.is_graph != forms[at - 1].form.is_graph:
            rows.append(_tuned_cells(exported, keys))
        cells = {metric_title(key): _quality(exported, key) for key in keys if key in exported.metrics}
        rows.append({"Form": exported.title, **cells, **_cost_cells(exported.exported, times=exported.times_faster)})
    return pd.DataFrame(rows).fillna("")


def _tuned_cells(exported: ExportedForm, keys: Sequence[str]) -> dict[str, str]:
    """Build the row of the tuned model, which graphs are compared with in fp32."""
    return {
        "Form": "Tuned model, fp32" if exported.form.is_graph else "Tuned model",
        **{
            metric_title(key): format_metric(key, exported.metrics[key].base) for key in keys if key in exported.metrics
        },
        **_cost_cells(exported.tuned),
    }


def _quality(exported: ExportedForm, key: str) -> str:
    change = exported.metrics[key]
    return f"{format_metric(key, change.tuned)} ({format_step(key, change)})"


def _cost_cells(cost: ModelCost, *, times: float | None = None) -> dict[str, str]:
    faster = "" if times is None else f" ({times:,.1f}x)"
    return {
        "Speed": format_speed(cost) + faster,
        "Size": format_bytes(cost.bytes),
        "Dimensions": str(cost.dimension),
    }


def _show_files(run: Run, exported: ExportedForm) -> None:
    """Offer a form's files, and a way to remove it."""
    if not has_files(run, exported):
        return
    offer_file(
        exported.title,
        address=f"/download/{run.id}/exports/{exported.name}.zip",
        size=exported.exported.bytes,
        key=f"export-remove-{run.id}-{exported.name}",
        remove=lambda: remove_exported_form(run, exported),
    )
