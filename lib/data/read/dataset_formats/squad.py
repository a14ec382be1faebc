"""SQuAD: questions with the paragraph that answers them, nested by article or one a row."""

from __future__ import annotations

from typing import Any

from lib.data.read.dataset_formats.records import Records, RowCollector, list_objects, unused_note

ANSWERS = {"answers": "where the answer stands in the context", "plausible_answers": "wrong answers"}


def is_squad(records: Records) -> bool:
    """Detect SQuAD by its paragraphs, or by question, context and nested answers side by side."""
    nested = records.holds("paragraphs", list, of=dict)
    flat = records.has("question", "context", "answers") and records.holds("answers", (dict, list))
    return nested or flat


def read_squad(records: Records) -> Records:
    """Make a row of every question that its context answers."""
    found = RowCollector()
    if "paragraphs" in records.columns:
        number = 0
        for _, article in records.rows():
            for question in _questions(article):
                number += 1
                _add(found, number, question)
        return found.records(unused_note(Records(dict.fromkeys(ANSWERS, []), []), {"answers": ANSWERS["answers"]}))
    for line, row in records.rows():
        _add(found, line, row)
    return found.records(unused_note(records, ANSWERS))


def _questions(article: dict[str, Any]) -> list[dict[str, Any]]:
    """List the questions of an article in one level: title, context, and what stands with the question."""
    about = {"title": article["title"]} if article.get("title") is not None else {}
    paragraphs = list_objects(article.get("paragraphs"))
    return [
        {"question": qa.get("question"), "context": one.get("context"), **about, "id": qa.get("id"), **_rest(qa)}
        for one in paragraphs
        for qa in list_objects(one.get("qas"))
    ]


def _rest(qa: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in qa.items() if name in ("answers", "is_impossible")}


def _add(found: RowCollector, line: int, row: dict[str, Any]) -> None:
    """Add a question; one that SQuAD 2.0 marks as unanswerable has no right context."""
    if row.get("is_impossible") is True or _is_unanswered(row.get("answers")):
        found.skip(line, "whose context holds no answer to the question")
        return
    kept = {name: value for name, value in row.items() if name not in (*ANSWERS, "is_impossible")}
    first = {name: kept.pop(name, None) for name in ("question", "context")}
    if not all(isinstance(value, str) for value in first.values()):
        found.skip(line, "without a question and a context")
        return
    found.add(line, first | kept)


def _is_unanswered(answers: object) -> bool:
    """Check for an empty list of answers, as a list of objects or an object of lists."""
    return answers == [] or (isinstance(answers, dict) and answers.get("text") == [])
