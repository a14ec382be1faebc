"""Tables in one JSON object: the splits of a dataset, the parts of a format, lists by key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lib.data.columns.guess import find_split_column
from lib.data.read.tables import read_table
from lib.data.table import Table
from lib.errors import InputError
from tests.unit.data.read.dataset_cases import CLASSES, answer, corpus, messages, paragraph, query, question


def rows(count: int, begin: int = 0) -> list[dict[str, Any]]:
    return [{"question": question(n), "answer": answer(n)} for n in range(begin, begin + count)]


def flag(count: int, negatives: int) -> list[dict[str, Any]]:
    each = range(1, negatives + 1)
    return [{"query": question(n), "pos": [answer(n)], "neg": [answer(n + k) for k in each]} for n in range(count)]


def clinc(count: int) -> list[list[str]]:
    return [[question(n), CLASSES[n % 3]] for n in range(count)]


def columns(count: int) -> dict[str, list[str]]:
    return {"question": [question(n) for n in range(count)], "answer": [answer(n) for n in range(count)]}


def chat(count: int) -> list[dict[str, Any]]:
    return [{"messages": messages(n)} for n in range(count)]


def squad(count: int) -> dict[str, Any]:
    return {"version": "1.1", "data": [{"title": "Cards", "paragraphs": [paragraph(n) for n in range(count)]}]}


def read(folder: Path, value: object) -> Table:
    (folder / "data.json").write_text(json.dumps(value), encoding="utf-8")
    return read_table(folder / "data.json")


SPLITS: dict[str, tuple[dict[str, Any], str, dict[str, int]]] = {
    "lists of objects": ({"train": rows(20), "test": rows(5, 20)}, "", {"train": 20, "held_out": 5}),
    "lists of one length": ({"train": rows(5), "test": rows(5, 5)}, "", {"train": 5, "held_out": 5}),
    "three beside facts": (
        {"version": "1", "info": {"by": "desk"}, "train": rows(9), "validation": rows(3), "test": rows(4)},
        "",
        {"train": 9, "held_out": 4, "validation": 3},
    ),
    "lists of lists, as CLINC150": (
        {"train": clinc(12), "val": clinc(4), "oos_test": clinc(3)},
        "",
        {"train": 12, "validation": 4, "held_out": 3},
    ),
    "objects of columns": ({"train": columns(9), "test": columns(2)}, "", {"train": 9, "held_out": 2}),
    "further negatives in one of them": ({"train": flag(9, 2), "dev": flag(5, 4)}, "FlagEmbedding", {}),
    "chats": ({"train": chat(9), "test": chat(3)}, "chat messages", {"train": 9, "held_out": 3}),
    "nested SQuAD": ({"train": squad(9), "dev": squad(3)}, "SQuAD", {}),
}


@pytest.mark.parametrize("name", SPLITS)
def test_the_splits_in_an_object_are_a_column(tmp_path: Path, name: str) -> None:
    value, title, counts = SPLITS[name]
    table = read(tmp_path, value)
    assert (table.report.format, table.report.split_column, find_split_column(table.frame)) == (title, "split", "split")
    assert not counts or table.frame["split"].value_counts().to_dict() == counts


def test_a_split_that_lacks_the_further_negatives_has_them_empty(tmp_path: Path) -> None:
    table = read(tmp_path, {"dev": flag(3, 1), "train": flag(5, 3)})
    assert (
        table.frame.loc[table.frame["split"] == "validation", ["neg_2", "neg_3"]].to_numpy().tolist() == [["", ""]] * 3
    )


def test_a_split_of_other_columns_is_named(tmp_path: Path) -> None:
    table = read(tmp_path, {"train": [row | {"label": "x"} for row in rows(9)], "test": rows(3)})
    assert (len(table.frame), table.report.notes[0].names) == (9, ("test",))


def test_an_empty_split_leaves_one_table(tmp_path: Path) -> None:
    table = read(tmp_path, {"train": rows(9), "test": []})
    assert (list(table.frame.columns), len(table.frame)) == (["question", "answer"], 9)


def test_the_parts_of_a_collection_in_an_object_are_joined(tmp_path: Path) -> None:
    qrels = [{"query-id": f"q{n}", "corpus-id": f"d{n}", "score": 1} for n in range(9)]
    value = {"corpus": [corpus(n) for n in range(9)], "queries": [query(n) for n in range(9)], "qrels": qrels}
    table = read(tmp_path, value)
    assert (table.report.format, len(table.frame)) == ("BEIR", 9)


def test_lists_by_key_are_one_table(tmp_path: Path) -> None:
    table = read(tmp_path, {f"card {n}": rows(2, 2 * n) for n in range(40)})
    assert (len(table.frame), table.frame["key"].nunique()) == (80, 40)


@pytest.mark.parametrize("other", [[{"version": 1}], [{"name": "Ada", "mail": "ada@example.org"}]])
def test_another_list_beside_the_table_is_named(tmp_path: Path, other: list[object]) -> None:
    table = read(tmp_path, {"about": other, "faq": rows(9)})
    assert (len(table.frame), table.report.notes[0].names) == (9, ("about",))


def test_one_object_of_lists_of_objects_stays_a_row_of_its_format(tmp_path: Path) -> None:
    passages = {
        name: [{"title": "", "text": answer(n)}] for n, name in enumerate(("positive_ctxs", "hard_negative_ctxs"))
    }
    table = read(tmp_path, {"question": question(0), **passages})
    assert (table.report.format, len(table.frame)) == ("DPR", 1)


def test_objects_over_several_lines_are_rows_at_their_lines(tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text("\n".join(json.dumps(row, indent=2) for row in rows(9)), encoding="utf-8")
    table = read_table(tmp_path / "data.json")
    assert (table.lines.tolist(), table.frame["answer"][8]) == (list(range(1, 37, 4)), answer(8))
    (tmp_path / "data.json").write_text('{\n "a": "b", "c": "d"\n}\n\n{\n "a": 1,\n}', encoding="utf-8")
    with pytest.raises(InputError, match="line 5.*not valid JSON"):
        read_table(tmp_path / "data.json")


def test_lines_that_each_begin_with_a_mark_are_read(tmp_path: Path) -> None:
    text = "\n".join("\ufeff" + json.dumps(row) for row in rows(3))
    (tmp_path / "data.jsonl").write_text(text, encoding="utf-8")
    assert len(read_table(tmp_path / "data.jsonl").frame) == 3


@pytest.mark.parametrize("value", [{"data": {"train": rows(9), "test": rows(3)}}, {"nlu": {"examples": rows(12)}}])
def test_an_object_around_the_tables_is_passed_through(tmp_path: Path, value: object) -> None:
    assert len(read(tmp_path, value).frame) == 12


@pytest.mark.parametrize("count", [2, 30])
def test_an_object_from_questions_to_answers_is_pairs(tmp_path: Path, count: int) -> None:
    path = tmp_path / "faq.json"
    path.write_text(json.dumps({f"Where do I find number {n}?": f"On shelf {n}." for n in range(count)}))
    table = read_table(path)
    assert list(table.frame.columns) == ["anchor", "positive"]
    assert table.frame.iloc[1].tolist() == ["Where do I find number 1?", "On shelf 1."]
    path.write_text(
        json.dumps({"question": "Where do I find it?", "answer": "On a shelf.", "the name of a column": "x"})
    )
    assert list(read_table(path).frame.columns) == ["question", "answer", "the name of a column"]
