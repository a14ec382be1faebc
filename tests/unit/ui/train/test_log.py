"""The log: lines with level, searched by all words."""

from __future__ import annotations

from lib.progress import LogLine
from lib.ui.train.log import format_line, search_lines


def test_a_line_has_its_level_unless_it_is_info() -> None:
    entries = [LogLine(time="2026-01-01T00:00:00+00:00", level=level, text="said") for level in ("info", "warning")]
    info, warning = (format_line(entry) for entry in entries)
    assert info.endswith("00  said")
    assert warning.endswith("00 WARNING  said")


def test_the_log_is_searched_by_all_the_words_in_any_case() -> None:
    assert search_lines(["Epoch one done", "epoch two"], "ONE epoch") == ["Epoch one done"]
    assert search_lines(["a", "b"], "") == ["a", "b"]
