"""Small files as people have them, through the audit command: read and mapped right, or named as unclear or refused."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lib.__main__ import main

ROWS = 40
Q = [f"How do I clean machine number {at}?" for at in range(ROWS)]
A = [f"Wipe machine {at} with cloth {at * 7} and let it dry." for at in range(ROWS)]
B = [f"Put plate {at} under machine {at * 3} and press start." for at in range(ROWS)]
PAIR = {"anchor": ["question"], "positive": ["answer"]}
SIDES = {"anchor": ["sentence1"], "positive": ["sentence2"]}


def turns(*values: str) -> list[str]:
    """Repeat the values to all rows."""
    return (list(values) * ROWS)[:ROWS]


def table(columns: Mapping[str, Sequence[str]], *, separator: str = ",", encoding: str = "utf-8") -> bytes:
    """Write columns as delimited text with a header."""
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    quoted = [[f'"{cell}"' if separator in cell or '"' in cell else cell for cell in row] for row in rows]
    return "\n".join(separator.join(row) for row in quoted).encode(encoding)


def lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Write records as JSON Lines."""
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def sheets(**rows: Sequence[Sequence[object]]) -> bytes:
    """Write the rows of each sheet as a workbook."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, cells in rows.items():
        sheet = book.create_sheet(name)
        for row in cells:
            sheet.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def parquet(**columns: Sequence[object]) -> bytes:
    """Write columns as Parquet."""
    buffer = io.BytesIO()
    pq.write_table(pa.table({name: list(cells) for name, cells in columns.items()}), buffer)
    return buffer.getvalue()


def pairs(**others: Sequence[str]) -> bytes:
    """Write question, answer and further columns as CSV."""
    return table({"question": Q, "answer": A} | others)


def sentences(**others: Sequence[str]) -> bytes:
    """Write sentence1, sentence2 and further columns as CSV."""
    return table({"sentence1": Q, "sentence2": A} | others)


@dataclass(frozen=True)
class Case:
    """A file and what the audit must say of it. says: words of the whole report; error: of the refusal."""

    name: str
    data: bytes
    columns: dict[str, list[str]] = field(default_factory=dict)
    shape: str = "pairs"
    rows: int = ROWS
    same: tuple[str, ...] = ()
    scale: str | None = None
    says: tuple[str, ...] = ()
    unclear: bool = False
    error: str = ""


def labelled(name: str, *values: str, column: str = "label", same: str = "", **rest: Any) -> Case:
    """Make a case of two sentences with a class."""
    found = (same,) if same else ()
    columns = SIDES | {"label": [column]}
    return Case(f"{name}.csv", sentences(**{column: turns(*values)}), columns, "labelled_pairs", same=found, **rest)


def scored(name: str, *values: str, column: str = "score", scale: str, **rest: Any) -> Case:
    """Make a case of two sentences with a score."""
    columns = SIDES | {"score": [column]}
    return Case(f"{name}.csv", sentences(**{column: turns(*values)}), columns, "scored", scale=scale, **rest)


POLISH = [
    ("Gdzie złożyć wniosek o dowód osobisty?", "Wniosek można złożyć w urzędzie gminy."),
    ("Ile kosztuje wymiana prawa jazdy?", "Opłata wynosi sto złotych."),
    ("Jak długo czeka się na paszport?", "Zwykle około trzydziestu dni."),
    ("Czy można zapłacić kartą?", "Tak, również przez internet."),
    ("Gdzie znajdę godziny otwarcia?", "Są na stronie urzędu."),
    ("Kiedy odbiorę nową kartę?", "Najwcześniej w przyszłą środę."),
]
THAI = [(f"รีเซ็ตเครื่องพิมพ์หมายเลข{at}อย่างไร", f"กดปุ่มกลมหมายเลข{at}ค้างไว้") for at in range(ROWS)]

CASES = (
    Case("sep_line.csv", b"sep=;\n" + table({"question": Q, "answer": A}, separator=";"), PAIR),
    Case(
        "plain_quotes.tsv",
        "\n".join(
            ["id\tsentence1\tsentence2\tlabel"]
            + [f'{at}\t"{q}" he said\t{a}\t{at % 2}' for at, (q, a) in enumerate(zip(Q, A, strict=True))]
        ).encode(),
        SIDES | {"label": ["label"]},
        "labelled_pairs",
        same=("1",),
        says=("Quotes", '\\"How do I'),
    ),
    labelled("ja_nein", "nein", "ja", same="ja"),
    labelled("oui_non", "non", "oui", same="oui"),
    labelled("si_no", "no", "sí", same="sí"),
    labelled("da_net", "нет", "да", same="да"),
    labelled("hai_iie", "いいえ", "はい", same="はい"),
    labelled("you_meiyou", "没有", "有", same="有"),
    labelled("ticks", "✗", "✓", same="✓"),
    labelled("not_x", "not_duplicate", "duplicate", same="duplicate"),
    labelled("un", "related", "unrelated", same="related"),
    labelled("graded_words", "irrelevant", "relevant", "highly relevant", unclear=True),
    Case("one_and_two.csv", sentences(label=turns("1", "2")), error="--same"),
    labelled("maybe", "yes", "no", "maybe", unclear=True),
    Case("wrong.csv", sentences(wrong=turns("yes", "no")), error="--same"),
    Case(
        "no_break_space.csv",
        table({"\u00a0sentence\u200b": Q, "label\u00a0": turns("heat", "water")}),
        {"text": ["sentence"], "label": ["label"]},
        "labelled_texts",
    ),
    Case(
        "snli.csv",
        table({"premise": Q, "hypothesis": A, "label": [*turns("0", "1", "2")[:-2], "-1", "-1"]}),
        {"anchor": ["premise"], "positive": ["hypothesis"], "label": ["label"]},
        "labelled_pairs",
        same=("0",),
        says=('"no_value"',),
    ),
    Case("rte.csv", table({"premise": Q, "hypothesis": A, "label": turns("0", "1")}), error="--same"),
    Case("is_wrong.csv", sentences(is_wrong=turns("0", "1")), SIDES, unclear=True),
    Case(
        "many_positives.jsonl",
        lines(
            [
                {"query": q, "pos": [a, f"In short: {a}"], "neg": [b] * (at % 3 + 1)}
                for at, (q, a, b) in enumerate(zip(Q, A, B, strict=True))
            ]
        ),
        {
            "anchor": ["query"],
            "positive": ["pos"],
            "negative": ["neg"],
            "negative_2": ["neg_2"],
            "negative_3": ["neg_3"],
        },
        "triplets",
        rows=2 * ROWS,
        says=("FlagEmbedding",),
    ),
    Case(
        "llamaindex.json",
        json.dumps(
            {
                "queries": {f"q{at}": q for at, q in enumerate(Q)},
                "corpus": {f"d{at}": a for at, a in enumerate(A)},
                "relevant_docs": {f"q{at}": [f"d{at}"] for at in range(ROWS)},
            }
        ).encode(),
        {"anchor": ["query"], "positive": ["document"]},
        says=("LlamaIndex",),
    ),
    Case(
        "corpus.jsonl",
        lines([{"_id": f"d{at}", "title": "", "text": a} for at, a in enumerate(A)]),
        error="queries.jsonl",
    ),
    Case("queries.jsonl", lines([{"_id": f"q{at}", "text": q} for at, q in enumerate(Q)]), error="corpus.jsonl"),
    Case(
        "qrels.tsv",
        table(
            {
                "query-id": [f"q{at}" for at in range(ROWS)],
                "corpus-id": [f"d{at}" for at in range(ROWS)],
                "score": turns("1"),
            },
            separator="\t",
        ),
        error="corpus.jsonl",
    ),
    Case(
        "doccano.jsonl",
        lines(
            [{"id": at, "text": q, "label": ["heat", "urgent"] if at % 4 == 0 else ["water"]} for at, q in enumerate(Q)]
        ),
        {"text": ["text"], "label": ["label"]},
        "labelled_texts",
        says=("urgent", "label_2"),
    ),
    scored("percent", "85%", "2%", "100 %", column="similarity", scale="0-1"),
    scored("fractions", "4/5", "1/5", "5/5", scale="0-1"),
    scored("decimal_comma", "0;85".replace(";", ","), "0,1", "1,0", scale="0-1"),
    scored("nan_words", "NaN", "2.6", "n/a", "5", "", "0", scale="0-5", says=('"no_value"',)),
    scored("distance", "0.1", "0.9", "0.5", column="distance", scale="1-0"),
    scored("edits", "0", "12", "5", column="levenshtein", scale="12-0"),
    scored("grades", "0", "1", "2", "3", column="label", scale="0-3"),
    Case(
        "relevance.csv",
        table({"query": Q, "document": A, "relevance": turns("0", "1")}),
        {"anchor": ["query"], "positive": ["document"], "label": ["relevance"]},
        "labelled_pairs",
        same=("1",),
    ),
    Case("mark.csv", pairs(wrong=turns("x", "")), PAIR, unclear=True, says=("may_be_value",)),
    Case("all_zero.csv", pairs(label=turns("0")), PAIR, unclear=True),
    Case("unknown_number.csv", pairs(quality_check=turns("0", "1")), PAIR, unclear=True, says=("looks like a grade",)),
    Case(
        "metadata.csv",
        pairs(id=[str(at) for at in range(ROWS)], lang=turns("de", "en")),
        PAIR,
        says=("running number", "de, en"),
    ),
    Case(
        "title_row.xlsx",
        sheets(
            Sheet=[
                ("Service desk export",),
                (),
                ("No", "Question", "Answer"),
                *((at + 1, q, a) for at, (q, a) in enumerate(zip(Q, A, strict=True))),
            ]
        ),
        {"anchor": ["Question"], "positive": ["Answer"]},
        says=("Service desk export", '"No"'),
    ),
    Case(
        "cover.xlsx",
        sheets(
            **{
                "Read me": [("This file holds our pairs.",), ("Ask the desk.",)],
                "Pairs": [("question", "answer"), *zip(Q, A, strict=True)],
            }
        ),
        PAIR,
        says=("Read me", "Pairs"),
    ),
    Case(
        "two_sheets.xlsx",
        sheets(
            train=[("question", "answer"), *zip(Q, A, strict=True)],
            test=[("question", "answer"), *zip(Q[:5], B, strict=False)],
        ),
        PAIR,
        says=("train", "test"),
    ),
    Case(
        "lists.parquet",
        parquet(
            anchor=Q, positive=A, negatives=[[b, q] for b, q in zip(B, Q, strict=True)], embedding=[[0.1, 0.2]] * ROWS
        ),
        {"anchor": ["anchor"], "positive": ["positive"], "negative": ["negatives"], "negative_2": ["negatives_2"]},
        "triplets",
        says=("embedding",),
    ),
    Case(
        "list_cells.csv",
        "\n".join(
            ["query;positive;negatives", *(f'{q};{a};["{b}", "{a} No."]' for q, a, b in zip(Q, A, B, strict=True))]
        ).encode(),
        {"anchor": ["query"], "positive": ["positive"], "negative": ["negatives"], "negative_2": ["negatives_2"]},
        "triplets",
    ),
    Case(
        "squad_flat.jsonl",
        lines(
            [
                {
                    "id": f"s{at}",
                    "title": "Cards",
                    "question": q,
                    "context": a,
                    "answers": {"text": [a[:9]], "answer_start": [0]},
                }
                for at, (q, a) in enumerate(zip(Q, A, strict=True))
            ]
        ),
        {"anchor": ["question"], "positive": ["context"]},
        says=("SQuAD", "answers"),
    ),
    Case(
        "polish.csv",
        "\n".join(["pytanie;odpowiedź", *(f"{q};{a}" for q, a in POLISH)]).encode("cp1250"),
        {"anchor": ["pytanie"], "positive": ["odpowiedź"]},
        rows=len(POLISH),
        says=("windows-1250", "złożyć"),
    ),
    Case(
        "ids.tsv", "\n".join(f"{1000 + at}\t{70_000 + 3 * at}" for at in range(ROWS)).encode(), error="There is no text"
    ),
    Case(
        "one_target.csv",
        table({"question": Q, "answer": ["Please write to the desk."] * (ROWS - 8) + A[:8]}),
        PAIR,
        says=("one_target_many_sources",),
    ),
    Case(
        "one_class.csv",
        table({"text": Q, "label": turns("heat")}),
        {"text": ["text"], "label": ["label"]},
        "labelled_texts",
        error="one class, “heat”",
    ),
    Case(
        "one_example.csv",
        table({"text": Q, "label": ["a"] * (ROWS - 1) + ["b"]}),
        {"text": ["text"], "label": ["label"]},
        "labelled_texts",
        error="at least 2 examples",
    ),
    Case(
        "thai.csv",
        table({"question": [q for q, _ in THAI], "answer": [a for _, a in THAI]}),
        PAIR,
        says=("multilingual", "same vector"),
    ),
    Case(
        "tones.csv",
        table({"question": ["ไม่ใช้เครื่องพิมพ์ใหม่", "ไม่ใช่เครื่องพิมพ์ใหม่", *Q[:20]], "answer": ["ก", "ข", *A[:20]]}),
        PAIR,
        rows=22,
    ),
    Case(
        "no_header.tsv",
        "\n".join(
            f"{name}\t{q}\t{a}"
            for name, q, a in zip(turns("entailment", "neutral", "contradiction"), Q, A, strict=True)
        ).encode(),
        {"label": ["column 1"], "anchor": ["column 2"], "positive": ["column 3"]},
        "labelled_pairs",
        same=("entailment",),
    ),
    Case(
        "spellings.csv",
        sentences(label=turns("Duplicate", "duplicate ", "DUPLICATE", "different")),
        SIDES | {"label": ["label"]},
        "labelled_pairs",
        same=("DUPLICATE", "Duplicate", "duplicate"),
        says=("class_spellings",),
    ),
    Case(
        "second_label.csv",
        sentences(label=turns("0", "1"), mood=turns("glad", "sad", "calm")),
        SIDES | {"label": ["label"]},
        "labelled_pairs",
        same=("1",),
        says=("glad, sad, calm",),
    ),
    Case(
        "missing_negatives.csv",
        table({"anchor": Q, "positive": A, "negative": [b if at % 2 else "" for at, b in enumerate(B)]}),
        {"anchor": ["anchor"], "positive": ["positive"], "negative": ["negative"]},
        "triplets",
        says=("no_negative",),
    ),
    Case(
        "news.csv",
        table({"class": turns("1", "2", "3", "4"), "title": Q, "description": A}),
        {"text": ["title", "description"], "label": ["class"]},
        "labelled_texts",
    ),
    Case(
        "products.csv",
        table(
            {
                "query": turns(*(f"red shoe {at}" for at in range(8))),
                "product_title": A,
                "esci_label": turns("E", "S", "C", "I"),
            }
        ),
        {"anchor": ["query"], "positive": ["product_title"], "label": ["esci_label"]},
        "labelled_pairs",
        same=("E",),
    ),
    Case("chinese.csv", table({"问题": Q, "答案": A}), {"anchor": ["问题"], "positive": ["答案"]}),
    Case("turned.csv", table({"Antwort": A, "Frage": Q}), {"anchor": ["Frage"], "positive": ["Antwort"]}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_is_read_and_mapped_right_or_named(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / case.name
    path.write_bytes(case.data)
    status = main(["audit", str(path), "--json"])
    printed = capsys.readouterr()
    assert status == (1 if case.error else 0), printed.err
    assert case.error in printed.err
    if not case.columns:
        return
    report = json.loads(printed.out.splitlines()[-1])
    assert (report["shape"], report["columns"], report["rows"]) == (case.shape, case.columns, case.rows)
    assert (tuple(report["same"]), report["scale"]) == (case.same, case.scale)
    assert bool(report["unclear"]) == case.unclear, report["unclear"]
    assert [word for word in case.says if word not in printed.out.splitlines()[-1]] == []


def test_marks_alone_make_no_near_duplicates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = next(case for case in CASES if case.name == "tones.csv")
    (tmp_path / case.name).write_bytes(case.data)
    assert main(["audit", str(tmp_path / case.name), "--json"]) == 0
    findings = json.loads(capsys.readouterr().out.splitlines()[-1])["findings"]
    assert "near_duplicates" not in {finding["name"] for finding in findings}
