"""The field's formats: each recognised by its look, with the rows, shape and notes of its maker."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest

from lib.data.columns.guess import guess_mapping
from lib.data.columns.mapping import apply_mapping
from lib.data.read.dataset_formats.registry import DATASET_FORMATS, dataset_format_names
from lib.data.read.tables import read_table
from lib.data.table import Table
from lib.errors import InputError
from lib.settings import ROOT
from lib.shapes import Shape
from tests.unit.data.read.dataset_cases import (
    BEIR,
    CASES,
    CLASSES,
    ROWS,
    answer,
    flag,
    lines,
    many,
    qrels,
    question,
    table,
    write,
)


def first_example(table: Table) -> tuple[Shape, dict[str, str]]:
    mapping = guess_mapping(table)
    row = apply_mapping(table, mapping).frame.iloc[0]
    return mapping.shape, {str(name): str(value) for name, value in row.items()}


@pytest.mark.parametrize("name", CASES)
def test_a_format_is_recognised_and_read_whole(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    found = read_table(write(tmp_path, case.files))
    assert found.report.format == case.format
    assert len(found.frame) == len(found.lines) == found.report.rows == case.rows
    shape, first = first_example(found)
    assert shape is case.shape
    assert {role: first[role] for role in case.first} == case.first
    notes = " ".join(note.text for note in found.report.notes)
    assert (case.format == "") == ("Recognised as" not in notes)
    assert [words for words in case.says if words not in notes] == []


@pytest.mark.parametrize("name", ["BEIR as three files", "BEIR in a zip"])
def test_a_folder_is_read_as_its_files_are(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    write(folder, BEIR)
    (folder / "qrels.tsv").rename(folder / "qrels" / "test.tsv")
    pd.testing.assert_frame_equal(read_table(folder).frame, read_table(write(tmp_path, CASES[name].files)).frame)


def test_every_positive_is_a_row_with_all_negatives_of_its_line(tmp_path: Path) -> None:
    made = many(flag)
    found = read_table(write(tmp_path, {"data.jsonl": lines(made)}))
    expected = [(n + 1, row["query"], pos, row["neg"]) for n, row in enumerate(made) for pos in row["pos"]]
    names = [name for name in found.frame if str(name).startswith("neg")]
    assert names == ["neg", "neg_2", "neg_3", "neg_4"]
    got = [
        (int(line), row["query"], row["pos"], [row[name] for name in names if row[name]])
        for line, (_, row) in zip(found.lines, found.frame.iterrows(), strict=True)
    ]
    assert got == expected


def test_qrels_of_several_splits_become_a_split_column(tmp_path: Path) -> None:
    parts = {"train.tsv": qrels(rows=18), "test.tsv": table([["query-id", "corpus-id", "score"], ["q20", "d20", 1]])}
    files = {name: BEIR[name] for name in ("corpus.jsonl", "queries.jsonl")} | parts
    found = read_table(write(tmp_path, files))
    assert found.frame["split"].value_counts().to_dict() == {"train": 18, "held_out": 1}


def test_grades_stay_beside_their_pair(tmp_path: Path) -> None:
    found = read_table(write(tmp_path, BEIR | {"qrels.tsv": qrels(lambda n: n % 4)}))
    assert found.frame["relevance"].tolist() == [str(n % 4) for n in range(ROWS)]
    assert any("grades 0, 1, 2, 3" in note.text for note in found.report.notes)


MISSING = {
    "corpus.jsonl": (("corpus.jsonl",), ("queries.jsonl", "qrels")),
    "queries.jsonl": (("queries.jsonl",), ("corpus.jsonl", "qrels")),
    "qrels.tsv": (("qrels.tsv",), ("corpus.jsonl", "queries.jsonl")),
    "corpus and queries": (("corpus.jsonl", "queries.jsonl"), ("qrels",)),
    "corpus and qrels": (("corpus.jsonl", "qrels.tsv"), ("queries.jsonl",)),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_part_of_a_collection_says_which_others_it_needs(tmp_path: Path, name: str) -> None:
    files, needed = MISSING[name]
    with pytest.raises(InputError) as caught:
        read_table(write(tmp_path, {file: BEIR[file] for file in files}))
    assert "BEIR" in caught.value.what
    assert all(part in caught.value.todo for part in needed)
    assert not any(f"{part} (" in caught.value.todo for part in files)


IDS = {
    "MS MARCO's triples": table(many(lambda n: [100 + n, 7_000_000 + n, 8_000_000 + n])),
    "MS MARCO's qrels": table(many(lambda n: [100 + n, 0, 7_000_000 + n, 1])),
    "two columns of ids under names": table([["qid", "pid"], *many(lambda n: [1000 + n, 70_000 + n])]),
    "documents' ids": table([["qid", "docid", "rank"], *many(lambda n: [f"q{n}", f"D{155_000 + n}", n % 5])]),
}


@pytest.mark.parametrize("name", IDS)
def test_ids_are_no_texts(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        read_table(write(tmp_path, {"ids.tsv": IDS[name]}))
    assert "no text" in caught.value.what
    assert "collection.tsv" in caught.value.todo


def test_ids_that_meet_no_text_are_an_error(tmp_path: Path) -> None:
    other = table([["query-id", "corpus-id", "score"], ["x", "y", 1]])
    with pytest.raises(InputError, match="neither"):
        read_table(write(tmp_path, BEIR | {"qrels.tsv": other}))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (lines([{"query": "a", "pos": [], "neg": []}] * 3), "FlagEmbedding"),
        (lines([{"messages": [{"role": "system", "content": "a"}]}] * 3), "chat messages"),
        (lines([{"set": ["a"]}] * 3), "sets"),
    ],
)
def test_a_format_without_any_example_is_named(tmp_path: Path, data: bytes, word: str) -> None:
    with pytest.raises(InputError, match="none of its 3 rows") as caught:
        read_table(write(tmp_path, {"data.jsonl": data}))
    assert word in caught.value.what


NEARLY = {
    "a Mongo export with classes": lines(many(lambda n: {"_id": str(n), "text": answer(n), "label": CLASSES[n % 3]})),
    "a query and one positive": lines(many(lambda n: {"query": question(n), "pos": answer(n)})),
    "question, context and a plain answer": lines(
        many(lambda n: {"question": question(n), "context": answer(n), "answers": "cloth"})
    ),
    "a text and a class under other names": lines(many(lambda n: {"message": answer(n), "intent": CLASSES[n % 3]})),
    "numbers in few rows": b"a,b\n1,2\n3,4\n",
    "part numbers and their names": table([["part", "name"], *many(lambda n: [f"A{n}", answer(n)])]),
}


@pytest.mark.parametrize("name", NEARLY)
def test_what_only_resembles_a_format_is_read_as_it_stands(tmp_path: Path, name: str) -> None:
    found = read_table(write(tmp_path, {"data": NEARLY[name]}))
    assert found.report.format == ""
    assert not any("Recognised" in note.text for note in found.report.notes)


def test_every_format_has_a_case_and_stands_in_the_readme() -> None:
    read = {case.format for case in CASES.values()} - {""}
    assert read == {one.title for one in DATASET_FORMATS} - {"MS MARCO ids"}
    assert dataset_format_names() in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("odd", [7, "text", {"a": 1}, None, [["nested"]], [{"text": 3}]])
@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("FlagEmbedding", "pos"),
        ("FlagEmbedding", "query"),
        ("sets of two", "set"),
        ("Tevatron", "positive_passages"),
        ("SQuAD, flat", "context"),
        ("OpenAI's messages", "messages"),
        ("Label Studio's tasks", "annotations"),
        ("doccano", "label"),
    ],
)
def test_an_odd_row_does_not_hide_the_format(tmp_path: Path, name: str, column: str, odd: object) -> None:
    case = CASES[name]
    rows = parsed(case.files["data"])
    rows.append(rows[0] | {column: odd})
    found = read_table(write(tmp_path, {"data": json.dumps(rows).encode()}))
    assert found.report.format == case.format
    assert case.rows <= len(found.frame) <= case.rows + 3
    assert first_example(found)[0] is case.shape


ODD_VALUES = (
    None,
    1,
    -2.5,
    True,
    "",
    "text",
    [],
    {},
    [None],
    [1],
    ["a", {}],
    {"a": []},
    [[]],
    {"role": "user"},
    "\u0000",
)


def mutate(value: Any, random: Random) -> Any:
    """Put an odd value in a random place of JSON, or take a key away."""
    if isinstance(value, list) and value and random.random() < 0.9:
        at = random.randrange(len(value))
        return [*value[:at], mutate(value[at], random), *value[at + 1 :]]
    if isinstance(value, dict) and value and random.random() < 0.9:
        key = random.choice(list(value))
        if random.random() < 0.2:
            return {name: one for name, one in value.items() if name != key}
        return value | {key: mutate(value[key], random)}
    return random.choice(ODD_VALUES)


def parsed(data: bytes) -> Any:
    """Parse JSON or JSON Lines to one value; None for anything else."""
    try:
        text = data.decode()
        return (
            json.loads(text) if text[:1] == "[" or "\n" not in text else [json.loads(one) for one in text.split("\n")]
        )
    except ValueError:
        return None


ROUNDS = int(os.environ.get("CLOSER_FUZZ_ROUNDS", "12"))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "data" in case.files])
def test_damaged_values_are_read_or_named(tmp_path: Path, name: str) -> None:
    """Whatever stands where the format has something else, no other error than the named one is raised."""
    value = parsed(CASES[name].files["data"])
    random = Random(name)
    for _ in range(ROUNDS if value is not None else 0):
        changed = value
        for _ in range(random.randint(1, 4)):
            changed = mutate(changed, random)
        (tmp_path / "data").write_bytes(json.dumps(changed).encode())
        try:
            found = read_table(tmp_path / "data")
        except InputError:
            continue
        assert len(found.frame) == len(found.lines)
        assert all(isinstance(cell, str) for cell in found.frame.to_numpy().ravel())
