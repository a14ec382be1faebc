"""Reading what was written gives the same rows, in any separator, quote, line end and encoding."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.data.read.options import ReadOptions
from lib.data.read.tables import read_table

CELLS = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff"), max_size=30)
WITH_NEWLINES = st.one_of(CELLS, st.builds("{}\n{}".format, CELLS, CELLS))
ROWS = st.lists(st.tuples(WITH_NEWLINES, WITH_NEWLINES, CELLS), min_size=1, max_size=15)


def written(rows: list[tuple[str, ...]], separator: str, ending: str, encoding: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerow(["question", "answer", "topic"])
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=ROWS,
    separator=st.sampled_from([",", ";", "\t", "|"]),
    ending=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_was_written_is_read(
    tmp_path: Path, rows: list[tuple[str, ...]], separator: str, ending: str, encoding: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(written(rows, separator, ending, encoding))
    table = read_table(path)
    assert table.report.separator == separator
    assert [tuple(row) for row in table.frame.to_numpy()] == [tuple(cell for cell in row) for row in rows]
    assert table.report.wrong_width == []


@pytest.mark.parametrize("rows", [50_000])
def test_many_rows_keep_their_lines(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "x.csv"
    path.write_text("question,answer\n" + "".join(f"q {n},a {n}\n" for n in range(rows)))
    table = read_table(path, options=ReadOptions())
    assert len(table.frame) == rows
    assert table.lines[0] == 2
    assert table.lines[-1] == rows + 1
