"""Exports of labelling tools: Label Studio (JSON, JSON-MIN, CSV) and doccano."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lib.data.read.dataset_formats.records import (
    MAX_NOTED_LINES,
    Records,
    RowCollector,
    format_note,
    list_objects,
    list_texts,
    number_columns,
    shown_lines,
    unused_note,
)
from lib.data.read.raw_table import cell_text
from lib.data.table import ReadNote
from lib.format import format_count

BOOKKEEPING = dict.fromkeys(
    ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement"),
    "Label Studio's own",
)
"""Columns that Label Studio adds to the data's own (https://labelstud.io/guide/export.html, CSV and JSON-MIN)."""
ANSWERS_KEY = "\0answers"
"""Under this name a row holds its answers by question until they are columns: no column of a file is called so."""
DOCCANO_NAMES = frozenset(("id", "text", "data", "label", "labels", "comments", "meta"))
ENTITY_VALUES = ("labels", "paragraphlabels", "hypertextlabels", "rectanglelabels")
"""Results that mark a part of a task: no class of the whole."""


def is_label_studio(records: Records) -> bool:
    """Detect Label Studio's tasks by data and annotations, or its rows by annotator, annotation and time."""
    tasks = records.holds("data", dict) and bool(_annotation_column(records))
    return tasks or records.has("annotation_id", "lead_time")


def read_label_studio(records: Records) -> Records:
    """Make a row of every task: its own columns, and what was answered to each question about it."""
    if records.holds("data", dict):
        return _read_tasks(records)
    own = [name for name in records.columns if name not in BOOKKEEPING]
    values = {name: [_answers(value) for value in records.columns[name]] for name in own}
    asked = [name for name in own if any(value is not None for value in values[name])]
    asked = asked or [name for name in own if name in ("sentiment", "label", "choice")][:1]
    found = RowCollector()
    for at, line in enumerate(records.lines):
        answers = {
            name: values[name][at] if values[name][at] is not None else _plain(records.columns[name][at])
            for name in asked
        }
        rest = {name: records.columns[name][at] for name in own if name not in asked}
        found.add(line, {**rest, ANSWERS_KEY: answers})
    return _labelled(found, unused_note(records, BOOKKEEPING))


def _read_tasks(records: Records) -> Records:
    """Make rows of tasks with annotations: of several annotations the first that was not cancelled counts."""
    found = RowCollector()
    name = _annotation_column(records)
    more: list[int] = []
    for line, task in records.rows():
        annotations = [
            one
            for one in list_objects(task.get(name))
            if not one.get("was_cancelled") and list_objects(one.get("result"))
        ]
        if not annotations:
            found.skip(line, "without an annotation")
            continue
        all_answers = [_results(list_objects(one["result"])) for one in annotations]
        if any(other != all_answers[0] for other in all_answers[1:]):
            more.append(line)
        own = task["data"] if isinstance(task.get("data"), dict) else {}
        found.add(line, {**own, ANSWERS_KEY: all_answers[0]})
    note = (
        f"{format_count(len(more), 'task')} have annotations that differ ({shown_lines(more)}): the first one is read."
    )
    return _labelled(found, format_note(note, lines=more) if more else None)


def _annotation_column(records: Records) -> str:
    """Find the column of annotations, which old versions call completions; "" for none."""
    return next((name for name in ("annotations", "completions") if records.holds(name, list, of=dict)), "")


def _results(results: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Collect the answers of an annotation by the name of the question."""
    answers: dict[str, list[str]] = {}
    for result in results:
        value = result.get("value")
        if isinstance(value, dict) and not any(name in value for name in ENTITY_VALUES):
            answers.setdefault(str(result.get("from_name", "label")), []).extend(_answers(value) or [])
    return {name: texts for name, texts in answers.items() if texts}


def _answers(value: object) -> list[str] | None:
    """List the answers that a value holds ({"choices": [...]}, a rating); None for any other value."""
    if isinstance(value, str) and value.startswith('{"'):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    if not isinstance(value, dict):
        return None
    for name in ("choices", "rating", "number", "text", "taxonomy", "selected"):
        if name in value:
            found = value[name] if isinstance(value[name], list) else [value[name]]
            return [" / ".join(map(cell_text, one)) if isinstance(one, list) else cell_text(one) for one in found]
    return None


def _plain(value: object) -> list[str]:
    text = cell_text(value)
    return [text] if text else []


def _labelled(found: RowCollector, *notes: ReadNote | None) -> Records:
    """Write the answers as columns; the only question is called `label`, as it is the class."""
    asked = list(dict.fromkeys(name for row in found.rows for name in row[ANSWERS_KEY]))
    taken = {name for row in found.rows for name in row}
    called = {asked[0]: "label"} if len(asked) == 1 and "label" not in taken else {}
    renamed = [format_note(f"“{asked[0]}” is the class: `label`.")] if called and asked[0] != "label" else []
    labels = {name: [row[ANSWERS_KEY].get(name, []) for row in found.rows] for name in asked}
    more = [second_labels_note(called.get(name, name), texts, found.lines) for name, texts in labels.items()]
    for row in found.rows:
        for name, texts in row.pop(ANSWERS_KEY).items():
            row.update(number_columns(called.get(name, name), texts))
    return found.records(*notes, *renamed, *more)


def second_labels_note(name: str, labels: list[list[str]], lines: Sequence[int]) -> ReadNote | None:
    """Name the classes beyond the first one of a text, None where there are none. labels: by row."""
    rows = [line for line, texts in zip(lines, labels, strict=True) if len(texts) > 1]
    if not rows:
        return None
    counts = Counter(text for texts in labels for text in texts[1:])
    each = ", ".join(f"{text} ({count:,})" for text, count in counts.most_common(MAX_NOTED_LINES))
    rest = ", ..." * (len(counts) > MAX_NOTED_LINES)
    return format_note(
        f"{format_count(len(rows), 'text')} have more than one class ({shown_lines(rows)}): the first one is `{name}`, "
        f"the others are in `{name}_2` and further, not used: {each}{rest}.",
        names=[f"{name}_2"],
        lines=rows,
    )


def is_doccano(records: Records) -> bool:
    """Detect doccano's rows: a text and a list of classes, and nothing but its own names beside them."""
    names = {name.casefold() for name in records.columns}
    label = _first_name(records, "label", "labels")
    return (
        names <= DOCCANO_NAMES
        and bool(_first_name(records, "text", "data"))
        and bool(label)
        and records.holds(label, list, of=str)
    )


def read_doccano(records: Records) -> Records:
    """Make a row of every text: its first class is `label`, further ones are `label_2`, ..."""
    text, label = _first_name(records, "text", "data"), _first_name(records, "label", "labels")
    comments = {name: "comments" for name in records.columns if name.casefold() in ("comments", "meta")}
    found = RowCollector()
    for line, row in records.rows():
        rest = {name: value for name, value in row.items() if name not in (text, label, *comments)}
        found.add(line, {"text": row[text], **number_columns("label", list_texts(row[label])), **rest})
    classes = [list_texts(value) for value in records.columns[label]]
    made = found.records(second_labels_note("label", classes, records.lines), unused_note(records, comments))
    return made if "label" in made.columns else replace(made, columns={**made.columns, "label": [None] * len(made)})


def _first_name(records: Records, *names: str) -> str:
    return next((name for name in names if name in records.columns), "")
