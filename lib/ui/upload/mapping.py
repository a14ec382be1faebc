"""The roles of the columns: the guess, and fields to change it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.data.columns.guess import find_split_column, guess_mapping, guess_roles
from lib.data.columns.mapping import SCALES, ColumnMapping, apply_mapping, classes_of
from lib.data.columns.value_columns import guess_value
from lib.data.table import Table
from lib.errors import InputError
from lib.shapes import Shape
from lib.store.uploads import Draft, Upload
from lib.ui.shared.components import SHAPE_TITLES, escape_markdown, show_error
from lib.ui.upload.parts import ROLE_TITLES, show_examples
from lib.ui.upload.questions import ask_open_questions, show_unused
from lib.ui.upload.session import rename_widget_values, swap_widget_values, widget_key
from lib.ui.upload.shapes import show_shapes

_PREVIEW_ROWS = 8
"""Examples shown under the fields."""
_NO_COLUMN = "(none)"
_MAX_CLASSES = 50
"""Classes offered as positive, the most frequent."""


def edit_mapping(upload: Upload, draft: Draft, table: Table) -> ColumnMapping | None:
    """Draw the mapping as fields with a preview; store it, and return it once it is complete and clear."""
    st.subheader("Columns", anchor=False)
    mapping = _initial_mapping(upload, draft, table)
    with st.expander("Dataset shapes", icon=":material/table_view:"):
        show_shapes()
    shape = _edit_shape(upload, mapping)
    if shape is not mapping.shape:
        mapping = guess_roles(table, shape)
    mapping = _edit_roles(upload, table, mapping)
    draft = upload.change(mapping=mapping.to_json(), columns=_column_names(table))
    show_unused(table, mapping)
    is_clear = ask_open_questions(upload, draft, table, mapping)
    try:
        examples = apply_mapping(table, mapping)
    except InputError as error:
        show_error(error)
        return None
    show_examples(examples.frame.head(_PREVIEW_ROWS), label="The first examples under this mapping")
    return mapping if is_clear else None


def _initial_mapping(upload: Upload, draft: Draft, table: Table) -> ColumnMapping:
    """Load the stored mapping, by position where columns got other names; else guess one.

    Another encoding reads the same columns under other names.
    """
    names = _column_names(table)
    if not draft.mapping:
        return guess_mapping(table)
    mapping = ColumnMapping.from_json(draft.mapping)
    if draft.columns != names and len(draft.columns) == len(names):
        renamed = dict(zip(draft.columns, names, strict=True))
        mapping = mapping.rename_columns(renamed)
        fields = (*mapping.texts, "negatives", mapping.value_role, "group")
        keys = [widget_key(upload, mapping.shape, name) for name in fields]
        rename_widget_values([*keys, widget_key(upload, "part")], renamed)
    used = [name for columns in mapping.roles.values() for name in columns] + [mapping.group, mapping.part]
    return mapping if all(name in names for name in used if name) else guess_mapping(table)


def _column_names(table: Table) -> list[str]:
    return [str(name) for name in table.frame.columns]


def _edit_shape(upload: Upload, mapping: ColumnMapping) -> Shape:
    shapes = list(SHAPE_TITLES)
    shape = st.segmented_control(
        "Dataset shape",
        shapes,
        default=mapping.shape,
        format_func=SHAPE_TITLES.__getitem__,
        key=widget_key(upload, "shape"),
        required=True,
        help="Detected from column names and content; change it if it's wrong.",
    )
    return shape or mapping.shape


def _edit_roles(upload: Upload, table: Table, mapping: ColumnMapping) -> ColumnMapping:
    """Draw the fields of the shape; their keys hold it, so that another shape starts from its own guess."""
    names, before = _column_names(table), mapping
    roles = _edit_texts(upload, mapping, names)
    value = mapping.value_role
    if value:
        roles[value] = _edit_value(upload, mapping, value, names)
    mapping = replace(mapping, roles={role: columns for role, columns in roles.items() if columns})
    if value and roles[value]:
        is_known = before.roles.get(value) == roles[value]
        mapping = _edit_value_meaning(upload, table, mapping, roles[value][0], is_known=is_known)
    return _edit_extras(upload, table, mapping, names)


def _edit_texts(upload: Upload, mapping: ColumnMapping, names: list[str]) -> dict[str, tuple[str, ...]]:
    sides = ("text",) if mapping.shape is Shape.LABELLED_TEXTS else ("anchor", "positive")
    triplets = mapping.shape is Shape.TRIPLETS
    cells = st.columns(len(sides) + triplets)
    keys = [widget_key(upload, mapping.shape, side) for side in sides]
    roles: dict[str, tuple[str, ...]] = {}
    for cell, side, widget in zip(cells, sides, keys, strict=False):
        columns = cell.multiselect(
            ROLE_TITLES[side],
            names,
            default=[name for name in mapping.roles.get(side, ()) if name in names],
            key=widget,
            help="Multiple columns are joined in the order you select them, for example title and body.",
        )
        roles[side] = tuple(columns)
    if triplets:
        roles |= _edit_negatives(upload, mapping, names, cells[-1])
    if len(sides) == 2:
        st.button(
            "Swap sides",
            icon=":material/swap_horiz:",
            on_click=swap_widget_values,
            args=keys,
            key=widget_key(upload, "swap"),
        )
    return roles


def _edit_negatives(
    upload: Upload, mapping: ColumnMapping, names: list[str], cell: DeltaGenerator
) -> dict[str, tuple[str, ...]]:
    defaults = [mapping.roles[role][0] for role in mapping.texts[2:] if mapping.roles.get(role)]
    columns = cell.multiselect(
        ROLE_TITLES["negative"],
        names,
        default=[name for name in defaults if name in names],
        key=widget_key(upload, mapping.shape, "negatives"),
        help="One or more columns, each with a wrong answer.",
    )
    return {"negative" if at == 1 else f"negative_{at}": (name,) for at, name in enumerate(columns, start=1)}


def _edit_value(upload: Upload, mapping: ColumnMapping, value: str, names: list[str]) -> tuple[str, ...]:
    default = (mapping.roles.get(value) or ("",))[0]
    column = st.selectbox(
        ROLE_TITLES[value],
        names,
        index=names.index(default) if default in names else None,
        key=widget_key(upload, mapping.shape, value),
        placeholder="Select a column",
    )
    return (column,) if column else ()


def _edit_value_meaning(
    upload: Upload, table: Table, mapping: ColumnMapping, column: str, *, is_known: bool
) -> ColumnMapping:
    """Ask for the score's range, or for the positive classes.

    is_known: the mapping's are those of this column."""
    detail = mapping if is_known else guess_value(table.frame, mapping, column)
    if mapping.shape is Shape.SCORED:
        return replace(mapping, scale=_edit_scale(upload, column, detail.scale))
    if mapping.shape is Shape.LABELLED_PAIRS:
        return replace(mapping, same=_edit_same(upload, table, mapping, column, detail.same))
    return mapping


def _edit_scale(upload: Upload, column: str, default: tuple[float, float]) -> tuple[float, float]:
    options = list(dict.fromkeys([*SCALES.values(), (0.0, 10.0), (0.0, 100.0), (1.0, 0.0), default]))
    return st.selectbox(
        "Score range",
        options,
        index=options.index(default),
        format_func=_scale_title,
        key=widget_key(upload, "scale", column),
        help="Rescaled to 0-1 for training; a range of -1 to 1 is kept, distances are turned round.",
    )


def _scale_title(scale: tuple[float, float]) -> str:
    falling = " (distance: lower is closer)" if scale[0] > scale[1] else ""
    return f"{scale[0]:g} to {scale[1]:g}{falling}"


def _edit_same(
    upload: Upload, table: Table, mapping: ColumnMapping, column: str, default: tuple[str, ...]
) -> tuple[str, ...]:
    every = classes_of(table.frame[column].astype("str"), mapping)
    classes = list(dict.fromkeys([*every[:_MAX_CLASSES], *(name for name in default if name in every)]))
    labels = st.multiselect(
        "Positive classes",
        classes,
        default=[name for name in default if name in classes],
        key=widget_key(upload, "same", column),
        help="Pairs of these classes mean the same; all other classes count as different. With none selected, three or more classes are kept.",
    )
    return tuple(labels)


def _edit_extras(upload: Upload, table: Table, mapping: ColumnMapping, names: list[str]) -> ColumnMapping:
    """Ask for the group column and the split column, and suggest one that looks like it."""
    left, right = st.columns(2)
    options = [_NO_COLUMN, *names]
    group = left.selectbox(
        "Group column",
        options,
        index=options.index(mapping.group) if mapping.group in names else 0,
        key=widget_key(upload, mapping.shape, "group"),
        help="Rows of one group (a thread, page or document) always stay in the same split.",
    )
    part = right.selectbox(
        "Split column",
        options,
        index=options.index(mapping.part) if mapping.part in names else 0,
        key=widget_key(upload, "part"),
        help="A column with train, validation (valid, dev) or held_out (test) in each row.",
    )
    suggestion = find_split_column(table.frame)
    if suggestion and part == _NO_COLUMN:
        right.caption(f"“{escape_markdown(suggestion)}” looks like a split column; select it to keep that split.")
    return replace(mapping, group="" if group == _NO_COLUMN else group, part="" if part == _NO_COLUMN else part)
