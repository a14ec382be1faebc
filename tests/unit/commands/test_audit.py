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
    output = report(capsys, str(pairs))
    assert set(output) == {
        *(
            "rows",
            "format",
            "shape",
            "columns",
            "same",
            "scale",
            "unused",
            "compared_by",
            "unclear",
            "examples",
            "read",
        ),
        *("findings", "split", "prompts", "unknown_tokens", "lengths"),
    }
    assert (output["rows"], output["shape"]) == (42, "pairs")
    assert output["columns"] == {"anchor": ["question"], "positive": ["answer"]}
    read = {name: output["read"][name] for name in ("encoding", "separator", "header")}
    assert read == {"encoding": "utf-8", "separator": ";", "header": True}
    assert set(output["split"]) == {"train", "validation", "held_out"}


def test_prompts_count_as_tokens_but_not_as_unknown_ones(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Texts are cut where they and their prompts are longer than what the model reads."""
    plain, long = report(capsys, str(pairs)), "\u2603 " * 300
    marked = report(capsys, str(pairs), "--query-prompt", long, "--document-prompt", "d: ")
    assert plain["prompts"] == {"query": "", "document": ""}
    assert marked["prompts"] == {"query": long, "document": "d: "}
    assert (plain["lengths"]["limit"], plain["lengths"]["truncated"]) == (256, 0)
    assert 0 < marked["lengths"]["truncated"] < marked["lengths"]["texts"]
    assert marked["lengths"]["longest"] > 300
    assert marked["unknown_tokens"]["share"] == plain["unknown_tokens"]["share"]


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
    output = report(capsys, str(pairs), *words)
    assert output["columns"] == {"anchor": ["answer"], "positive": ["question"]}
    assert output["split"]["held_out"] >= 15


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
    captured = capsys.readouterr()
    assert message in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    assert "Traceback" not in captured.err


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(tmp_path / "gone.csv")]) != 0
    assert "gone.csv" in capsys.readouterr().err


def write(path: Path, header: str, rows: list[str]) -> str:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(path)


def test_json_names_what_is_unused_and_shows_examples_as_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{n},{question},{answer},{n % 4}" for n, (question, answer) in enumerate(ROWS)]
    told = report(capsys, write(tmp_path / "x.csv", "id,question,answer,relevance", rows))
    assert (told["shape"], told["scale"], told["format"]) == ("scored", "0-3", "csv")
    assert [one["name"] for one in told["unused"]] == ["id"]
    assert [round(one["score"], 2) for one in told["examples"]] == [0.0, 0.33, 0.67]
    assert set(told["examples"][0]) == {"anchor", "positive", "score"}


def test_an_unclear_column_is_said_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{question},{answer},{n % 2}" for n, (question, answer) in enumerate(ROWS)]
    path = write(tmp_path / "x.csv", "question,answer,checked", rows)
    assert main(["audit", path]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("unclear")
    assert "checked" in printed.out.splitlines()[0]
    assert "checked" in printed.err.splitlines()[0]
    told = report(capsys, path, "--label", "checked")
    assert (told["shape"], told["same"], told["unclear"]) == ("labelled_pairs", ["1"], [])


def test_findings_are_printed_when_the_split_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{question},one answer" for question, _ in ROWS]
    assert main(["audit", write(tmp_path / "x.csv", "question,answer", rows), "--json"]) == 1
    printed = capsys.readouterr()
    told = json.loads(printed.out.splitlines()[-1])
    assert told["split"] is None
    assert "one answer" in told["split_error"]
    assert [found["name"] for found in told["findings"]] == ["one_target_many_sources"]


def test_each_check_can_be_chosen(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = report(capsys, str(pairs), "--keep", "exact_duplicates", "--drop", "one_target_many_sources")
    choices = {found["name"]: found["choice"] for found in told["findings"]}
    assert choices["exact_duplicates"] == "keep"
    assert main(["audit", str(pairs), "--drop", "nothing_of_that_name"]) == 1
    assert main(["audit", str(pairs), "--drop", "html", "--keep", "html"]) == 1


def test_texts_the_model_cannot_read_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"รีเซ็ตเครื่องพิมพ์หมายเลข{n}อย่างไร,กดปุ่มกลมหมายเลข{n}ค้างไว้" for n in range(40)]
    thai = report(capsys, write(tmp_path / "thai.csv", "question,answer", rows))["unknown_tokens"]
    assert thai["share"] > 0.5
    assert "multilingual" in thai["advice"]


def test_english_is_read_by_the_bundled_model(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(capsys, str(pairs))["unknown_tokens"]["advice"] == ""
