"""Queries, a corpus and their relevance, in one file (LlamaIndex) or several (BEIR)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from lib.data.read.concatenate import SPLIT_COLUMN, split_of_file
from lib.data.read.dataset_formats.records import Records, RowCollector, format_note, passage_text
from lib.data.read.raw_table import RawTable
from lib.data.table import NoteKind, ReadNote
from lib.errors import InputError
from lib.format import format_count

QUERY_ID, CORPUS_ID = ("query-id", "query_id"), ("corpus-id", "corpus_id")
"""Columns of BEIR's qrels."""
SHORT_QUERY_ID, SHORT_CORPUS_ID = ("qid",), ("pid", "docid", "doc_id")
"""Columns of ids that others write; alone they are no sign of a collection."""
SCORE = ("score", "relevance", "rel", "label")
TEXT_PART_NAMES = frozenset(("_id", "title", "text", "metadata", "url"))
"""Columns of BEIR's corpus and queries (https://github.com/beir-cellar/beir/wiki/Load-your-custom-dataset)."""
TREC_ROW = re.compile(r"(\S+)\s+(\S+)\s+(\S+)\s+(-?\d+)")
"""A line of trec_eval's qrels: query, iteration, document, relevance."""
COLLECTION_PARTS = {
    "queries": "queries.jsonl (the questions)",
    "corpus": "corpus.jsonl (the documents)",
    "qrels": "qrels/*.tsv (which of them belong together)",
}
"""The three parts of a BEIR dataset, as a message names them."""

QRELS_KINDS = ("qrels", "ids", "trec")
NamedTable = tuple[str, RawTable]


@dataclass(frozen=True)
class Judgement:
    """One line of qrels: which document is how relevant to which query. split: its file's, "" for none."""

    query: str
    document: str
    relevance: str
    line: int
    split: str = ""


@dataclass(frozen=True)
class TextPart:
    """Texts by id, and titles where they have them: a corpus or the queries."""

    texts: dict[str, str]
    titles: dict[str, str]


def is_qa_dataset(records: Records) -> bool:
    """Detect LlamaIndex's EmbeddingQAFinetuneDataset: queries, corpus and relevant_docs by id."""
    names = ("queries", "corpus", "relevant_docs")
    return len(records) == 1 and all(isinstance(records.columns.get(name, [None])[0], dict) for name in names)


def read_qa_dataset(records: Records) -> Records:
    """Make a row of every query and document that belong together."""
    queries, corpus, relevant = (records.columns[name][0] for name in ("queries", "corpus", "relevant_docs"))
    found = RowCollector()
    number = 0
    for query, documents in relevant.items():
        for document in documents if isinstance(documents, (list, dict)) else [documents]:
            number += 1
            texts = [passage_text(queries.get(query)), passage_text(corpus.get(str(document)))]
            if all(text.strip() for text in texts):
                found.add(number, {"query": texts[0], "document": texts[1]})
            else:
                found.skip(number, "whose query or document is missing")
    if not found.rows:
        raise InputError("None of the relevant documents is in the corpus.", todo="Save the dataset again.")
    unasked = len(queries.keys() - relevant.keys())
    note = f"{format_count(unasked, 'query', 'queries')} without a relevant document: left out."
    return found.records(format_note(note) if unasked else None)


def is_collection(tables: Sequence[NamedTable]) -> bool:
    """Detect files of which every one is a corpus, queries or qrels.

    One at least has BEIR's look, or there are ids and the texts of both sides, as MS MARCO has them.
    """
    kinds = [_kind(table) for _, table in tables]
    if not all(kinds):
        return False
    has_ids = any(kind in QRELS_KINDS for kind in kinds)
    return any(kind in ("texts", "qrels") for kind in kinds) or (has_ids and kinds.count("id_text") >= 2)


def _kind(table: RawTable) -> str:
    """Name the part that a table is: texts, qrels, ids, trec, id_text, or "" for none."""
    names = {name.casefold() for name in table.columns}
    if names & set(QUERY_ID) and names & set(CORPUS_ID):
        return "qrels"
    if names & {*QUERY_ID, *SHORT_QUERY_ID} and names & {*CORPUS_ID, *SHORT_CORPUS_ID}:
        return "ids"
    if {"_id", "text"} <= names <= TEXT_PART_NAMES:
        return "texts"
    first = table.rows[:50]
    if not table.header and all(TREC_ROW.fullmatch("\t".join(row).strip()) for row in first):
        return "trec"
    return "id_text" if not table.header and len(table.columns) == 2 and _has_ids(table) else ""


def _has_ids(table: RawTable) -> bool:
    """Check for distinct short ids without a blank before texts."""
    ids = [row[0] for row in table.rows]
    return len(set(ids)) == len(ids) and all(re.fullmatch(r"\S{1,40}", one) for one in ids)


def read_collection(tables: Sequence[NamedTable]) -> RawTable:
    """Join corpus, queries and qrels to rows of a query and a relevant document.

    Raises InputError that says which of the three are missing, or that their ids don't meet.
    """
    judgements = _judgements([one for one in tables if _kind(one[1]) in QRELS_KINDS])
    texts = [(name, _text_part(table)) for name, table in tables if _kind(table) in ("texts", "id_text")]
    if not judgements or len(texts) < 2:
        raise _incomplete_error(tables)
    queries = _best(texts, [one.query for one in judgements], prefer="quer")
    corpus = _best([one for one in texts if one[1] is not queries], [one.document for one in judgements], prefer="corp")
    return _join(judgements, queries, corpus)


def _judgements(tables: Sequence[NamedTable]) -> list[Judgement]:
    """Read all qrels; several of them are the parts of a split, which the names of their files say."""
    parts = [split_of_file(name) for name, _ in tables]
    is_split = len(tables) > 1 and all(parts)
    return [
        one
        for (_, table), part in zip(tables, parts, strict=True)
        for one in _read_qrels(table, part if is_split else "")
    ]


def _read_qrels(table: RawTable, split: str) -> list[Judgement]:
    if _kind(table) == "trec":
        cells = [TREC_ROW.fullmatch("\t".join(row).strip()) for row in table.rows]
        return [
            Judgement(found[1], found[3], found[4], line, split)
            for found, line in zip(cells, table.lines, strict=True)
            if found
        ]
    query, document = (_place(table, names) for names in ((*QUERY_ID, *SHORT_QUERY_ID), (*CORPUS_ID, *SHORT_CORPUS_ID)))
    score = _place(table, SCORE)
    return [
        Judgement(row[query], row[document], row[score] if score >= 0 else "1", line, split)
        for row, line in zip(table.rows, table.lines, strict=True)
    ]


def _place(table: RawTable, names: Sequence[str]) -> int:
    places = {name.casefold(): at for at, name in enumerate(table.columns)}
    return next((places[name] for name in names if name in places), -1)


def _text_part(table: RawTable) -> TextPart:
    if not table.header and len(table.columns) == 2:
        return TextPart({row[0]: row[1] for row in table.rows}, {})
    identity, text, title = (_place(table, (name,)) for name in ("_id", "text", "title"))
    titles = {row[identity]: row[title] for row in table.rows if row[title]} if title >= 0 else {}
    return TextPart({row[identity]: row[text] for row in table.rows}, titles)


def _best(parts: Sequence[tuple[str, TextPart]], ids: Sequence[str], *, prefer: str) -> TextPart:
    """Choose the part that holds most of the ids; of two that hold as many, by the name of its file."""
    wanted = set(ids)
    return max(parts, key=lambda one: (len(wanted & one[1].texts.keys()), prefer in one[0].casefold()))[1]


def _join(judgements: Sequence[Judgement], queries: TextPart, corpus: TextPart) -> RawTable:
    known = [one for one in judgements if one.query in queries.texts and one.document in corpus.texts]
    if not known:
        raise InputError(
            "The ids in the qrels are in neither corpus nor queries.", todo="Upload the three files of one dataset."
        )
    columns: dict[str, list[str]] = {"query": [queries.texts[one.query] for one in known]}
    if any(one.document in corpus.titles for one in known):
        columns["title"] = [corpus.titles.get(one.document, "") for one in known]
    columns["document"] = [corpus.texts[one.document] for one in known]
    grades = {one.relevance for one in known}
    if len(grades) > 1:
        columns["relevance"] = [one.relevance for one in known]
    is_split = len({one.split for one in known}) > 1
    if is_split:
        columns[SPLIT_COLUMN] = [one.split for one in known]
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    notes = _join_notes(judgements, known, queries, corpus, grades)
    split = SPLIT_COLUMN if is_split else ""
    return RawTable(list(columns), rows, [one.line for one in known], split_column=split, notes=notes)


def _join_notes(
    judgements: Sequence[Judgement],
    known: Sequence[Judgement],
    queries: TextPart,
    corpus: TextPart,
    grades: set[str],
) -> list[ReadNote]:
    """Note what of the three files gives no row."""
    lost = len(judgements) - len(known)
    unused = len(queries.texts) - len({one.query for one in known})
    extra = len(corpus.texts) - len({one.document for one in known})
    notes = [
        f"{format_count(lost, 'line')} of the qrels name a query or document that is missing: left out."
        if lost
        else "",
        f"{format_count(unused, 'query', 'queries')} and {format_count(extra, 'document')} are in no line of the qrels: left out."
        if unused or extra
        else "",
        f"“relevance” holds the grades {', '.join(sorted(grades))}." if len(grades) > 1 else "",
        "“title” is a column of its own: add it to the positive to train on title and text, as BEIR evaluates."
        if corpus.titles
        else "",
    ]
    return [ReadNote(NoteKind.FORMAT, text) for text in notes if text]


def _incomplete_error(tables: Sequence[NamedTable]) -> InputError:
    """Make the error for one or two of the three parts, with what the others are called."""
    have = {_part_name(name, table) for name, table in tables}
    missing = [words for part, words in COLLECTION_PARTS.items() if part not in have]
    given = " and ".join(part for part in COLLECTION_PARTS if part in have)
    return InputError(
        f"This is only the {given} of a BEIR dataset: without the rest there are no pairs.",
        where=", ".join(name for name, _ in tables),
        todo=f"Upload {' and '.join(missing)} with it, as files together or in one zip.",
    )


def _part_name(name: str, table: RawTable) -> str:
    """Name a part as BEIR calls it; texts by the name of their file, else by whether they have titles."""
    if _kind(table) in QRELS_KINDS:
        return "qrels"
    file = PurePosixPath(name).name.casefold()
    if "quer" in file:
        return "queries"
    return "corpus" if "corp" in file or "coll" in file or "title" in table.columns else "queries"
