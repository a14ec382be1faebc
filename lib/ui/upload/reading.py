"""The file as it was read: a preview, and options to read it differently."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from lib.data.table import Table
from lib.errors import CloserError
from lib.store.uploads import Draft, Upload
from lib.ui.shared.components import show_error
from lib.ui.upload import computations
from lib.ui.upload.session import widget_key

_PREVIEW_ROWS = 100
"""Rows of the file that the preview holds."""
_AUTO = "Auto-detect"
_ENCODINGS = (
    "utf-8",
    "utf-16",
    "windows-1252",
    "latin-1",
    "windows-1250",
    "windows-1251",
    "gb18030",
    "shift_jis",
    "euc-kr",
)
_SEPARATORS = {",": "Comma ,", ";": "Semicolon ;", "\t": "Tab", "|": "Bar |", " ": "Space"}
_QUOTES = {'"': 'Double "', "'": "Single '", "": "No quotes"}
_HEADERS = {None: _AUTO, True: "First row has column names", False: "No header"}
_FACTS = {
    "encoding": "Encoding",
    "separator": "Separator",
    "header": "Header",
    "sheet": "Sheet",
}


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
        st.text(_summary(table))
        st.dataframe(preview(table), hide_index=True, height=220, alt="The first rows of the file")
    with st.expander("Reading options", icon=":material/tune:", expanded=failure is not None):
        _options(upload, draft, table.report.to_json() if table is not None else {})
    return table


def preview(table: Table) -> pd.DataFrame:
    """First rows of the table with their line numbers."""
    frame = table.frame.head(_PREVIEW_ROWS).copy()
    frame.insert(0, "Line", table.lines[: len(frame)], allow_duplicates=True)
    return frame


def _summary(table: Table) -> str:
    """Summarise rows, columns and the detected options in one line."""
    facts = table.report.to_json()
    summary = [f"{len(table.frame):,} rows, {table.frame.shape[1]} columns"]
    summary += [str(facts["kind"]).upper()] if facts.get("kind", "text") != "text" else []
    for name, title in _FACTS.items():
        value = facts.get(name)
        if value not in (None, ""):
            summary.append(f"{title.lower()} {_word(name, value)}")
    for name, title in (("odd_lines", "in another encoding"), ("wrong_width", "with another number of columns")):
        lines = facts.get(name) or []
        if lines:
            summary.append(
                f"{len(lines):,} lines {title} ({', '.join(map(str, lines[:5]))}{', ...' * (len(lines) > 5)})"
            )
    return " · ".join(summary)


def _word(name: str, value: Any) -> str:
    if name == "separator":
        return _SEPARATORS.get(value, value).lower()
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _options(upload: Upload, draft: Draft, facts: dict[str, Any]) -> None:
    """Draw fields for encoding, separator, quote, header, sheet and empty-cell values; a change reads the file again."""
    known = draft.options
    cells = st.columns(3)
    options: dict[str, Any] = {
        "encoding": _select(cells[0], upload, "Encoding", {"": _AUTO} | {name: name for name in _ENCODINGS}, known),
        "separator": _select(cells[1], upload, "Separator", {"": _AUTO} | _SEPARATORS, known),
        "quote": _select(cells[2], upload, "Quote", _QUOTES, known, default='"'),
        "header": _select(cells[0], upload, "Header", _HEADERS, known, default=None),
    }
    sheets = facts.get("sheets") or []
    if len(sheets) > 1:
        options["sheet"] = _select(
            cells[1], upload, "Sheet", {"": "First sheet"} | {name: name for name in sheets}, known
        )
    words = cells[2].text_input(
        "Empty-cell values",
        value=", ".join(known.get("na", [])),
        key=widget_key(upload, "read", "na"),
        placeholder="NA, null",
        help='Separated by commas. If empty, "NA" and "null" are kept as text.',
    )
    options["na"] = [word.strip() for word in words.split(",") if word.strip()]
    changed = {
        name: value
        for name, value in options.items()
        if value not in ("", None, []) and (name, value) != ("quote", '"')
    }
    if changed != known:
        upload.change(options=changed)
        st.rerun()


def _select(
    cell: Any, upload: Upload, label: str, titles: dict[Any, str], known: dict[str, Any], default: Any = ""
) -> Any:
    name = label.lower()
    value = known.get(name, default)
    options = list(titles)
    return cell.selectbox(
        label,
        options,
        index=options.index(value) if value in options else 0,
        format_func=titles.__getitem__,
        key=widget_key(upload, "read", name),
    )
