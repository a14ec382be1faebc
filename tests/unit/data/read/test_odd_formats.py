"""The field's formats as strangers bring them: further keys, gaps, ids that are numbers, other packing."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lib.data.columns.guess import guess_mapping
from lib.data.read.tables import read_table
from lib.errors import InputError
from tests.unit.data.read.dataset_cases import (
    BEIR,
    CLASSES,
    ROWS,
    Files,
    answer,
    flag,
    labelled,
    lines,
    many,
    messages,
    paragraph,
    parquet,
    qrels,
    question,
    squad,
    table,
    task,
    write,
    zipped,
)


@dataclass(frozen=True)
class Odd:
    """Files, the format they are recognised as, and their rows and first two cells."""

    files: Files
    format: str
    rows: int = ROWS
    first: tuple[str, ...] = (question(0), answer(0))


def one(data: bytes, format_: str, rows: int = ROWS, first: tuple[str, ...] = (question(0), answer(0))) -> Odd:
    return Odd({"data": data}, format_, rows, first)


def cells(rows: list[dict[str, Any]]) -> bytes:
    """Write rows as CSV, lists as Python prints them."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def single(n: int, **more: Any) -> dict[str, Any]:
    return {"query": question(n), "pos": [answer(n)], "neg": [answer(n + 1)], **more}


def beir_number(n: int) -> int:
    return 7000 + n


LLAMA = {
    "queries": {str(n): question(n) for n in range(ROWS)},
    "corpus": {str(n): answer(n) for n in range(ROWS)},
    "relevant_docs": {str(n): [str(n)] for n in range(ROWS)},
}
NUMBERED = {
    "corpus.jsonl": lines(many(lambda n: {"_id": beir_number(n), "title": "", "text": answer(n)})),
    "queries.jsonl": lines(many(lambda n: {"_id": n, "text": question(n)})),
    "qrels.tsv": table([["query-id", "corpus-id", "score"], *many(lambda n: [n, beir_number(n), 1])]),
}
TEXT_AND_CLASS = (answer(0), "heat")

ODD: dict[str, Odd] = {
    "FlagEmbedding, null in place of negatives": one(lines(many(lambda n: single(n) | {"neg": None})), "FlagEmbedding"),
    "FlagEmbedding, some lines without neg": one(
        lines(many(lambda n: single(n) if n % 3 else {"query": question(n), "pos": [answer(n)]})), "FlagEmbedding"
    ),
    "FlagEmbedding, empty texts among negatives": one(
        lines(many(lambda n: single(n) | {"neg": ["", "No."]})), "FlagEmbedding"
    ),
    "FlagEmbedding, an id that is a number": one(lines(many(lambda n: single(n, id=n))), "FlagEmbedding"),
    "FlagEmbedding, a nested key beside": one(
        lines(many(lambda n: single(n, meta={"source": "desk"}))), "FlagEmbedding"
    ),
    "FlagEmbedding, ids of passages": one(
        lines(many(lambda n: single(n, pos_id=[n], neg_id=[n + 1]))), "FlagEmbedding"
    ),
    "FlagEmbedding in gzip": one(gzip.compress(lines(many(single))), "FlagEmbedding"),
    "FlagEmbedding in a zip": Odd({"set.zip": zipped({"train.jsonl": lines(many(single))})}, "FlagEmbedding"),
    "FlagEmbedding under data": one(json.dumps({"data": many(single)}).encode(), "FlagEmbedding"),
    "FlagEmbedding as CSV with lists in cells": one(cells(many(single)), "FlagEmbedding"),
    "FlagEmbedding as CSV, every positive a row": one(
        cells(many(flag)), "FlagEmbedding", sum(1 + n % 3 for n in range(ROWS))
    ),
    "FlagEmbedding with Windows lines": one(lines(many(single)).replace(b"\n", b"\r\n"), "FlagEmbedding"),
    "FlagEmbedding with a mark": one(b"\xef\xbb\xbf" + lines(many(single)), "FlagEmbedding"),
    "FlagEmbedding with blank lines": one(lines(many(single)).replace(b"\n", b"\n\n"), "FlagEmbedding"),
    "FlagEmbedding in utf-16": one(lines(many(single)).decode().encode("utf-16"), "FlagEmbedding"),
    "sets of unicode": one(
        lines(many(lambda n: {"set": [f"梯子{n}在哪里？", f"在{n}号架上。"]})),
        "sentence-transformers sets",
        first=("梯子0在哪里？", "在0号架上。"),
    ),
    "sets with an empty text": one(
        lines([*many(lambda n: {"set": [question(n), answer(n)]}), {"set": ["alone", ""]}]),
        "sentence-transformers sets",
    ),
    "sets, one of them empty": one(
        lines([*many(lambda n: {"set": [question(n), answer(n)]}), {"set": []}]), "sentence-transformers sets"
    ),
    "sets as Parquet": one(parquet(many(lambda n: {"set": [question(n), answer(n)]})), "sentence-transformers sets"),
    "sets in gzip": one(
        gzip.compress(lines(many(lambda n: {"set": [question(n), answer(n)]}))), "sentence-transformers sets"
    ),
    "BEIR, ids that are numbers": Odd(NUMBERED, "BEIR"),
    "BEIR, ids that are numbers, in a zip": Odd({"set.zip": zipped(NUMBERED)}, "BEIR"),
    "BEIR, each file in gzip": Odd({f"{name}.gz": gzip.compress(data) for name, data in BEIR.items()}, "BEIR"),
    "BEIR, qrels of scores with points": Odd(BEIR | {"qrels.tsv": qrels(lambda n: 1.0)}, "BEIR"),  # type: ignore[arg-type, return-value]
    "BEIR, qrels with Windows lines": Odd(BEIR | {"qrels.tsv": BEIR["qrels.tsv"].replace(b"\n", b"\r\n")}, "BEIR"),
    "BEIR, qrels with commas": Odd(
        {name: BEIR[name] for name in ("corpus.jsonl", "queries.jsonl")}
        | {
            "qrels.csv": table(
                [["query-id", "corpus-id", "score"], *many(lambda n: [f"q{n}", f"d{n}", 1])], separator=","
            )
        },
        "BEIR",
    ),
    "BEIR, further keys in the corpus": Odd(
        BEIR
        | {
            "corpus.jsonl": lines(
                many(lambda n: {"_id": f"d{n}", "title": "", "text": answer(n), "metadata": {"url": "x"}, "url": "y"})
            )
        },
        "BEIR",
    ),
    "BEIR, one query with several documents": Odd(
        BEIR | {"qrels.tsv": table([["query-id", "corpus-id", "score"], *many(lambda n: [f"q{n // 2}", f"d{n}", 1])])},
        "BEIR",
    ),
    "LlamaIndex, ids that are numbers": one(json.dumps(LLAMA).encode(), "LlamaIndex"),
    "LlamaIndex, a document alone in place of a list": one(
        json.dumps(LLAMA | {"relevant_docs": {str(n): str(n) for n in range(ROWS)}}).encode(), "LlamaIndex"
    ),
    "LlamaIndex, a query without documents": one(
        json.dumps(LLAMA | {"relevant_docs": LLAMA["relevant_docs"] | {"x": []}}).encode(), "LlamaIndex"
    ),
    "LlamaIndex in gzip": one(gzip.compress(json.dumps(LLAMA).encode()), "LlamaIndex"),
    "SQuAD, flat, as one list": one(json.dumps(many(lambda n: squad(n, ["cloth"]))).encode(), "SQuAD"),
    "SQuAD, flat, further keys": one(
        lines(many(lambda n: squad(n, ["cloth"]) | {"level": "easy", "type": "x"})), "SQuAD"
    ),
    "SQuAD, nested, in gzip": one(
        gzip.compress(json.dumps({"data": [{"title": "Cards", "paragraphs": many(paragraph)}]}).encode()), "SQuAD"
    ),
    "SQuAD, nested, of two articles": one(
        json.dumps(
            {"data": [{"paragraphs": many(paragraph)[:9]}, {"title": "B", "paragraphs": many(paragraph)[9:]}]}
        ).encode(),
        "SQuAD",
    ),
    "SQuAD, nested, an article without paragraphs": one(
        json.dumps(
            {"data": [{"title": "Cards", "paragraphs": many(paragraph)}, {"title": "None", "paragraphs": []}]}
        ).encode(),
        "SQuAD",
    ),
    "chat, roles in capitals": one(
        lines(
            many(lambda n: {"messages": [{"role": m["role"].upper(), "content": m["content"]} for m in messages(n)]})
        ),
        "chat messages",
    ),
    "chat, empty content of a tool": one(
        lines(many(lambda n: {"messages": [*messages(n), {"role": "tool", "content": None}]})), "chat messages"
    ),
    "chat, further keys": one(
        lines(many(lambda n: {"id": n, "messages": messages(n), "tools": [{"a": 1}]})), "chat messages"
    ),
    "chat as Parquet": one(parquet(many(lambda n: {"messages": messages(n)})), "chat messages"),
    "chat in a zip": Odd(
        {"a.zip": zipped({"chat.jsonl": lines(many(lambda n: {"messages": messages(n)}))})}, "chat messages"
    ),
    "Label Studio, further keys of a task": one(
        json.dumps(
            many(lambda n: task(n, CLASSES[n % 3]) | {"file_upload": "a.csv", "drafts": [], "meta": {}})
        ).encode(),
        "Label Studio",
        first=TEXT_AND_CLASS,
    ),
    "Label Studio, JSON-MIN with unicode": one(
        json.dumps(many(lambda n: labelled(n, ("тепло", "вода")[n % 2])), ensure_ascii=False).encode(),
        "Label Studio",
        first=(answer(0), "тепло"),
    ),
    "Label Studio, CSV with semicolons": one(
        table([list(labelled(0, "")), *many(lambda n: list(labelled(n, CLASSES[n % 3]).values()))], separator=";"),
        "Label Studio",
        first=TEXT_AND_CLASS,
    ),
    "doccano, an unlabelled text": one(
        lines(
            [
                *many(lambda n: {"id": n, "text": answer(n), "label": [CLASSES[n % 3]]}),
                {"id": 99, "text": "x", "label": []},
            ]
        ),
        "doccano",
        ROWS + 1,
        TEXT_AND_CLASS,
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_of_a_format_is_read_by_it(tmp_path: Path, name: str) -> None:
    odd = ODD[name]
    found = read_table(write(tmp_path, odd.files))
    assert (found.report.format, len(found.frame)) == (odd.format, odd.rows)
    assert set(odd.first) <= set(found.frame.iloc[0])


def test_which_of_two_texts_was_chosen_is_asked_about(tmp_path: Path) -> None:
    def chosen(n: int) -> dict[str, Any]:
        result = {"from_name": "better", "type": "pairwise", "value": {"selected": ("left", "right")[n % 2]}}
        return {"data": {"text1": question(n), "text2": answer(n)}, "annotations": [{"result": [result]}]}

    found = read_table(write(tmp_path, {"data.json": json.dumps(many(chosen)).encode()}))
    mapping = guess_mapping(found)
    assert (found.report.format, mapping.roles["label"], mapping.same) == ("Label Studio", ("label",), ())
    assert set(found.frame["label"]) == {"left", "right"}


IDS = {
    "triples without a header": table(many(lambda n: [n, 7000 + n, 9000 + n])),
    "triples with a header": table([["qid", "pos_id", "neg_id"], *many(lambda n: [n, 7000 + n, 9000 + n])]),
    "triples of prefixed ids": table(many(lambda n: [f"q{n}", f"D{7000 + n}", f"D{9000 + n}"])),
    "triples with a score": table(many(lambda n: [n, 7000 + n, 9000 + n, f"{n / 7:.3f}"])),
    "triples in gzip": gzip.compress(table(many(lambda n: [n, 7000 + n, 9000 + n]))),
    "triples with blanks": table(many(lambda n: [n, 7000 + n, 9000 + n]), separator=" "),
    "lists of hard negatives": lines(
        many(lambda n: {"qid": n, "pos": [7000 + n], "neg": {"bm25": [9000 + n, 3], "msmarco-distilbert": [4, 5]}})
    ),
    "lists of hard negatives in few rows": lines(
        many(lambda n: {"qid": n, "pos": [7000 + n], "neg": [9000 + n, 3], "scores": [0.5, -1.5]})[:3]
    ),
    "lists of numbers as Parquet": parquet(many(lambda n: {"query": question(n), "pos": [n], "neg": [n + 1, 3]})),
    "lists of ids as Parquet": parquet(many(lambda n: {"query_id": f"q{n}", "doc_ids": [f"d{n}", "d7"]})),
    "lists of ids in cells": table([["qid", "pid", "negatives"], *many(lambda n: [n, 7000 + n, f"[{n}, 3, 4]"])]),
    "lists of ids with commas": table(many(lambda n: [n, 7000 + n, f"{n + 3},{n + 5},{n + 9}"])),
    "texts with lists of ids": lines(
        many(lambda n: {"query": question(n), "positives": [7000 + n], "negatives": [9000 + n, 3]})
    ),
    "an object of lists of ids": json.dumps({str(n): list(range(n, n + 3 + n % 2)) for n in range(ROWS)}).encode(),
    "an object of qrels": json.dumps({f"q{n}": {f"d{n}": 1, f"d{n + 1}": 0} for n in range(ROWS)}).encode(),
    "triples as JSON Lines": lines(many(lambda n: {"qid": n, "pos": 7000 + n, "neg": 9000 + n})),
}


@pytest.mark.parametrize("name", IDS)
def test_ids_without_texts_are_refused_with_where_the_texts_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="MS MARCO"):
        read_table(write(tmp_path, {"data.tsv": IDS[name]}))


NUMBERS_BESIDE = {
    "tags of words": many(lambda n: {"text": answer(n), "label": CLASSES[n % 3], "pos_tags": [n, 3, 4]}),
    "parts of speech beside a class": many(lambda n: {"text": answer(n), "label": n % 3, "pos": [n, 3, 4]}),
    "ids of negatives beside a pair": many(lambda n: {"question": question(n), "answer": answer(n), "neg_ids": [n, 3]}),
    "vectors": many(lambda n: {"question": question(n), "answer": answer(n), "vector": [n, 3, 4]}),
}


@pytest.mark.parametrize("name", NUMBERS_BESIDE)
def test_numbers_beside_texts_are_left_out(tmp_path: Path, name: str) -> None:
    found = read_table(write(tmp_path, {"data.jsonl": lines(NUMBERS_BESIDE[name])}))
    assert (len(found.frame), len(found.frame.columns)) == (ROWS, 2)
