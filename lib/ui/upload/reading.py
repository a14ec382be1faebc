"""The file as it was read: a preview, and options to read it differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.data.table import ReadReport, Table
from lib.errors import CloserError, SheetError
from lib.format import format_count
from lib.store.uploads import Draft, Upload
from lib.ui.shared.components import show_error
from lib.ui.upload import computations
from lib.ui.upload.session import widget_key

Choice = TypeVar("Choice")

_PREVIEW_ROWS = 100
"""Rows of the file that the preview holds."""
_AUTO = "Auto-detect"
_ENCODINGS = (
    "utf-8",
    "utf-16",
    "windows-1252",
    "latin-1",
    *(f"windows-{page}" for page in (1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258)),
    "iso-8859-2",
    "iso-8859-9",
    "iso-8859-13",
    "iso-8859-15",
    "koi8-r",
    "cp874",
    "gb18030",
    "big5",
    "shift_jis",
    "euc-jp",
    "euc-kr",
    "mac_roman",
)
_SEPARATORS = {",": "Comma ,", ";": "Semicolon ;", "\t": "Tab", "|": "Pipe |", " ": "Space"}
_QUOTES = {None: _AUTO, '"': 'Double "', "'": "Single '", "": "No quotes"}
_HEADERS = {None: _AUTO, True: "First row has column names", False: "No header"}


def show_file(upload: Upload, draft: Draft) -> Table | None:
    """Read the upload and show a preview; where that fails, show why and open the reading options."""
    st.subheader("Preview", anchor=False)
    table, failure = None, None
    try:
        table = computations.read_upload(upload, draft)
    except CloserError as error:
        failure = error
    if failure is not None:
        show_error(failure)
    if table is not None:
        st.text(_summary(table.report))
        for note in table.report.notes:
            st.text(f"• {note.text}")
        st.dataframe(preview(table), hide_index=True, height=220, alt="The first rows of the file")
    sheets = table.report.sheets if table is not None else failure.sheets if isinstance(failure, SheetError) else ()
    with st.expander("Reading options", icon=":material/tune:", expanded=failure is not None):
        _edit_options(upload, draft, sheets)
    return table


def preview(table: Table) -> pd.DataFrame:
    """First rows of the table with their line numbers."""
    frame = table.frame.head(_PREVIEW_ROWS).copy()
    frame.insert(0, "Line", table.lines[: len(frame)], allow_duplicates=True)
    return frame


def _summary(report: ReadReport) -> str:
    """Summarise rows, columns and the detected options in one line."""
    parts = [f"{format_count(report.rows, 'row')}, {format_count(len(report.columns), 'column')}"]
    if report.kind not in ("", "text"):
        parts.append(report.kind.upper())
    if report.format:
        parts.append(report.format)
    if report.encoding:
        parts.append(f"encoding {report.encoding}")
    if report.separator:
        title = _SEPARATORS.get(report.separator)
        parts.append(f"separator {title.split()[0].lower() if title else repr(report.separator)}")
    if report.header is not None and (report.kind in ("", "text") or report.sheet):  # JSON and Parquet name columns
        parts.append(f"header {'yes' if report.header else 'no'}")
    if report.sheet:
        parts.append(f"sheet {report.sheet}")
    parts += _describe_lines(report.odd_lines, "in another encoding")
    parts += _describe_lines(report.wrong_width, "with another number of columns")
    return " · ".join(parts)


def _describe_lines(lines: list[int], what: str) -> list[str]:
    """Describe lines that are not like the others, the first five by number; nothing where there are none."""
    if not lines:
        return []
    first = ", ".join(map(str, lines[:5])) + ", ..." * (len(lines) > 5)
    return [f"{format_count(len(lines), 'line')} {what} ({first})"]


def _edit_options(upload: Upload, draft: Draft, sheets: Sequence[str]) -> None:
    """Draw fields for encoding, separator, quote, header, sheet and empty-cell values.

    A change reads the file again.
    """
    current = draft.options
    cells = st.columns(3)
    options: dict[str, object] = {
        "encoding": _select(
            cells[0], upload, "Encoding", {"": _AUTO} | {name: name for name in _ENCODINGS}, current, ""
        ),
        "separator": _select(cells[1], upload, "Separator", {"": _AUTO} | _SEPARATORS, current, ""),
        "quote": _select(cells[2], upload, "Quote", _QUOTES, current, None),
        "header": _select(cells[0], upload, "Header", _HEADERS, current, None),
    }
    if len(sheets) > 1:
        titles = {"": _AUTO} | {name: name for name in sheets}
        options["sheet"] = _select(cells[1], upload, "Sheet", titles, current, "")
    options["skip"] = cells[2].number_input(
        "Rows to skip",
        min_value=0,
        value=current.get("skip"),
        key=widget_key(upload, "read", "skip"),
        placeholder=_AUTO,
        help="Rows above the header, such as a title. If empty, a title is detected.",
    )
    words = cells[0 if len(sheets) > 1 else 1].text_input(
        "Empty-cell values",
        value=", ".join(current.get("na", [])),
        key=widget_key(upload, "read", "na"),
        placeholder="NA, null",
        help='Separated by commas. If empty, "NA" and "null" are kept as text.',
    )
    options["na"] = [word.strip() for word in words.split(",") if word.strip()]
    changed = {
        name: value for name, value in options.items() if value not in ("", None, []) or (name, value) == ("quote", "")
    }
    if changed != current:
        upload.change(options=changed)
        st.rerun()


def _select(
    cell: DeltaGenerator,
    upload: Upload,
    label: str,
    titles: Mapping[Choice, str],
    current: Mapping[str, Choice],
    default: Choice,
) -> Choice:
    """Draw one option as a select box; its name in the options is the label in lower case."""
    name = label.lower()
    value = current.get(name, default)
    options = list(titles)
    choice: Choice = cell.selectbox(
        label,
        options,
        index=options.index(value) if value in options else 0,
        format_func=titles.__getitem__,
        key=widget_key(upload, "read", name),
    )
    return choice
