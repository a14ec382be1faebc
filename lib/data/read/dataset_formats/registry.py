"""The table of the field's formats: title, look and reader of each.

To add one: write how it is recognised and read in a module of this folder, and add its record to DATASET_FORMATS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lib.data.read.dataset_formats.chat import (
    is_alpaca,
    is_chat,
    is_preference,
    read_alpaca,
    read_chat,
    read_preference,
)
from lib.data.read.dataset_formats.collection import is_collection, is_qa_dataset, read_collection, read_qa_dataset
from lib.data.read.dataset_formats.ids import is_id_lists, is_ids_only, refuse_id_lists, refuse_ids
from lib.data.read.dataset_formats.labelling import is_doccano, is_label_studio, read_doccano, read_label_studio
from lib.data.read.dataset_formats.records import DatasetFormat, Records, format_note
from lib.data.read.dataset_formats.squad import is_squad, read_squad
from lib.data.read.dataset_formats.text_lists import (
    is_dpr,
    is_flag_embedding,
    is_reranking,
    is_tevatron,
    is_text_set,
    read_dpr,
    read_flag_embedding,
    read_reranking,
    read_tevatron,
    read_text_set,
)
from lib.data.read.raw_table import RawTable
from lib.data.table import ReadNote

DATASET_FORMATS: tuple[DatasetFormat, ...] = (
    DatasetFormat("FlagEmbedding", "query, lists pos and neg", is_flag_embedding, read_flag_embedding),
    DatasetFormat("sentence-transformers sets", '{"set": [...]} a line', is_text_set, read_text_set),
    DatasetFormat("MTEB reranking", "query, lists positive and negative", is_reranking, read_reranking),
    DatasetFormat(
        "Tevatron",
        "query, positive_passages, negative_passages",
        is_tevatron,
        read_tevatron,
        nested=("positive_passages", "negative_passages"),
    ),
    DatasetFormat(
        "DPR",
        "question, positive_ctxs, hard_negative_ctxs",
        is_dpr,
        read_dpr,
        nested=("positive_ctxs", "hard_negative_ctxs", "negative_ctxs"),
    ),
    DatasetFormat("LlamaIndex", "queries, corpus, relevant_docs", is_qa_dataset, read_qa_dataset),
    DatasetFormat("SQuAD", "question, context, answers", is_squad, read_squad, nested=("paragraphs", "answers")),
    DatasetFormat(
        "preference pairs",
        "chosen and rejected conversations",
        is_preference,
        read_preference,
        nested=("prompt", "chosen", "rejected"),
    ),
    DatasetFormat(
        "chat messages",
        "messages or conversations",
        is_chat,
        read_chat,
        nested=("messages", "conversations", "conversation", "dialog", "dialogue"),
    ),
    DatasetFormat("Alpaca", "instruction, input, output", is_alpaca, read_alpaca),
    DatasetFormat("Label Studio", "JSON, JSON-MIN or CSV export", is_label_studio, read_label_studio),
    DatasetFormat("doccano", "text and a list of labels", is_doccano, read_doccano),
    DatasetFormat(
        "BEIR", "corpus, queries and qrels together", matches_files=is_collection, read_files=read_collection
    ),
    DatasetFormat(
        "MS MARCO ids",
        "ids without texts: refused",
        is_id_lists,
        refuse_id_lists,
        is_ids_only,
        refuse_ids,
        nested=("pos", "neg", "positives", "negatives"),
    ),
)
"""All formats in the order they are tried."""

NESTED_COLUMNS = frozenset(name for one in DATASET_FORMATS for name in one.nested)
"""Names of nested columns that a format reads: other readers hand them on."""


def dataset_format_names() -> str:
    """Write the titles of all formats that are read, as one phrase."""
    titles = [one.title for one in DATASET_FORMATS if one.read_files is not refuse_ids]
    return f"{', '.join(titles[:-1])} and {titles[-1]}"


def find_format(records: Records) -> DatasetFormat | None:
    """Find the format of which records have the look."""
    known = (one for one in DATASET_FORMATS if one.matches is not None and one.read is not None)
    return next((one for one in known if len(records) and one.matches is not None and one.matches(records)), None)


def recognise_records(records: Records) -> tuple[str, Records]:
    """Read records by the format of which they have the look: its title, "" for none, and the records."""
    one = find_format(records)
    if one is None or one.read is None:
        return "", records
    made = one.read(records)
    return one.title, replace(made, notes=[_recognised_note(one), *made.notes])


def recognise_files(tables: Sequence[tuple[str, RawTable]]) -> RawTable | None:
    """Join tables, by the names of their files, that are the parts of a format; None for others.

    Raises InputError where parts are missing.
    """
    for one in DATASET_FORMATS:
        if one.matches_files is not None and one.read_files is not None and one.matches_files(tables):
            made = one.read_files(tables)
            return replace(made, format=one.title, notes=[_recognised_note(one), *made.notes])
    return None


def _recognised_note(one: DatasetFormat) -> ReadNote:
    return format_note(f"Recognised as {one.title} ({one.holds}).")
