"""Which column plays which role: guessed, said, and refused."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.data.columns.guess import find_split_column, guess_mapping, guess_roles
from lib.data.columns.mapping import ColumnMapping, apply_mapping, parse_scale
from lib.data.columns.value_columns import guess_scale
from lib.data.table import Table
from lib.errors import InputError
from lib.shapes import Shape
from tests.conftest import REAL_DATA

LONG = "a longer text that says something number"


def rows(**columns: list[str]) -> Table:
    return Table.from_frame(pd.DataFrame(columns, dtype="str"))


def texts(word: str, count: int = 30) -> list[str]:
    return [f"{word} {LONG} {at}" for at in range(count)]


def cycle(values: list[str], count: int = 30) -> list[str]:
    return (values * count)[:count]


NUMBERS = cycle(["0.0", "1.5", "2.5", "3.0", "4.2", "5.0"])
GUESSES = {
    "names of the format": (["source_sentence", "target_sentence"], {}, Shape.PAIRS),
    "sides the other way round": (["answer", "question"], {}, Shape.PAIRS),
    "question and document": (["Query", "Document"], {}, Shape.PAIRS),
    "title and body": (["title", "body"], {}, Shape.PAIRS),
    "score in fractions": (["sentence1", "sentence2"], {"score": NUMBERS}, Shape.SCORED),
    "score called label": (["sentence1", "sentence2"], {"label": NUMBERS}, Shape.SCORED),
    "duplicate or not": (["question1", "question2"], {"is_duplicate": cycle(["0", "1"])}, Shape.LABELLED_PAIRS),
    "inference": (
        ["premise", "hypothesis"],
        {"label": cycle(["entailment", "neutral", "contradiction"])},
        Shape.LABELLED_PAIRS,
    ),
    "inference in numbers": (["premise", "hypothesis"], {"label": cycle(["0", "1", "2"])}, Shape.LABELLED_PAIRS),
    "triplets": (["anchor", "positive", "negative"], {}, Shape.TRIPLETS),
    "several negatives": (["query", "pos", "hard_negative_1", "neg_2"], {}, Shape.TRIPLETS),
    "text and intent": (["text"], {"intent": cycle(["card", "cash", "loan"])}, Shape.LABELLED_TEXTS),
    "utterance and category": (["utterance"], {"Category": cycle(["a", "b"])}, Shape.LABELLED_TEXTS),
    "no names, two texts": (["column 1", "column 2"], {}, Shape.PAIRS),
    "no names, a text and a class": (["column 1"], {"column 2": cycle(["card", "cash"])}, Shape.LABELLED_TEXTS),
    "no names, two texts and a score": (["x", "y"], {"z": NUMBERS}, Shape.SCORED),
    "no names, two texts and 0 or 1": (["x", "y"], {"z": cycle(["0", "1"])}, Shape.LABELLED_PAIRS),
    "no names, three texts": (["x", "y", "z"], {}, Shape.TRIPLETS),
    "a category beside a pair": (["question", "answer"], {"category": cycle(["a", "b"])}, Shape.PAIRS),
}


@pytest.mark.parametrize("name", GUESSES)
def test_guesses_shape(name: str) -> None:
    text_columns, others, shape = GUESSES[name]
    table = rows(**{column: texts(column) for column in text_columns}, **others)
    mapping = guess_mapping(table)
    assert mapping.shape is shape
    examples = apply_mapping(table, mapping)
    assert len(examples.frame) == 30
    assert set(examples.texts) <= set(examples.frame.columns)


def test_sides_follow_names_not_order() -> None:
    mapping = guess_mapping(rows(answer=texts("a"), question=texts("q")))
    assert mapping.roles == {"anchor": ("question",), "positive": ("answer",)}


def test_tenth_and_eleventh_answer_are_no_pair() -> None:
    mapping = guess_mapping(
        rows(rephr=texts("r"), question=texts("q"), answer=texts("a"), answer_11=texts("k"), answer_12=texts("l"))
    )
    assert mapping.roles == {"anchor": ("question",), "positive": ("answer",)}


def test_a_column_of_one_value_is_no_text() -> None:
    """STS without a header: genre, file, year, number, score and the two sentences."""
    table = rows(
        **{"column 1": ["main-captions"] * 30, "column 2": ["MSRvid"] * 30, "column 3": NUMBERS},
        **{"column 4": texts("one"), "column 5": texts("two")},
    )
    mapping = guess_mapping(table)
    assert (mapping.shape, mapping.roles["anchor"], mapping.roles["positive"]) == (
        Shape.SCORED,
        ("column 4",),
        ("column 5",),
    )


def test_an_attribution_beside_each_pair_is_no_negative() -> None:
    licences = [f"CC-BY 2.0 (France) Attribution: tatoeba.org #{n} (CM) & #{7 * n} (Ada)" for n in range(30)]
    first, second = ([f"{n} {word} of them" for n in range(30)] for word in ("one", "two"))
    mapping = guess_mapping(rows(**{"column 1": first, "column 2": second, "column 3": licences}))
    assert (mapping.shape, list(mapping.roles.values())) == (Shape.PAIRS, [("column 1",), ("column 2",)])


def test_links_are_no_text() -> None:
    links = [f"https://example.org/{at}" for at in range(30)]
    mapping = guess_mapping(rows(page=links, first=texts("a"), second=texts("b")))
    assert mapping.roles == {"anchor": ("first",), "positive": ("second",)}


@pytest.mark.parametrize(
    ("values", "same"),
    [
        (["0", "1"], ("1",)),
        (["true", "false"], ("true",)),
        (["contradiction", "entailment", "neutral"], ("entailment",)),
        (["no", "yes"], ("yes",)),
        (["-1", "1"], ("1",)),
    ],
)
def test_which_class_means_the_same(values: list[str], same: tuple[str, ...]) -> None:
    table = rows(sentence1=texts("a"), sentence2=texts("b"), label=cycle(values))
    assert guess_mapping(table).same == same
    examples = apply_mapping(table, guess_mapping(table)).frame
    assert set(examples["label"]) == {"0", "1"}
    assert ((examples["label"] == "1") == table.frame["label"].isin(same)).all()


def test_more_classes_stay_where_none_is_the_same() -> None:
    table = rows(premise=texts("a"), hypothesis=texts("b"), label=cycle(["x", "y", "z"]))
    roles = {"anchor": ("premise",), "positive": ("hypothesis",), "label": ("label",)}
    assert set(apply_mapping(table, ColumnMapping(Shape.LABELLED_PAIRS, roles)).frame["label"]) == {"x", "y", "z"}


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([0.0, 0.5, 1.0], (0, 1)),
        ([-1.0, 0.2, 1.0], (-1, 1)),
        ([0.0, 2.5, 5.0], (0, 5)),
        ([1.0, 2.5, 5.0], (1, 5)),
        ([0.0, 9.0], (0, 10)),
        ([0.0, 98.0], (0, 100)),
        ([-7.0, 300.0], (-7, 300)),
    ],
)
def test_scale(values: list[float], scale: tuple[float, float]) -> None:
    assert guess_scale(pd.Series(values)) == scale


@pytest.mark.parametrize(
    ("scale", "given", "expected"),
    [("0-5", "2.5", 0.5), ("1-5", "1", 0.0), ("0-1", "0,25", 0.25), ("-1-1", "-0.5", -0.5), ("0-10", "7", 0.7)],
)
def test_scores_are_brought_to_one_scale(scale: str, given: str, expected: float) -> None:
    roles = {"anchor": ("a",), "positive": ("b",), "score": ("c",)}
    mapping = ColumnMapping(Shape.SCORED, roles, scale=parse_scale(scale))
    assert apply_mapping(rows(a=["x"], b=["y"], c=[given]), mapping).frame["score"].tolist() == pytest.approx(
        [expected]
    )


def test_words_where_a_score_should_be_become_nan() -> None:
    mapping = ColumnMapping(Shape.SCORED, {"anchor": ("a",), "positive": ("b",), "score": ("c",)})
    found = apply_mapping(rows(a=["x", "x"], b=["y", "y"], c=["0.5", "much"]), mapping).frame["score"]
    assert found.iloc[0] == 0.5
    assert np.isnan(found.iloc[1])


def test_columns_are_joined_without_empty_ones() -> None:
    mapping = ColumnMapping(Shape.PAIRS, {"anchor": ("title", "body"), "positive": ("answer",)}, joiner=" / ")
    table = rows(title=["T", "T2"], body=["B", " "], answer=["A", "A2"])
    assert apply_mapping(table, mapping).frame["anchor"].tolist() == ["T / B", "T2"]


def test_lines_follow_rows() -> None:
    table = rows(a=["x", "y"], b=["1", "2"])
    assert apply_mapping(table, ColumnMapping(Shape.PAIRS, {"anchor": ("a",), "positive": ("b",)})).frame[
        "line"
    ].tolist() == [
        2,
        3,
    ]


def test_split_words_are_understood_and_others_named() -> None:
    mapping = ColumnMapping(Shape.PAIRS, {"anchor": ("a",), "positive": ("b",)}, part="split")
    table = rows(a=list("pqrs"), b=list("tuvw"), split=["Train", "dev", "TEST", ""])
    assert apply_mapping(table, mapping).frame["part"].tolist() == ["train", "validation", "held_out", "train"]
    with pytest.raises(InputError, match="fold7"):
        apply_mapping(rows(a=["p"], b=["q"], split=["fold7"]), mapping)


def test_published_split_is_offered_not_taken() -> None:
    table = rows(sentence1=texts("a"), sentence2=texts("b"), split=cycle(["train", "valid"]))
    assert guess_mapping(table).part == ""
    assert find_split_column(table.frame) == "split"
    assert find_split_column(rows(a=texts("a"), split=cycle(["wood", "stone"])).frame) == ""


@pytest.mark.parametrize(
    ("roles", "word"),
    [
        ({"anchor": ("a",)}, "positive"),
        ({"anchor": ("a",), "positive": ("nowhere",)}, "nowhere"),
        ({"anchor": ("a",), "positive": ("a",)}, "Two roles"),
    ],
)
def test_mapping_that_does_not_fit_is_refused(roles: dict[str, tuple[str, ...]], word: str) -> None:
    with pytest.raises(InputError, match=word):
        apply_mapping(rows(a=["x"], b=["y"]), ColumnMapping(Shape.PAIRS, roles))


def test_one_column_is_refused() -> None:
    with pytest.raises(InputError, match="one column"):
        guess_mapping(rows(a=["x"]))


@pytest.mark.parametrize("shape", list(Shape))
def test_any_shape_can_be_asked_for(shape: Shape) -> None:
    table = rows(question=texts("q"), answer=texts("a"), other=texts("o"), score=NUMBERS, topic=cycle(["k", "l"]))
    mapping = guess_roles(table, shape)
    assert mapping.shape is shape
    if shape is Shape.LABELLED_PAIRS:
        assert mapping.same == ()
        mapping = replace(mapping, same=("k",))
    assert len(apply_mapping(table, mapping).frame) == 30


def test_mapping_survives_json() -> None:
    table = rows(sentence1=texts("a"), sentence2=texts("b"), label=cycle(["0", "1"]), thread=cycle(list("ijk")))
    mapping = guess_mapping(table)
    assert mapping.group == "thread"
    assert ColumnMapping.from_json(json.loads(json.dumps(mapping.to_json()))) == mapping


REAL = {
    "banking77/data.csv": (Shape.LABELLED_TEXTS, ["text", "intent"]),
    "banking77/raw/train.csv": (Shape.LABELLED_TEXTS, ["text", "category"]),
    "covid_faq/data.csv": (Shape.PAIRS, ["source_sentence", "target_sentence"]),
    "covid_faq/raw/faq_200327.tsv": (Shape.PAIRS, ["question", "answer"]),
    "covid_faq/raw/MT_ar_faq_covidbert.csv": (Shape.PAIRS, ["question", "answer"]),
    "covid_similarity/data.csv": (Shape.LABELLED_PAIRS, ["question1", "question2", "is_duplicate"]),
    "covid_similarity/raw/eval_question_similarity_de.csv": (
        Shape.LABELLED_PAIRS,
        ["question_1", "question_2", "similar"],
    ),
    "gesetze_de/data.csv": (Shape.PAIRS, ["source_sentence", "target_sentence"]),
    "jsts/data.csv": (Shape.SCORED, ["sentence1", "sentence2", "score"]),
    "stackfaq/data.csv": (Shape.PAIRS, ["source_sentence", "target_sentence"]),
    "tldr_en/data.csv": (Shape.PAIRS, ["source_sentence", "target_sentence"]),
    "tldr_triplets/data.csv": (Shape.TRIPLETS, ["anchor", "positive", "negative"]),
    "tldr_multilingual_large/data.csv.gz": (Shape.PAIRS, ["source_sentence", "target_sentence"]),
}


@pytest.mark.parametrize("name", [name for name in REAL if (REAL_DATA / name).exists()])
def test_real_files_are_guessed_right(name: str) -> None:
    shape, columns = REAL[name]
    mapping = guess_mapping(Table.from_frame(head(REAL_DATA / name)))
    assert mapping.shape is shape
    assert [column for names in mapping.roles.values() for column in names] == columns


def head(path: Path, limit: int = 3_000) -> pd.DataFrame:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        separator = "\t" if ".tsv" in path.name else ","
        return pd.read_csv(file, sep=separator, dtype=str, keep_default_na=False, nrows=limit)
