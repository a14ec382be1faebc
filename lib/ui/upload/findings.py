"""The audit's findings: why each matters, examples, a choice of action, and the rows that remain."""

from __future__ import annotations

import streamlit as st

from lib.data.audit.corrections import Correction, find_corrections
from lib.data.audit.run import Audit, Finding
from lib.format import format_count
from lib.models.unknown_tokens import UnknownTokens
from lib.store.uploads import Draft, Upload
from lib.ui.shared.components import escape_markdown
from lib.ui.upload.parts import column_config, show_examples
from lib.ui.upload.session import stored_widget_value, widget_key

_CHOICE_TITLES = {"keep": "Keep", "drop": "Drop", "fix": "Fix"}
_CHOICE_RESULTS = {"keep": "kept", "drop": "dropped", "fix": "fixed"}
_INVISIBLE = "invisible_characters"


def show_findings(upload: Upload, draft: Draft, audit: Audit) -> None:
    """Show all findings; a choice is stored at once and the rows are counted again."""
    st.subheader("Data checks", anchor=False)
    rows = audit.findings[0].rows_before if audit.findings else 0
    after = len(audit.examples.frame)
    st.caption(_summary(found=len(audit.nonempty_findings), checks=len(audit.findings), rows=rows, after=after))
    for finding in audit.nonempty_findings:
        with st.expander(_heading(finding), key=widget_key(upload, "finding", finding.name)):
            _show_finding(upload, draft, finding)
    clean = [finding.title for finding in audit.findings if not finding.count]
    if clean:
        st.caption(f"Passed: {', '.join(clean)}.")
    _show_corrections(upload, draft)


def show_unknown_tokens(unknown: UnknownTokens | None) -> None:
    """Warn where the bundled base model does not know many of the tokens."""
    if unknown is not None and unknown.is_much:
        st.warning(escape_markdown(unknown.describe()), icon=":material/translate:")


def _summary(*, found: int, checks: int, rows: int, after: int) -> str:
    """Write how many checks found something, and how many rows remain."""
    if not found:
        return f"None of {checks} checks found anything in {format_count(rows, 'row')}."
    return (
        f"{found} of {checks} checks found something in {format_count(rows, 'row')}; {after:,} remain. "
        "Only the rows listed here are dropped or changed."
    )


def _heading(finding: Finding) -> str:
    rows = format_count(finding.count, "row")
    return f"**{finding.title}**: {rows} {_CHOICE_RESULTS[finding.choice]}, {finding.rows_after:,} remain"


def _show_finding(upload: Upload, draft: Draft, finding: Finding) -> None:
    st.text(finding.why)
    if finding.detail:
        st.text(finding.detail)
    _edit_choice(upload, draft, finding)
    st.caption("Examples with their line numbers.")
    _edit_cells(upload, draft, finding)


def _edit_choice(upload: Upload, draft: Draft, finding: Finding) -> None:
    """Offer the choices; a finding with only one says what happens."""
    if len(finding.choices) == 1:
        st.text("These rows are always dropped unless you correct them.")
        return
    widget = widget_key(upload, "choice", finding.name)
    st.segmented_control(
        f"Action for “{finding.title.lower()}”",
        finding.choices,
        default=finding.choice,
        format_func=lambda choice: _choice_title(finding, choice),
        key=widget,
        required=True,
        on_change=_store_choice,
        args=(upload, finding.name, widget),
    )


def _choice_title(finding: Finding, choice: str) -> str:
    fix = f"Fix: {finding.fix_label}" if finding.fix_label else "Fix"
    return fix if choice == "fix" else _CHOICE_TITLES[choice]


def _store_choice(upload: Upload, name: str, widget: str) -> None:
    choice = stored_widget_value(widget)
    if choice:
        upload.change(choices=upload.draft().choices | {name: choice})


def _edit_cells(upload: Upload, draft: Draft, finding: Finding) -> None:
    """Show the examples in an editor; invisible characters are escaped and read-only."""
    if finding.name == _INVISIBLE:
        show_examples(finding.examples, label=f"Examples: {finding.title}")
        return
    st.caption("To correct a cell, double-click it or press Enter.")
    edited = st.data_editor(
        finding.examples,
        hide_index=True,
        disabled=["line"],
        column_config=column_config(finding.examples),
        key=widget_key(upload, "cells", finding.name, len(draft.corrections)),
        alt=f"Examples that can be corrected: {finding.title}",
    )
    corrections = find_corrections(finding.examples, edited)
    if corrections:
        st.button(
            f"Apply {len(corrections)} correction{'s' * (len(corrections) != 1)}",
            icon=":material/check:",
            key=widget_key(upload, "apply", finding.name),
            on_click=_store_corrections,
            args=(upload, corrections),
        )


def _store_corrections(upload: Upload, corrections: list[Correction]) -> None:
    earlier = upload.draft().corrections
    upload.change(corrections=earlier + [correction.to_json() for correction in corrections])


def _show_corrections(upload: Upload, draft: Draft) -> None:
    """List the manual corrections, with undo."""
    if not draft.corrections:
        return
    with st.expander(f"Manual corrections: {len(draft.corrections)}", icon=":material/edit:"):
        st.dataframe(
            draft.corrections,
            hide_index=True,
            alt="Manual corrections: line, column, before and after; a row without text after it is dropped",
        )
        st.button(
            "Undo last",
            icon=":material/undo:",
            on_click=_undo,
            args=(upload,),
            key=widget_key(upload, "undo-correction"),
        )


def _undo(upload: Upload) -> None:
    upload.change(corrections=upload.draft().corrections[:-1])
