"""The audit command: what it prints for a person and as JSON, its options, and bad input in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lib.__main__ import main

ROWS = [(f"how do i mend bicycle number {n}", f"take tool {n} and turn screw {n * 7}") for n in range(40)]


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.csv"
    lines = [f"{question};{answer}" for question, answer in ROWS]
    path.write_text("\n".join(["question;answer", *lines, f";{ROWS[0][1]}", lines[3]]) + "\n", encoding="utf-8")
    return path


def report(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["audit", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_json_holds_every_named_part(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = report(capsys, str(pairs))
    assert set(told) == {
        *("rows", "format", "shape", "columns", "same", "scale", "unused", "unclear", "examples", "read"),
        *("findings", "split", "unknown_tokens"),
    }
    assert (told["rows"], told["shape"]) == (42, "pairs")
    assert told["columns"] == {"anchor": ["question"], "positive": ["answer"]}
    read = {name: told["read"][name] for name in ("encoding", "separator", "header")}
    assert read == {"encoding": "utf-8", "separator": ";", "header": True}
    assert set(told["split"]) == {"train", "validation", "held_out"}


def test_findings_name_the_lines_of_the_file(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [set(found["lines"]) for found in report(capsys, str(pairs))["findings"]]
    assert {42} in lines, "the row with an empty cell"
    assert any(43 in found for found in lines), "the row that stands twice"


def test_text_says_the_same_for_a_person(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(pairs)]) == 0
    out = capsys.readouterr().out
    for part in ("rows        42", "encoding    utf-8", "separator   ';'", "shape       pairs", "anchor", "held_out"):
        assert part in out


def test_columns_can_be_swapped_and_the_split_chosen(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--anchor", "answer", "--positive", "question", "--validation", "0.1", "--held-out", "0.5"]
    told = report(capsys, str(pairs), *words)
    assert told["columns"] == {"anchor": ["answer"], "positive": ["question"]}
    assert told["split"]["held_out"] >= 15


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--anchor", "nothing"], "no column “nothing”"),
        (["--encoding", "klingon"], "Unknown encoding"),
        (["--separator", "|"], "only one column"),
        (["--separator", "ab"], "one character"),
    ],
)
def test_bad_options_are_one_line(
    pairs: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["audit", str(pairs), *words]) != 0
    told = capsys.readouterr()
    assert message in told.err
    assert len(told.err.strip().splitlines()) == 1
    assert "Traceback" not in told.err


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(tmp_path / "gone.csv")]) != 0
    assert "gone.csv" in capsys.readouterr().err
