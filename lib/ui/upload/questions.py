"""Ask what only the person knows: which column is a score or class, and which classes mean the same."""

from __future__ import annotations

import streamlit as st

from lib.data.columns.mapping import ColumnMapping
from lib.data.columns.metadata import choose_metadata
from lib.data.columns.unused import OpenQuestion, open_questions, unused_columns
from lib.data.table import Table
from lib.shapes import VALUE_COLUMN, Shape
from lib.store.uploads import Draft, Upload
from lib.ui.shared.components import escape_markdown
from lib.ui.upload.session import set_widget_values, stored_widget_value, widget_key

_SCORE, _CLASS, _NEITHER = "score", "class", "neither"
_ANSWERS = {_SCORE: "A score", _CLASS: "A class", _NEITHER: "Neither, leave it out"}
_SHAPES = {_SCORE: Shape.SCORED, _CLASS: Shape.LABELLED_PAIRS}


def show_unused(table: Table, mapping: ColumnMapping) -> None:
    """List the columns without a role; those that results are compared by first."""
    metadata = choose_metadata(table.frame, mapping)
    if metadata:
        st.text(f"Stored to compare results by, not read by the model: {', '.join(metadata)}.")
    unused = [column for column in unused_columns(table, mapping) if column.name not in metadata]
    if unused:
        shown = "; ".join(f"{column.name}: {column.looks_like}" for column in unused)
        st.text(f"Not used: {shown}.")


def ask_open_questions(upload: Upload, draft: Draft, table: Table, mapping: ColumnMapping) -> bool:
    """Ask what is unclear, and return whether every question has its answer."""
    answered = True
    for question in open_questions(table, mapping):
        if question.is_about_same:
            answered &= _ask_to_keep_classes(upload, draft, question)
        elif question.column not in draft.unused:
            _ask_for_value(upload, question)
            answered = False
    return answered


def _ask_for_value(upload: Upload, question: OpenQuestion) -> None:
    st.warning(escape_markdown(question.text), icon=":material/help:")
    widget = widget_key(upload, "question", question.column)
    st.segmented_control(
        "What is it?",
        list(_ANSWERS),
        default=None,
        format_func=_ANSWERS.__getitem__,
        key=widget,
        on_change=_store_answer,
        args=(upload, question.column, widget),
    )


def _store_answer(upload: Upload, column: str, widget: str) -> None:
    answer = stored_widget_value(widget)
    if answer == _NEITHER:
        upload.change(unused=[*upload.draft().unused, column])
    elif answer:
        shape = _SHAPES[answer]
        keys = {("shape",): shape, (shape, VALUE_COLUMN[shape]): column}
        set_widget_values({widget_key(upload, *parts): value for parts, value in keys.items()})


def _ask_to_keep_classes(upload: Upload, draft: Draft, question: OpenQuestion) -> bool:
    st.warning(f"{escape_markdown(question.text)} Select them as positive classes.", icon=":material/help:")
    if not question.may_be_none:
        return False
    keep = st.checkbox(
        "Keep all classes apart: none of them means the same",
        value=draft.keep_classes,
        key=widget_key(upload, "keep-classes"),
    )
    upload.change(keep_classes=keep)
    return keep
