"""Values beside two texts: taken where they are clear, asked for otherwise, never passed over in silence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.data.columns.guess import guess_mapping
from lib.data.columns.mapping import apply_mapping, parse_scale
from lib.data.columns.numbers import parse_numbers
from lib.data.columns.same_class import guess_same
from lib.data.columns.unused import open_questions, unused_columns
from lib.data.read.tables import read_table
from lib.data.table import Table
from lib.errors import InputError
from lib.shapes import Shape

ROWS = 60


def sentences(word: str) -> list[str]:
    return [f"{word} is what this sentence number {at} is about" for at in range(ROWS)]


def table(names: Sequence[str] = ("sentence1", "sentence2"), **others: Sequence[str]) -> Table:
    columns = {name: sentences(f"text{at}") for at, name in enumerate(names)}
    columns |= {name: (list(values) * ROWS)[:ROWS] for name, values in others.items()}
    return Table.from_frame(pd.DataFrame(columns, dtype="str"))


SCORED = {
    "percent": ("similarity", ["2%", "28%", "85 %", "100%"], (0, 1), [0.02, 0.28, 0.85, 1.0]),
    "words for no value": (
        "score",
        ["NaN", "2.6", "n/a", "5", "", "0"],
        (0, 5),
        [np.nan, 0.52, np.nan, 1.0, np.nan, 0],
    ),
    "grades 0 to 3": ("label", ["0", "1", "2", "3"], (0, 3), [0, 1 / 3, 2 / 3, 1]),
    "graded relevance": ("relevance", ["0", "1", "2"], (0, 2), [0, 0.5, 1]),
    "grades 1 to 4": ("grade", ["1", "2", "3", "4"], (1, 4), [0, 1 / 3, 2 / 3, 1]),
    "fractions of a mark": ("rating", ["1/5", "4/5", "5/5"], (0, 1), [0.2, 0.8, 1.0]),
    "decimal commas": ("Bewertung", ["1,5", "1,000", "4,25", "5"], (1, 5), [0.125, 0, 0.8125, 1]),
    "thousands": ("score", ["1,000", "350", "2,500", "0"], (0, 2500), [0.4, 0.14, 1, 0]),
    "target": ("target", ["0.1", "0.5", "0.9"], (0, 1), [0.1, 0.5, 0.9]),
    "distance": ("distance", ["0.0", "0.25", "1.0"], (1, 0), [1, 0.75, 0]),
    "cosine distance": ("cosine_distance", ["0", "0.5", "1.6"], (2, 0), [1, 0.75, 0.2]),
    "edits": ("levenshtein", ["0", "5", "20"], (20, 0), [1, 0.75, 0]),
    "a distance by a word of its name": ("l2_distance", ["0", "2.75", "10.9"], (11, 0), [1, 0.75, 1 - 10.9 / 11]),
    "a score by a word of its name": ("human_score", ["1.2", "5.0", "3.1"], (1, 5), [0.05, 1, 0.525]),
    "a similarity by a word of its name": ("cosine_similarity", ["-0.4", "0.2", "0.9"], (-1, 1), [-0.4, 0.2, 0.9]),
    "graded judgements": ("relevance_judgement", ["0", "1", "2", "3"], (0, 3), [0, 1 / 3, 2 / 3, 1]),
    "grades of several people": ("relevance", ["1", "1.33", "2", "2.67", "3", "3"], (1, 3), [0, 0.165, 0.5, 0.835, 1]),
    "scores that reach a whole number once": (
        "score",
        ["0", "4", *(f"{n / 10}" for n in range(1, 39))],
        (0, 5),
        [0, 0.8],
    ),
    "cosine": ("cosine", ["-0.4", "0.2", "0.9"], (-1, 1), [-0.4, 0.2, 0.9]),
    "Spanish": ("puntuación", ["0.0", "2.5", "5.0"], (0, 5), [0, 0.5, 1]),
    "Chinese": ("相似度", ["0.1", "0.4", "0.8"], (0, 1), [0.1, 0.4, 0.8]),
}


@pytest.mark.parametrize("name", SCORED)
def test_numbers_beside_two_texts_are_scores(name: str) -> None:
    column, values, scale, scores = SCORED[name]
    given = table(**{column: values})
    mapping = guess_mapping(given)
    assert mapping.shape is Shape.SCORED
    assert mapping.roles["score"] == (column,)
    assert mapping.scale == scale
    found = apply_mapping(given, mapping).frame["score"].to_numpy()[: len(scores)]
    np.testing.assert_allclose(found, scores, atol=1e-9)


LABELLED = {
    "German": ("label", ["ja", "nein"], ("ja",)),
    "French": ("label", ["oui", "non"], ("oui",)),
    "Spanish": ("etikett", ["sí", "no"], ("sí",)),
    "Russian": ("label", ["нет", "да"], ("да",)),
    "Chinese": ("标签", ["不相关", "相关"], ("相关",)),
    "Japanese": ("label", ["いいえ", "はい"], ("はい",)),
    "Korean": ("라벨", ["아니오", "예"], ("예",)),
    "Turkish": ("label", ["evet", "hayır"], ("evet",)),
    "not_x": ("label", ["not_entailment", "entailment"], ("entailment",)),
    "un-": ("label", ["unrelated", "related"], ("related",)),
    "ir-": ("label", ["relevant", "irrelevant"], ("relevant",)),
    "nicht": ("label", ["passt nicht", "passt"], ("passt",)),
    "dissimilar": ("class", ["similar", "dissimilar"], ("similar",)),
    "spellings": ("label", ["Yes", "yes", "NO"], ("Yes", "yes")),
    "relevance 0 or 1": ("relevance", ["0", "1"], ("1",)),
    "score 0 or 1": ("score", ["1", "0"], ("1",)),
    "booleans": ("is_relevant", ["True", "False"], ("True",)),
    "ESCI": ("esci_label", ["E", "S", "C", "I"], ("E",)),
    "ESCI words": ("esci_label", ["Exact", "Substitute", "Complement", "Irrelevant"], ("Exact",)),
    "FEVER": ("label", ["SUPPORTS", "REFUTES", "NOT ENOUGH INFO"], ("SUPPORTS",)),
    "inference": ("gold_label", ["entailment", "neutral", "contradiction", "-"], ("entailment",)),
    "words of a name nobody knows": ("remark", ["match", "mismatch"], ("match",)),
    "Chinese verbs": ("标签", ["有", "没有"], ("有",)),
    "Japanese signs": ("label", ["×", "○"], ("○",)),
    "thumbs": ("feedback", ["👎", "👍"], ("👍",)),
    "ticks": ("label", ["✗", "✓"], ("✓",)),
    "plus and hyphen": ("label", ["-", "+"], ("+",)),
    "a sentence and its negation": ("label", ["is not the same", "is the same"], ("is the same",)),
    "kein": ("label", ["kein Duplikat", "Duplikat"], ("Duplikat",)),
    "Thai": ("label", ["ไม่ใช่", "ใช่"], ("ใช่",)),
    "Persian": ("label", ["خیر", "بله"], ("بله",)),
    "Chinese inference": ("label", ["蕴含", "中性", "矛盾"], ("蕴含",)),
    "stance": ("Stance", ["agree", "disagree", "unrelated"], ("agree",)),
    "whether": ("是否相关", ["0", "1"], ("1",)),
    "no value": ("is_duplicate", ["1", "0", "n/a", "0", "", "1"], ("1",)),
}


@pytest.mark.parametrize("name", LABELLED)
def test_which_class_means_the_same(name: str) -> None:
    column, values, same = LABELLED[name]
    given = table(**{column: values})
    mapping = guess_mapping(given)
    assert mapping.shape is Shape.LABELLED_PAIRS
    assert mapping.same == same
    assert open_questions(given, mapping) == []
    label = apply_mapping(given, mapping).frame["label"]
    assert ((label == "1") == given.frame[column].isin(same)).all()
    blank = given.frame[column].isin(["", "n/a"] if "+" in values else ["", "-", "n/a"])
    assert ((label == "") == blank).all()


UNCLEAR = [
    ["0", "1", "2"],
    ["x", "y"],
    ["1", "2"],
    ["a", "b", "c"],
    ["partly", "fully"],
    ["irrelevant", "relevant", "highly relevant"],
    ["relevant", "highly relevant"],
    ["Perfect", "Excellent", "Good", "Fair", "Bad"],
    ["yes", "no", "maybe"],
    ["1", "0", "-1"],
]


@pytest.mark.parametrize("values", UNCLEAR, ids=" ".join)
def test_where_it_is_unclear_the_person_is_asked(values: list[str]) -> None:
    given = table(label=values)
    mapping = guess_mapping(given)
    assert mapping.same == ()
    (question,) = open_questions(given, mapping)
    assert question.is_about_same
    assert open_questions(given, replace(mapping, same=(values[-1],))) == []
    if len(values) == 2:
        with pytest.raises(InputError, match="--same"):
            apply_mapping(given, mapping)


def test_zero_is_entailment_between_premise_and_hypothesis_only() -> None:
    given = table(("premise", "hypothesis"), label=["0", "1", "2", *["0", "1", "2"] * 2, "-1"])
    mapping = guess_mapping(given)
    assert mapping.same == ("0",)
    label = apply_mapping(given, mapping).frame["label"]
    assert ((label == "") == (given.frame["label"] == "-1")).all()
    assert guess_same(["0", "1", "2"]) is None


@pytest.mark.parametrize(
    ("column", "values"),
    [("quality_check", ["0", "1"]), ("z_value", ["3", "1", "2"]), ("confidence", ["0.2", "0.7"]), ("kind", ["p", "q"])],
)
def test_a_column_that_may_be_a_value_is_asked_about(column: str, values: list[str]) -> None:
    given = table(("question", "answer"), **{column: values})
    mapping = guess_mapping(given)
    assert mapping.shape is Shape.PAIRS
    (question,) = open_questions(given, mapping)
    assert question.column == column
    assert not question.is_about_same


def test_what_describes_a_row_is_unused_and_no_question() -> None:
    ids = [str(at + 1) for at in range(ROWS)]
    given = table(("question", "answer"), id=ids, category=["a", "b"], lang=["de", "en"], year=["2020", "2021"])
    mapping = guess_mapping(given)
    assert mapping.shape is Shape.PAIRS
    assert open_questions(given, mapping) == []
    assert {one.name: one.looks_like for one in unused_columns(given, mapping)} == {
        "id": "a running number or id",
        "category": "a, b, looks like a class",
        "lang": "de, en, looks like a class",
        "year": "2020 to 2021, looks like a grade",
    }


def test_zero_and_one_between_premise_and_hypothesis_may_be_either() -> None:
    given = table(("premise", "hypothesis"), label=["0", "1"])
    mapping = guess_mapping(given)
    assert mapping.same == ()
    (question,) = open_questions(given, mapping)
    assert question.is_about_same
    assert open_questions(given, replace(mapping, same=("0",))) == []


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("label", ["duplicate", ""]),
        ("remark", ["x", ""]),
        ("label", ["0"]),
        ("label", ["not a duplicate"]),
        ("relevance", ["irrelevant"]),
        ("label_id", ["0", "1"]),
        ("bm25_score", ["1.2", "14.2", "7.1"]),
    ],
)
def test_a_mark_or_one_class_that_is_not_the_same_is_asked_about(column: str, values: list[str]) -> None:
    given = table(("question", "answer"), **{column: values})
    mapping = guess_mapping(given)
    assert mapping.shape is Shape.PAIRS
    assert [question.column for question in open_questions(given, mapping)] == [column]


@pytest.mark.parametrize("column", ["wrong", "is_incorrect", "irrelevant", "not_duplicate", "different", "falsch"])
@pytest.mark.parametrize("values", [["yes", "no"], ["1", "0"], ["x", ""], ["True", "False"]], ids=" ".join)
def test_a_yes_of_wrong_answers_is_never_the_same(column: str, values: list[str]) -> None:
    for names in (("question", "answer"), ("u", "v")):
        given = table(names, **{column: values})
        mapping = guess_mapping(given)
        assert mapping.shape in (Shape.PAIRS, Shape.LABELLED_PAIRS)
        assert mapping.same == ()
        assert [question.column for question in open_questions(given, mapping)] == [column]


@pytest.mark.parametrize("value", ["1", "yes", "duplicate", "True"])
def test_a_class_that_says_same_in_every_row_is_no_question(value: str) -> None:
    given = table(("question", "answer"), label=[value])
    mapping = guess_mapping(given)
    assert mapping.shape is Shape.PAIRS
    assert open_questions(given, mapping) == []
    assert [one.name for one in unused_columns(given, mapping)] == ["label"]


@pytest.mark.parametrize("rows", [4_000, 20_000])
def test_classes_that_take_turns_are_both_seen_in_a_long_table(rows: int) -> None:
    columns = {name: [f"{name} is sentence {at}" for at in range(rows)] for name in ("query", "document")}
    frame = pd.DataFrame(columns | {"label": ["1", "0"] * (rows // 2)}, dtype="str")
    assert guess_mapping(Table.from_frame(frame)).shape is Shape.LABELLED_PAIRS


def test_a_value_that_only_few_rows_of_a_long_table_have_is_seen() -> None:
    columns = {name: [f"{name} is sentence {at}" for at in range(9_000)] for name in ("query", "document")}
    frame = pd.DataFrame(columns | {"label": ["0" if at == 8_999 else "1" for at in range(9_000)]}, dtype="str")
    assert guess_mapping(Table.from_frame(frame)).roles["label"] == ("label",)


TITLED = {
    "news": (("title", "description"), "class", ["1", "2", "3", "4"]),
    "reviews": (("title", "content"), "label", ["0", "1"]),
    "topics": (("Titel", "Text"), "Klasse", ["Sport", "Politik"]),
}


@pytest.mark.parametrize("name", TITLED)
def test_the_label_of_a_titled_text_is_of_the_text(name: str) -> None:
    sides, column, values = TITLED[name]
    mapping = guess_mapping(table(sides, **{column: values}))
    assert mapping.shape is Shape.LABELLED_TEXTS
    assert mapping.roles == {"text": sides, "label": (column,)}


def test_a_title_and_its_text_with_a_relevance_stay_a_pair() -> None:
    assert guess_mapping(table(("title", "text"), relevance=["0", "1"])).shape is Shape.LABELLED_PAIRS
    assert guess_mapping(table(("title", "text"), label=["related", "unrelated"])).shape is Shape.LABELLED_PAIRS


def test_few_queries_with_many_products_are_a_side_of_pairs() -> None:
    given = table(("product_title",), query=["red shoe", "blue hat", "green coat"], esci_label=["E", "S", "C", "I"])
    mapping = guess_mapping(given)
    assert mapping.shape is Shape.LABELLED_PAIRS
    assert mapping.roles == {"anchor": ("query",), "positive": ("product_title",), "label": ("esci_label",)}
    given = table(("product",), query=["red shoe", "blue hat", "green coat"], relevance=["0", "1", "2"])
    assert guess_mapping(given).roles == {"anchor": ("query",), "positive": ("product",), "score": ("relevance",)}


@pytest.mark.parametrize(("first", "second"), [("positive_1", "positive_2"), ("answer1", "answer2")])
def test_two_answers_of_a_question_are_no_pair(first: str, second: str) -> None:
    mapping = guess_mapping(given := table(("question", first, second)))
    assert mapping.roles == {"anchor": ("question",), "positive": (first,)}
    assert [one.name for one in unused_columns(given, mapping)] == [second]


def test_answers_of_yes_and_no_are_classes() -> None:
    mapping = guess_mapping(table(("question",), answer=["yes", "no"]))
    assert mapping.roles == {"text": ("question",), "label": ("answer",)}
    mapping = guess_mapping(table(("question", "passage"), answer=["true", "false"]))
    assert mapping.roles == {"anchor": ("question",), "positive": ("passage",), "label": ("answer",)}


NEGATIVES = ("negative", "irrelevant", "wrong_answer", "hard_neg", "Negativ", "négatif", "负例", "rejected")


@pytest.mark.parametrize("name", NEGATIVES)
def test_a_negative_by_its_name(name: str) -> None:
    mapping = guess_mapping(table(("query", "relevant", name)))
    assert mapping.shape is Shape.TRIPLETS
    assert mapping.roles["negative"] == (name,)


def test_letters_keep_their_order() -> None:
    assert guess_mapping(table(("a", "b"))).roles == {"anchor": ("a",), "positive": ("b",)}


DIRECTIONS = (
    ("Frage", "Antwort"),
    ("pregunta", "respuesta"),
    ("question", "réponse"),
    ("问题", "答案"),
    ("質問", "回答"),
    ("вопрос", "ответ"),
    ("domanda", "risposta"),
    ("pergunta", "resposta"),
    ("vraag", "antwoord"),
    ("pytanie", "odpowiedź"),
    ("soru", "cevap"),
    ("질문", "답변"),
    ("السؤال", "الجواب"),
    ("प्रश्न", "उत्तर"),
    ("otázka", "odpověď"),
    ("fråga", "svar"),
    ("kérdés", "válasz"),
    ("คำถาม", "คำตอบ"),
    ("Customer question", "Our answer"),
    ("输入", "输出"),
    ("提问", "答复"),
    ("Titel", "Loesung"),
    ("título", "descripción"),
    ("body", "ideal_answer"),
    ("subject", "resolution"),
)


@pytest.mark.parametrize(("anchor", "positive"), DIRECTIONS)
def test_direction_follows_names_in_every_language(anchor: str, positive: str) -> None:
    for order in ((anchor, positive), (positive, anchor)):
        mapping = guess_mapping(table(order))
        assert mapping.shape is Shape.PAIRS
        assert mapping.roles == {"anchor": (anchor,), "positive": (positive,)}


def test_a_running_number_beside_question_and_answer_makes_no_triplet() -> None:
    given = table(("Question", "Answer", "Remark"), No=[str(at) for at in range(1, ROWS + 1)])
    mapping = guess_mapping(given)
    assert mapping.shape is Shape.PAIRS
    assert mapping.roles == {"anchor": ("Question",), "positive": ("Answer",)}
    assert {one.name for one in unused_columns(given, mapping)} == {"No", "Remark"}


def test_three_texts_of_unknown_names_make_no_negative() -> None:
    assert guess_mapping(table(("Thema", "Problem", "Behebung"))).shape is Shape.PAIRS


@pytest.mark.parametrize(
    "columns",
    [
        {"qid": [str(1000 + at) for at in range(ROWS)], "pid": [str(70000 + 3 * at) for at in range(ROWS)]},
        {"query-id": [f"q{at}" for at in range(ROWS)], "corpus-id": [f"d{at}" for at in range(ROWS)]},
        {"a": [f"{at:08x}" for at in range(ROWS)], "b": ["2024-01-02"] * ROWS},
    ],
)
def test_ids_are_no_texts(columns: dict[str, list[str]]) -> None:
    with pytest.raises(InputError, match="No column holds text"):
        guess_mapping(Table.from_frame(pd.DataFrame(columns, dtype="str")))


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1,000", "1,5"], [1.0, 1.5]),
        (["1,000", "20", "3,500"], [1000, 20, 3500]),
        (["0,125", "1,000"], [0.125, 1.0]),
        (["1.234,5", "2"], [1234.5, 2]),
        (["1,234.5", "2"], [1234.5, 2]),
        (["85%", "7,5 %"], [0.85, 0.075]),
        (["−3", "+4", "1e-2"], [-3, 4, 0.01]),
        (["4/5", "0/5", "3/0"], [0.8, 0, np.nan]),
        (["inf", "x", "", "1.2.3"], [np.nan] * 4),
    ],
)
def test_numbers_as_people_write_them(cells: list[str], numbers: list[float]) -> None:
    np.testing.assert_allclose(parse_numbers(pd.Series(cells, dtype="str")), numbers)


def test_a_scale_that_falls_is_written_high_to_low() -> None:
    assert parse_scale("1-0") == (1, 0)


def test_what_is_left_out_together_is_named_by_its_own_reason(tmp_path: Path) -> None:
    path = tmp_path / "passages.json"
    context = {"title": "Desk", "text": "Open the page of the desk."}
    row = {"answers": ["x"], "positive_ctxs": [context], "negative_ctxs": [], "hard_negative_ctxs": [context]}
    path.write_text(json.dumps([{"question": f"How do I reach desk {n}?", **row} for n in range(9)]))
    given = read_table(path)
    reasons = {one.name: one.looks_like for one in unused_columns(given, guess_mapping(given))}
    assert reasons == {"answers": "short answers", "negative_ctxs": "easy negatives"}
