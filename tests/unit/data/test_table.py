"""Read reports travel as JSON: between processes, and into what is stored about a dataset."""

from __future__ import annotations

import json

from lib.data.table import NoteKind, ReadNote, ReadReport


def test_a_report_comes_back_as_it_was() -> None:
    notes = [ReadNote(kind, "What was read.", names=("Sheet 2",), lines=(1, 2)) for kind in NoteKind]
    for report in (ReadReport(3, ["a"], kind="xlsx", notes=notes), ReadReport(3, ["a"])):
        assert ReadReport.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_a_report_without_notes_is_read() -> None:
    assert ReadReport.from_json({"rows": 3, "columns": ["a"], "kind": "text"}).notes == []
