"""Formats of lists: a query with its positives and negatives, or a set of texts that mean the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.data.read.dataset_formats.records import (
    Records,
    RowCollector,
    format_note,
    list_texts,
    number_columns,
    unused_note,
)
from lib.format import format_count

QUERY_EXTRAS = {
    "pos_scores": "scores of a teacher model, for distillation",
    "neg_scores": "scores of a teacher model, for distillation",
    "pos_id": "ids",
    "neg_id": "ids",
    "prompt": "an instruction before the query",
    "type": "how FlagEmbedding makes a batch of it",
}
"""FlagEmbedding's further names (examples/finetune/embedder/README.md), and what each holds."""
PASSAGE_EXTRAS = {"answers": "short answers", "negative_ctxs": "easy negatives", "dataset": "the name of a dataset"}


@dataclass(frozen=True)
class QueryLists:
    """The columns of a format that holds a query with lists, and what they are called afterwards."""

    query: str
    positives: str
    negatives: str
    positive: str = "positive"
    negative: str = "negative"


FLAG_EMBEDDING = QueryLists("query", "pos", "neg", "pos", "neg")
RERANKING = QueryLists("query", "positive", "negative")
TEVATRON = QueryLists("query", "positive_passages", "negative_passages")
DPR = QueryLists("question", "positive_ctxs", "hard_negative_ctxs")


def is_flag_embedding(records: Records) -> bool:
    """Detect FlagEmbedding's rows: `query`, and lists of texts as `pos` and `neg`."""
    return _has_lists(records, FLAG_EMBEDDING, of=str)


def read_flag_embedding(records: Records) -> Records:
    """Make a row of every text in `pos`, with the texts in `neg` of its line."""
    return read_query_lists(records, FLAG_EMBEDDING, QUERY_EXTRAS)


def is_reranking(records: Records) -> bool:
    """Detect MTEB's reranking rows: `query`, and lists of texts as `positive` and `negative`."""
    return _has_lists(records, RERANKING, of=str)


def read_reranking(records: Records) -> Records:
    """Make a row of every text in `positive`, with the texts in `negative` of its line."""
    return read_query_lists(records, RERANKING, {})


def is_tevatron(records: Records) -> bool:
    """Detect Tevatron's rows: `query`, and lists of passages with title and text."""
    return _has_lists(records, TEVATRON, of=dict)


def read_tevatron(records: Records) -> Records:
    """Make a row of every positive passage, with the negative ones of its line."""
    return read_query_lists(records, TEVATRON, PASSAGE_EXTRAS)


def is_dpr(records: Records) -> bool:
    """Detect the rows of dense passage retrieval: `question`, and lists of contexts with title and text."""
    return _has_lists(records, DPR, of=dict)


def read_dpr(records: Records) -> Records:
    """Make a row of every positive context, with the hard negative ones of its line."""
    return read_query_lists(records, DPR, PASSAGE_EXTRAS)


def _has_lists(records: Records, names: QueryLists, *, of: type) -> bool:
    return (
        records.has(names.query, names.positives)
        and records.holds(names.query, str)
        and _is_list_column(records, names.positives, of)
        and (not _is_filled(records, names.negatives) or _is_list_column(records, names.negatives, of))
    )


def _is_filled(records: Records, name: str) -> bool:
    return any(value not in (None, "") for value in records.columns.get(name, ()))


def _is_list_column(records: Records, name: str, of: type) -> bool:
    """Check for lists of values of a type; a text alone in place of a list of one is let pass."""
    return any(isinstance(value, list) for value in records.columns[name]) and records.holds(name, (list, of), of=of)


def read_query_lists(records: Records, names: QueryLists, extras: dict[str, str]) -> Records:
    """Make a row of every positive, with all negatives of its line.

    extras: names that are left out, and why.
    """
    found = RowCollector()
    known = {names.query, names.positives, names.negatives, *extras}
    several = 0
    for line, row in records.rows():
        query = row[names.query]
        if not isinstance(query, str) or not query.strip():
            found.skip(line, f"without a text in “{names.query}”")
            continue
        positives = list_texts(row[names.positives])
        others = {name: value for name, value in row.items() if name not in known}
        negatives = number_columns(names.negative, list_texts(row.get(names.negatives)))
        several += len(positives) > 1
        for positive in positives:
            found.add(line, {names.query: query, names.positive: positive} | negatives | others)
        if not positives:
            found.skip(line, f"without a text in “{names.positives}”")
    made = found.records(
        format_note(
            f"Every text in “{names.positives}” is a row: {format_count(several, 'line')} with several of them."
        )
        if several
        else None,
        unused_note(records, extras),
    )
    return Records(_others_last(made.columns, names), made.lines, made.notes)


def _others_last(columns: Mapping[str, Sequence[Any]], names: QueryLists) -> Mapping[str, Sequence[Any]]:
    """Order the columns: query, positive, negatives by number, then the others."""

    def place(name: str) -> tuple[int, int]:
        if name in (names.query, names.positive):
            return (0, name == names.positive)
        number = name.removeprefix(names.negative).removeprefix("_")
        return (
            (1, int(number or 1)) if name.startswith(names.negative) and number.isdecimal() | (not number) else (2, 0)
        )

    return {name: columns[name] for name in sorted(columns, key=place)}


def is_text_set(records: Records) -> bool:
    """Detect sentence-transformers' `{"set": [...]}` and `{"set": {"query": ...}}`, one a line."""
    return set(records.columns) == {"set"} and (
        records.holds("set", list, of=str) or (records.holds("set", dict) and _inner_reader(records) is not None)
    )


def read_text_set(records: Records) -> Records:
    """Pair the first text of every set with each of the others.

    Sets that are objects are read by the format of the objects.
    """
    reader = _inner_reader(records)
    if reader is not None:
        return reader(_unwrap(records))
    found, several = RowCollector(), 0
    for line, row in records.rows():
        texts = list_texts(row["set"])
        several += len(texts) > 2
        for other in texts[1:]:
            found.add(line, {"sentence1": texts[0], "sentence2": other})
        if len(texts) < 2:
            found.skip(line, "with fewer than two texts in a set")
    note = f"In {format_count(several, 'set')} of more than two texts each other one is paired with the first."
    return found.records(format_note(note) if several else None)


def _inner_reader(records: Records) -> Callable[[Records], Records] | None:
    """Find the reader of sets that are objects; None for sets that are lists."""
    if not records.holds("set", dict):
        return None
    inner = _unwrap(records)
    readers = ((is_flag_embedding, read_flag_embedding), (is_reranking, read_reranking))
    return next((read for matches, read in readers if matches(inner)), None)


def _unwrap(records: Records) -> Records:
    """Take the objects in `set` for the rows."""
    rows = [value if isinstance(value, dict) else {} for value in records.columns["set"]]
    names = dict.fromkeys(name for row in rows for name in row)
    return Records({name: [row.get(name) for row in rows] for name in names}, records.lines)
