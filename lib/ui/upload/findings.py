"""What the audit found: each finding with why it matters, examples, a choice, and the rows after it."""

from __future__ import annotations

import streamlit as st

from lib.data.audit.corrections import Correction, find_corrections
from lib.data.audit.run import Audit, Finding
from lib.store.uploads import Draft, Upload
from lib.ui.upload.parts import column_config, show_examples
from lib.ui.upload.session import widget_key

_CHOICE_TITLES = {"keep": "Keep", "drop": "Leave out", "fix": "Fix"}
_CHOICE_RESULTS = {"keep": "kept", "drop": "left out", "fix": "fixed"}
_INVISIBLE = "invisible_characters"


def show_findings(upload: Upload, draft: Draft, audit: Audit) -> None:
    """Show all findings; a choice is remembered at once and the page counts again."""
    st.subheader("What the audit found", anchor=False)
    rows = audit.findings[0].rows_before if audit.findings else 0
    after = len(audit.examples.frame)
    st.caption(
        f"{len(audit.found)} of {len(audit.findings)} checks found something in {rows:,} rows; {after:,} rows stay. "
        "Nothing is left out or changed but what is listed here."
    )
    for finding in audit.found:
        with st.expander(_heading(finding), key=widget_key(upload, "finding", finding.name)):
            _finding(upload, draft, finding)
    clean = [finding.title for finding in audit.findings if not finding.count]
    if clean:
        st.caption(f"Nothing found by: {', '.join(clean)}.")
    _corrections(upload, draft)


def _heading(finding: Finding) -> str:
    rows = f"{finding.count:,} {'row' if finding.count == 1 else 'rows'}"
    return f"**{finding.title}**: {rows} {_CHOICE_RESULTS[finding.choice]}, {finding.rows_after:,} stay"


def _finding(upload: Upload, draft: Draft, finding: Finding) -> None:
    st.text(finding.why)
    if finding.detail:
        st.text(finding.detail)
    _choice(upload, draft, finding)
    st.caption("Examples, with their lines in the file.")
    _cells(upload, draft, finding)


def _choice(upload: Upload, draft: Draft, finding: Finding) -> None:
    """Offer the choices; a finding with one choice only says what is done."""
    if len(finding.choices) == 1:
        st.text("These rows are always left out, unless you correct them.")
        return
    widget = widget_key(upload, "choice", finding.name)
    st.segmented_control(
        f"What to do about “{finding.title.lower()}”",
        finding.choices,
        default=finding.choice,
        format_func=lambda choice: _choice_title(finding, choice),
        key=widget,
        required=True,
        on_change=_choose,
        args=(upload, finding.name, widget),
    )


def _choice_title(finding: Finding, choice: str) -> str:
    fix = f"Fix: {finding.fix_label}" if finding.fix_label else "Fix"
    return fix if choice == "fix" else _CHOICE_TITLES[choice]


def _choose(upload: Upload, name: str, widget: str) -> None:
    chosen = st.session_state.get(widget)
    if chosen:
        upload.change(choices=upload.draft().choices | {name: chosen})


def _cells(upload: Upload, draft: Draft, finding: Finding) -> None:
    """Show the examples as an editor; where characters are escaped, as a plain table."""
    if finding.name == _INVISIBLE:
        show_examples(finding.examples, label=f"Examples: {finding.title}")
        return
    st.caption("Cells can be corrected here: double-click one, or press Enter on it.")
    edited = st.data_editor(
        finding.examples,
        hide_index=True,
        disabled=["line"],
        column_config=column_config(finding.examples),
        key=widget_key(upload, "cells", finding.name, len(draft.corrections)),
        alt=f"Examples that can be corrected: {finding.title}",
    )
    found = find_corrections(finding.examples, edited)
    if found:
        st.button(
            f"Apply {len(found)} correction{'s' * (len(found) != 1)}",
            icon=":material/check:",
            key=widget_key(upload, "apply", finding.name),
            on_click=_apply,
            args=(upload, found),
        )


def _apply(upload: Upload, found: list[Correction]) -> None:
    known = upload.draft().corrections
    upload.change(corrections=known + [correction.to_dict() for correction in found])


def _corrections(upload: Upload, draft: Draft) -> None:
    """List what was corrected by hand, with a way back."""
    if not draft.corrections:
        return
    with st.expander(f"Corrected by hand: {len(draft.corrections)}", icon=":material/edit:"):
        st.dataframe(
            draft.corrections,
            hide_index=True,
            alt="Corrections by hand: line, column, before and after; no text after means that the row is left out",
        )
        st.button(
            "Undo the last one",
            icon=":material/undo:",
            on_click=_undo,
            args=(upload,),
            key=widget_key(upload, "undo-correction"),
        )


def _undo(upload: Upload) -> None:
    upload.change(corrections=upload.draft().corrections[:-1])
