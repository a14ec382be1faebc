"""No split ever leaks, sizes add up, the same seed gives the same split."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.data.audit.run import audit_examples
from lib.data.columns.mapping import Examples
from lib.data.normalisation import near_key, same_key
from lib.data.prepare import prepare, split_audited
from lib.data.split.components import find_components
from lib.data.split.split import assign_parts, split_examples
from lib.errors import InputError
from lib.settings import PARTS
from lib.shapes import Shape

WORDS = st.sampled_from([f"text {at}" for at in range(60)] + ["Text 1", "TEXT  2", "text-3", "te xt 4"])
GROUPS = st.sampled_from(["", "", "", "g1", "g2", "g3"])


@st.composite
def examples(draw: st.DrawFn, shape: Shape) -> Examples:
    """Draw up to 120 rows of a shape over few texts, so that they share many."""
    count = draw(st.integers(3, 120))
    columns = {"text": WORDS} if shape is Shape.LABELLED_TEXTS else {"anchor": WORDS, "positive": WORDS}
    if shape is Shape.TRIPLETS:
        columns["negative"] = WORDS
    frame = pd.DataFrame(
        {name: draw(st.lists(words, min_size=count, max_size=count)) for name, words in columns.items()}
    )
    frame["line"] = np.arange(2, count + 2)
    if draw(st.booleans()):
        frame["group"] = pd.Series(draw(st.lists(GROUPS, min_size=count, max_size=count)), dtype="str")
    if shape is Shape.SCORED:
        frame["score"] = draw(st.lists(st.floats(0, 1), min_size=count, max_size=count))
    if shape in (Shape.LABELLED_PAIRS, Shape.LABELLED_TEXTS):
        frame["label"] = pd.Series(draw(st.lists(st.sampled_from("01"), min_size=count, max_size=count)), dtype="str")
    return Examples(shape, frame)


def leaks(found: Examples, frame: pd.DataFrame) -> list[str]:
    """Find the texts and groups that stand in two parts."""
    in_parts = frame[frame["part"] != ""]
    names = [name for name in ("anchor", "positive", "text") if name in in_parts]
    stacked = pd.concat(
        [pd.DataFrame({"text": in_parts[name].map(same_key).map(near_key), "part": in_parts["part"]}) for name in names]
    )
    parts = stacked.groupby("text")["part"].nunique()
    bad = parts[parts > 1].index.tolist()
    if "group" in in_parts:
        grouped = in_parts[in_parts["group"] != ""].groupby("group")["part"].nunique()
        bad += grouped[grouped > 1].index.tolist()
    return bad


SHAPES = st.sampled_from(list(Shape)).flatmap(examples)


@settings(max_examples=150, deadline=None)
@given(SHAPES, st.integers(0, 5), st.floats(0.05, 0.4), st.floats(0.05, 0.4))
def test_no_split_ever_leaks(found: Examples, seed: int, validation: float, held_out: float) -> None:
    frame = split_examples(found, validation=validation, held_out=held_out, seed=seed)
    assert leaks(found, frame) == []
    assert len(frame) == len(found.frame)
    assert set(frame["part"]) <= {"train", "validation", "held_out", ""}
    assert frame["line"].tolist() == found.frame["line"].tolist()


@settings(max_examples=100, deadline=None)
@given(SHAPES, st.data())
def test_a_given_split_is_kept_and_never_leaks(found: Examples, data: st.DataObject) -> None:
    part = st.sampled_from(["train", "train", "validation", "held_out"])
    given_parts = data.draw(st.lists(part, min_size=len(found.frame), max_size=len(found.frame)))
    own = Examples(found.shape, found.frame.assign(part=pd.Series(given_parts, dtype="str")))
    frame = split_examples(own, seed=1)
    assert leaks(own, frame) == []
    in_parts = (frame["part"] != "").to_numpy()
    held_out = np.array(given_parts) == "held_out"
    assert in_parts[held_out].all()
    assert (frame["part"].to_numpy()[held_out] == "held_out").all()


@settings(max_examples=60, deadline=None)
@given(SHAPES, st.integers(0, 5))
def test_same_seed_same_split(found: Examples, seed: int) -> None:
    first, second = (split_examples(found, seed=seed) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


@settings(max_examples=60, deadline=None)
@given(SHAPES)
def test_rows_of_a_component_stand_in_one_part(found: Examples) -> None:
    frame = found.frame.assign(component=find_components(found))
    parts = assign_parts(found.shape, frame, validation=0.1, held_out=0.2, seed=0)
    frame = frame.assign(part=np.array(PARTS)[parts])
    assert (frame.groupby("component")["part"].nunique() == 1).all()
    assert frame["part"].isin(PARTS).all()


def many(count: int, *, sources: int = 1) -> Examples:
    frame = pd.DataFrame(
        {
            "anchor": [f"question {at}" for at in range(count)],
            "positive": [f"answer {at // sources}" for at in range(count)],
        },
        dtype="str",
    )
    return Examples(Shape.PAIRS, frame.assign(line=np.arange(2, count + 2)))


@pytest.mark.parametrize("sources", [1, 2, 11])
def test_sizes_are_as_near_as_groups_allow(sources: int) -> None:
    counts = split_examples(many(1_100, sources=sources))["part"].value_counts()
    assert abs(counts["held_out"] - 220) <= sources
    assert abs(counts["validation"] - 110) <= sources


def test_another_seed_is_another_split() -> None:
    found = many(200)
    assert split_examples(found, seed=0)["part"].tolist() != split_examples(found, seed=1)["part"].tolist()


def test_every_part_has_its_share_of_each_class() -> None:
    labels = ["big"] * 700 + ["middle"] * 200 + ["small"] * 100
    frame = pd.DataFrame({"text": [f"some text {at}" for at in range(1_000)], "label": labels}, dtype="str")
    found = split_examples(Examples(Shape.LABELLED_TEXTS, frame.assign(line=np.arange(1_000))))
    shares = pd.crosstab(found["label"], found["part"])
    assert shares["held_out"].to_dict() == pytest.approx({"big": 140, "middle": 40, "small": 20}, abs=1)
    assert shares["validation"].to_dict() == pytest.approx({"big": 70, "middle": 20, "small": 10}, abs=1)


def test_large_and_small_groups_are_in_every_part() -> None:
    sizes = [20] * 30 + [1] * 600
    positive = np.repeat(np.arange(len(sizes)), sizes)
    frame = pd.DataFrame(
        {"anchor": [f"q {at}" for at in range(1_200)], "positive": [f"a {at}" for at in positive]}, dtype="str"
    )
    found = split_examples(Examples(Shape.PAIRS, frame.assign(line=np.arange(1_200))))
    large = found[found["component"].map(found["component"].value_counts()) == 20]
    assert set(large["part"]) == {"train", "validation", "held_out"}


def test_a_knot_is_cut_at_little_cost_and_told() -> None:
    """Two hundred questions, each with a same and a different partner drawn from few texts: one component."""
    generator = np.random.default_rng(0)
    rows = [(f"question {at}", f"same {at // 2}", "1") for at in range(200)]
    rows += [(f"question {at}", f"same {generator.integers(100)}", "0") for at in range(200)]
    frame = pd.DataFrame(rows, columns=["anchor", "positive", "label"], dtype="str")
    found = Examples(Shape.LABELLED_PAIRS, frame.assign(line=np.arange(400)))
    uncut = found.frame.assign(component=find_components(found))
    assert (assign_parts(found.shape, uncut, validation=0.1, held_out=0.2, seed=0) == 2).sum() < 40
    prepared = split_audited(audit_examples(found))
    assert prepared.counts["held_out"] > 40
    assert prepared.counts["validation"] > 20
    assert leaks(found, prepared.frame) == []
    assert len(prepared.frame) + len(prepared.left_out) == 400
    assert len(prepared.left_out) < 200
    assert (prepared.frame["label"] == "1").sum() > 170


@pytest.mark.parametrize(("validation", "held_out"), [(0.5, 0.5), (0.9, 0.2), (-0.1, 0.2)])
def test_fractions_that_leave_nothing_are_refused(validation: float, held_out: float) -> None:
    with pytest.raises(InputError, match="no training data"):
        split_examples(many(10), validation=validation, held_out=held_out)


def shared_target(shared: int, others: int) -> pd.DataFrame:
    """Make pairs most of which share one target."""
    rows = [(f"question number {at} about it", "Please write to the desk.") for at in range(shared)]
    rows += [(f"another matter {at} of mine", f"the answer to matter {at}") for at in range(others)]
    return pd.DataFrame(rows, columns=["question", "answer"], dtype="str")


def test_most_rows_of_one_target_fill_train_and_the_rest_is_split() -> None:
    prepared = prepare(shared_target(160, 40))
    assert prepared.counts["train"] >= 160
    assert min(prepared.counts.values()) >= 10
    assert sum(prepared.counts.values()) == 200


def test_small_parts_serve_where_no_cut_can_part_the_rows() -> None:
    prepared = prepare(shared_target(190, 10))
    assert prepared.counts["train"] == 190
    assert min(prepared.counts.values()) >= 2
    assert sum(prepared.counts.values()) == 200


def test_a_split_that_fails_counts_all_rows_of_the_file() -> None:
    rows = [(f"question {at % 3} of all", f"answer {at % 5} of all") for at in range(200)]
    with pytest.raises(InputError) as caught:
        prepare(pd.DataFrame(rows, columns=["question", "answer"], dtype="str"))
    for words in ("of 200 in the file", "185 are left out", "5 of the 15 rows", "10 of the 15 rows"):
        assert words in str(caught.value)


@pytest.mark.parametrize("rows", [2, 3, 4])
def test_too_few_rows_are_called_that(rows: int) -> None:
    pairs = [(f"question {at} of all", f"answer {at} of all") for at in range(rows)]
    with pytest.raises(InputError, match=f"the {rows} rows are too few"):
        prepare(pd.DataFrame(pairs, columns=["question", "answer"], dtype="str"))


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([f"class {at}" for at in range(30)], "has 0 of the 2 labels with at least 2 examples each"),
        (["a"] * 29 + ["b"], "has 1 of the 2 labels with at least 2 examples each that are needed: “a” 20, “b” 1"),
    ],
    ids=["a class each", "one of the other"],
)
def test_too_few_examples_of_a_class_are_refused_before_anything_is_stored(labels: list[str], words: str) -> None:
    texts = [f"text number {at} of all" for at in range(30)]
    with pytest.raises(InputError, match=words):
        prepare(pd.DataFrame({"text": texts, "label": labels}, dtype="str"))


def test_a_split_that_fails_names_the_shared_text_and_its_count() -> None:
    with pytest.raises(InputError) as caught:
        prepare(shared_target(50, 0))
    assert "“Please write to the desk.”" in str(caught.value)
    assert "50 of the 50 rows" in str(caught.value)


def test_one_class_is_refused_with_its_name() -> None:
    rows = pd.DataFrame({"text": [f"text number {at} of all" for at in range(60)], "label": "heat"}, dtype="str")
    with pytest.raises(InputError, match="All 60 rows have one class, “heat”"):
        prepare(rows)
