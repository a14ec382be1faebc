"""Files in the field's formats, made here, with the format, shape, rows and notes that each must give."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from lib.shapes import Shape

ROWS = 24
Files = Mapping[str, bytes]


def question(n: int) -> str:
    return f"How do I clean the {('ladder', 'anchor', 'boiler', 'mixer')[n % 4]} of house {n}?"


def answer(n: int) -> str:
    return f"In house {n}: wipe the {('ladder', 'anchor', 'boiler', 'mixer')[n % 4]} with a damp cloth and let it dry."


def lines(rows: list[Any]) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def table(rows: list[list[Any]], *, separator: str = "\t") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def many(make: Callable[[int], Any]) -> list[Any]:
    return [make(n) for n in range(ROWS)]


def flag(n: int) -> dict[str, Any]:
    """One to three positives and two to four negatives."""
    return {
        "query": question(n),
        "pos": [answer(n), f"In short, {answer(n)}", f"Again: {answer(n)}"][: 1 + n % 3],
        "neg": [answer(n + k) for k in range(1, 3 + n % 3)],
    }


def corpus(n: int) -> dict[str, Any]:
    return {"_id": f"d{n}", "title": f"Card {n}", "text": answer(n), "metadata": {}}


def query(n: int) -> dict[str, Any]:
    return {"_id": f"q{n}", "text": question(n), "metadata": {}}


def qrels(score: Callable[[int], int] = lambda n: 1, rows: int = ROWS) -> bytes:
    return table([["query-id", "corpus-id", "score"], *([f"q{n}", f"d{n}", score(n)] for n in range(rows))])


BEIR = {"corpus.jsonl": lines(many(corpus)), "queries.jsonl": lines(many(query)), "qrels.tsv": qrels()}


def squad(n: int, answers: list[str]) -> dict[str, Any]:
    return {
        "id": str(n),
        "title": "Cards",
        "context": answer(n),
        "question": question(n),
        "answers": {"text": answers, "answer_start": [0] * len(answers)},
    }


def paragraph(n: int) -> dict[str, Any]:
    answers = [{"text": "house", "answer_start": 3}]
    return {
        "context": answer(n),
        "qas": [
            {"id": f"{n}a", "question": question(n), "answers": answers, "is_impossible": False},
            {"id": f"{n}b", "question": f"Who lives in {n}?", "answers": [], "is_impossible": True},
        ],
    }


def messages(n: int, *, turns: int = 1, system: bool = False) -> list[dict[str, str]]:
    said = [
        {"role": role, "content": text}
        for turn in range(turns)
        for role, text in (("user", question(n + 50 * turn)), ("assistant", answer(n + 50 * turn)))
    ]
    return [{"role": "system", "content": "Be kind."}, *said] if system else said


def task(n: int, *choices: str) -> dict[str, Any]:
    result = {"from_name": "sentiment", "to_name": "text", "type": "choices", "value": {"choices": list(choices)}}
    return {
        "id": n,
        "data": {"text": answer(n)},
        "annotations": [{"id": n, "result": [result], "was_cancelled": False, "lead_time": 2.5}],
        "predictions": [],
        "created_at": "2024-01-01T00:00:00Z",
    }


def labelled(n: int, label: Any) -> dict[str, Any]:
    return {
        "id": n,
        "text": answer(n),
        "sentiment": label,
        "annotator": 1 + n % 2,
        "annotation_id": 100 + n,
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": "2024-01-01T00:00:00Z",
        "lead_time": 1.5 + n,
    }


def parquet(rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pd.DataFrame(rows).to_parquet(out)
    return out.getvalue()


def write(folder: Path, files: Files) -> list[Path]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


def zipped(files: Files) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


CLASSES = ("heat", "water", "paper")
PAIR = {"anchor": question(0), "positive": answer(0)}


@dataclass(frozen=True)
class Case:
    """Files, and what reading them gives. first: of the first example, by role. says: words of the notes."""

    files: Files
    format: str
    shape: Shape
    rows: int
    first: dict[str, str] = field(default_factory=lambda: PAIR)
    says: tuple[str, ...] = ()


def pairs(files: Files | bytes, format_: str, *, rows: int = ROWS, says: tuple[str, ...] = ()) -> Case:
    return Case({"data": files} if isinstance(files, bytes) else files, format_, Shape.PAIRS, rows, says=says)


def triplets(data: bytes, format_: str, *, rows: int = ROWS, says: tuple[str, ...] = ()) -> Case:
    first = PAIR | {"negative": answer(1)}
    return Case({"data": data}, format_, Shape.TRIPLETS, rows, first, says)


def classes(data: bytes, format_: str, *, rows: int = ROWS, says: tuple[str, ...] = ()) -> Case:
    return Case({"data": data}, format_, Shape.LABELLED_TEXTS, rows, {"text": answer(0), "label": "heat"}, says)


TWO_THIRDS = sum(1 + n % 3 for n in range(ROWS))

CASES: dict[str, Case] = {
    "FlagEmbedding": triplets(
        lines(many(flag)), "FlagEmbedding", rows=TWO_THIRDS, says=("“pos”", "16 lines with several")
    ),
    "FlagEmbedding with the scores of a teacher, a prompt and a type": triplets(
        lines(
            many(
                lambda n: (
                    flag(n)
                    | {
                        "pos_scores": [0.9] * (1 + n % 3),
                        "neg_scores": [0.1] * 4,
                        "prompt": "Find it: ",
                        "type": "normal",
                    }
                )
            )
        ),
        "FlagEmbedding",
        rows=TWO_THIRDS,
        says=("pos_scores", "neg_scores", "prompt", "instruction"),
    ),
    "FlagEmbedding without negatives": pairs(
        lines(many(lambda n: {"query": question(n), "pos": [answer(n)]})), "FlagEmbedding"
    ),
    "FlagEmbedding with empty lists of negatives": pairs(
        lines(many(lambda n: {"query": question(n), "pos": [answer(n)], "neg": []})), "FlagEmbedding"
    ),
    "FlagEmbedding with a text in place of a list of one": triplets(
        lines(many(lambda n: flag(n) | {"pos": answer(n) if n else [answer(0)]})), "FlagEmbedding"
    ),
    "FlagEmbedding with a line without positives": triplets(
        lines([*many(lambda n: flag(n) | {"pos": [answer(n)]}), {"query": "Who?", "pos": [], "neg": ["No."]}]),
        "FlagEmbedding",
        says=("1 row without a text in “pos” (line 25)",),
    ),
    "FlagEmbedding as one JSON list": triplets(json.dumps(many(flag)).encode(), "FlagEmbedding", rows=TWO_THIRDS),
    "FlagEmbedding as Parquet": triplets(parquet(many(flag)), "FlagEmbedding", rows=TWO_THIRDS),
    "sets of two": pairs(lines(many(lambda n: {"set": [question(n), answer(n)]})), "sentence-transformers sets"),
    "sets of three": pairs(
        lines(many(lambda n: {"set": [question(n), answer(n), f"So: {answer(n)}"]})),
        "sentence-transformers sets",
        rows=2 * ROWS,
        says=("24 sets of more than two",),
    ),
    "a set of one text": pairs(
        lines([*many(lambda n: {"set": [question(n), answer(n)]}), {"set": ["alone"]}]),
        "sentence-transformers sets",
        says=("1 row with fewer than two texts in a set (line 25)",),
    ),
    "sets that are objects": triplets(
        lines(many(lambda n: {"set": flag(n)})), "sentence-transformers sets", rows=TWO_THIRDS
    ),
    "lists of two texts, one a line": pairs(lines(many(lambda n: [question(n), answer(n)])), ""),
    "lists of three texts, one a line": triplets(lines(many(lambda n: [question(n), answer(n), answer(n + 1)])), ""),
    "lists of two to five texts": triplets(
        lines(many(lambda n: [question(n), answer(n), *(answer(n + k) for k in range(1, 2 + n % 3))])), ""
    ),
    "a list of lists under names": pairs(
        json.dumps([["question", "answer"], *many(lambda n: [question(n), answer(n)])]).encode(), ""
    ),
    "MTEB reranking": triplets(
        lines(many(lambda n: {"query": question(n), "positive": [answer(n)], "negative": [answer(n + 1), "No."]})),
        "MTEB reranking",
    ),
    "Tevatron": Case(
        {
            "data": lines(
                many(
                    lambda n: {
                        "query_id": str(n),
                        "query": question(n),
                        "positive_passages": [{"docid": "1", "title": "Card", "text": answer(n)}],
                        "negative_passages": [{"docid": "2", "title": "", "text": answer(n + 1)}],
                    }
                )
            )
        },
        "Tevatron",
        Shape.TRIPLETS,
        ROWS,
        {"anchor": question(0), "positive": f"Card {answer(0)}", "negative": answer(1)},
    ),
    "DPR": triplets(
        json.dumps(
            many(
                lambda n: {
                    "dataset": "nq",
                    "question": question(n),
                    "answers": ["cloth"],
                    "positive_ctxs": [{"title": "", "text": answer(n), "score": 1000, "passage_id": "7"}],
                    "negative_ctxs": [],
                    "hard_negative_ctxs": [{"title": "", "text": answer(n + 1)}],
                }
            )
        ).encode(),
        "DPR",
        says=("negative_ctxs", "answers"),
    ),
    "BEIR as three files": pairs(BEIR, "BEIR", says=("“title”",)),
    "BEIR in a zip": pairs({"set.zip": zipped(BEIR)}, "BEIR"),
    "BEIR in a zip with a folder above, a readme and a Mac's files": pairs(
        {
            "set.zip": zipped(
                {
                    "scifact/corpus.jsonl": BEIR["corpus.jsonl"],
                    "scifact/queries.jsonl": BEIR["queries.jsonl"],
                    "scifact/qrels/test.tsv": BEIR["qrels.tsv"],
                    "scifact/README.md": b"# About\n",
                    "__MACOSX/scifact/._corpus.jsonl": b"\0\5\26\7",
                }
            )
        },
        "BEIR",
        says=("Not read: scifact/README.md",),
    ),
    "BEIR under other names": pairs(
        {"a.jsonl": BEIR["queries.jsonl"], "b.tsv": BEIR["qrels.tsv"], "c.jsonl": BEIR["corpus.jsonl"]}, "BEIR"
    ),
    "BEIR with grades": Case(
        BEIR | {"qrels.tsv": qrels(lambda n: n % 4)}, "BEIR", Shape.SCORED, ROWS, PAIR, ("grades 0, 1, 2, 3",)
    ),
    "BEIR with right and wrong documents": Case(
        BEIR | {"qrels.tsv": qrels(lambda n: 1 - n % 2)}, "BEIR", Shape.LABELLED_PAIRS, ROWS, PAIR | {"label": "1"}
    ),
    "BEIR with lines that name no document": pairs(
        BEIR | {"qrels.tsv": qrels(rows=ROWS + 3)}, "BEIR", says=("3 lines of the qrels name",)
    ),
    "BEIR with queries and documents without a line": pairs(
        BEIR | {"qrels.tsv": qrels(rows=ROWS - 4)},
        "BEIR",
        rows=ROWS - 4,
        says=("4 queries and 4 documents are in no line",),
    ),
    "BEIR without titles": pairs(
        BEIR | {"corpus.jsonl": lines(many(lambda n: {"_id": f"d{n}", "text": answer(n)}))}, "BEIR"
    ),
    "BEIR in Parquet": pairs(
        {"queries.parquet": parquet([{"_id": f"q{n}", "text": question(n)} for n in range(ROWS)])}
        | {"corpus.parquet": parquet([{"_id": f"d{n}", "title": "", "text": answer(n)} for n in range(ROWS)])}
        | {"qrels.tsv": BEIR["qrels.tsv"]},
        "BEIR",
    ),
    "BEIR with the qrels of trec_eval": pairs(
        BEIR | {"qrels.tsv": table(many(lambda n: [f"q{n}", 0, f"d{n}", 1]))}, "BEIR"
    ),
    "MS MARCO's ids with both files of texts": pairs(
        {
            "collection.tsv": table(many(lambda n: [7000 + n, answer(n)])),
            "queries.train.tsv": table(many(lambda n: [100 + n, question(n)])),
            "qrels.train.tsv": table(many(lambda n: [100 + n, 0, 7000 + n, 1])),
        },
        "BEIR",
    ),
    "LlamaIndex": pairs(
        json.dumps(
            {
                "queries": {f"q{n}": question(n) for n in range(ROWS)},
                "corpus": {f"d{n}": answer(n) for n in range(ROWS)},
                "relevant_docs": {f"q{n}": [f"d{n}"] for n in range(ROWS)},
                "mode": "text",
            }
        ).encode(),
        "LlamaIndex",
    ),
    "LlamaIndex with several documents, one of them missing": pairs(
        json.dumps(
            {
                "queries": {f"q{n}": question(n) for n in range(ROWS + 2)},
                "corpus": {f"d{n}": answer(n) for n in range(ROWS)},
                "relevant_docs": {f"q{n}": [f"d{n}", f"d{n + 1}"] for n in range(ROWS)},
            },
            indent=2,
        ).encode(),
        "LlamaIndex",
        rows=2 * ROWS - 1,
        says=("1 row whose query or document is missing", "2 queries without a relevant document"),
    ),
    "SQuAD, flat": pairs(lines(many(lambda n: squad(n, ["cloth"]))), "SQuAD", says=("“answers”",)),
    "SQuAD, flat, with questions that have no answer": pairs(
        lines([*many(lambda n: squad(n, ["cloth"])), squad(99, [])]),
        "SQuAD",
        says=("1 row whose context holds no answer to the question (line 25)",),
    ),
    "SQuAD, flat, as Parquet": pairs(parquet(many(lambda n: squad(n, ["cloth"]))), "SQuAD", says=("“answers”",)),
    "SQuAD 2.0, nested": pairs(
        json.dumps({"version": "v2.0", "data": [{"title": "Cards", "paragraphs": many(paragraph)}]}).encode(),
        "SQuAD",
        says=("24 rows whose context holds no answer", "“answers”"),
    ),
    "OpenAI's messages": pairs(lines(many(lambda n: {"messages": messages(n)})), "chat messages"),
    "messages of a system and of several turns": pairs(
        lines(many(lambda n: {"messages": messages(n, turns=2, system=True)})),
        "chat messages",
        rows=2 * ROWS,
        says=("24 of “system”",),
    ),
    "messages in parts": pairs(
        lines(
            many(
                lambda n: {
                    "messages": [
                        {"role": "user", "content": [{"type": "text", "text": question(n)}, {"type": "image_url"}]},
                        {"role": "assistant", "content": [{"type": "text", "text": answer(n)}]},
                    ]
                }
            )
        ),
        "chat messages",
    ),
    "a conversation without an answer": pairs(
        lines([*many(lambda n: {"messages": messages(n)}), {"messages": messages(1)[:1]}]),
        "chat messages",
        says=("1 row without a message of a user and an answer (line 25)",),
    ),
    "ShareGPT's conversations": pairs(
        json.dumps(
            many(
                lambda n: {
                    "id": f"c{n}",
                    "conversations": [
                        {"from": "human", "value": question(n)},
                        {"from": "gpt", "value": answer(n)},
                    ],
                }
            )
        ).encode(),
        "chat messages",
    ),
    "messages as Parquet": pairs(parquet(many(lambda n: {"messages": messages(n)})), "chat messages"),
    "preferred answers": triplets(
        lines(
            many(
                lambda n: {
                    "prompt": [{"role": "user", "content": question(n)}],
                    "chosen": [{"role": "assistant", "content": answer(n)}],
                    "rejected": [{"role": "assistant", "content": answer(n + 1)}],
                }
            )
        ),
        "preference pairs",
    ),
    "Alpaca": pairs(
        json.dumps(many(lambda n: {"instruction": question(n), "input": "", "output": answer(n)})).encode(), "Alpaca"
    ),
    "Alpaca with inputs": Case(
        {"data": lines(many(lambda n: {"instruction": "Answer.", "input": question(n), "output": answer(n)}))},
        "Alpaca",
        Shape.PAIRS,
        ROWS,
        PAIR | {"anchor": f"Answer.\n{question(0)}"},
        ("below it the input",),
    ),
    "Label Studio's tasks": classes(
        json.dumps(many(lambda n: task(n, CLASSES[n % 3]))).encode(), "Label Studio", says=("“sentiment”",)
    ),
    "Label Studio's tasks with two classes, a cancelled one and one without": classes(
        json.dumps(
            [
                *many(lambda n: task(n, CLASSES[n % 3], *(["urgent"] if n % 4 == 0 else []))),
                task(90, "heat") | {"annotations": []},
                task(91, "heat") | {"annotations": [task(91, "heat")["annotations"][0] | {"was_cancelled": True}]},
            ]
        ).encode(),
        "Label Studio",
        says=("6 texts have more than one class", "urgent (6)", "2 rows without an annotation (lines 25, 26)"),
    ),
    "Label Studio's tasks whose annotators differ": classes(
        json.dumps(
            [
                task(0, "heat") | {"annotations": [task(0, one)["annotations"][0] for one in ("heat", "water")]},
                *(task(n, CLASSES[n % 3]) for n in range(1, ROWS)),
            ]
        ).encode(),
        "Label Studio",
        says=("1 task", "differ", "line 1"),
    ),
    "Label Studio's JSON-MIN": classes(
        json.dumps(many(lambda n: labelled(n, CLASSES[n % 3]))).encode(), "Label Studio", says=("“annotator”",)
    ),
    "Label Studio's JSON-MIN with several choices": classes(
        json.dumps(
            many(lambda n: labelled(n, {"choices": [CLASSES[n % 3], "urgent"]} if n % 4 == 0 else CLASSES[n % 3]))
        ).encode(),
        "Label Studio",
        says=("urgent (6)",),
    ),
    "Label Studio's CSV": classes(
        table([list(labelled(0, "")), *many(lambda n: list(labelled(n, CLASSES[n % 3]).values()))], separator=","),
        "Label Studio",
        says=("“lead_time”",),
    ),
    "Label Studio's CSV with several choices": classes(
        table(
            [
                list(labelled(0, "")),
                *many(
                    lambda n: list(
                        labelled(
                            n, json.dumps({"choices": [CLASSES[n % 3], "urgent"]}) if n % 4 == 0 else CLASSES[n % 3]
                        ).values()
                    )
                ),
            ],
            separator=",",
        ),
        "Label Studio",
        says=("urgent (6)",),
    ),
    "doccano": classes(lines(many(lambda n: {"id": n, "text": answer(n), "label": [CLASSES[n % 3]]})), "doccano"),
    "doccano with two classes": classes(
        lines(
            many(lambda n: {"id": n, "text": answer(n), "label": [CLASSES[n % 3], *(["urgent"] if n % 4 == 0 else [])]})
        ),
        "doccano",
        says=("6 texts have more than one class (lines 1, 5, 9, 13, 17, ...)", "urgent (6)"),
    ),
    "doccano of an older version": classes(
        lines(many(lambda n: {"id": n, "data": answer(n), "labels": [CLASSES[n % 3]], "Comments": []})), "doccano"
    ),
}
