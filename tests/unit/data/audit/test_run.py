"""Each finding on rows made for it: what is flagged, what each choice leaves, nothing goes silently."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.data.audit import registry
from lib.data.audit.characters import escape_invisible, html_to_text
from lib.data.audit.check import AuditContext, Check
from lib.data.audit.duplicates import expected_false_negatives
from lib.data.audit.lengths import bundled_tokenizer_path, count_tokens
from lib.data.audit.registry import CHECKS
from lib.data.audit.run import Audit, audit_examples
from lib.data.audit.scripts import SCRIPT_NAMES, detect_language, detect_scripts
from lib.data.columns.mapping import Examples
from lib.data.near_duplicates import near_duplicate_groups
from lib.errors import InputError
from lib.shapes import Shape

LONG = "The quick brown fox jumps over the lazy dog while the patient cat watches from the wall."


def pairs(*rows: tuple[str, str]) -> Examples:
    frame = pd.DataFrame(rows, columns=["anchor", "positive"], dtype="str")
    return Examples(Shape.PAIRS, frame.assign(line=np.arange(2, len(rows) + 2)))


def build_examples(shape: Shape, name: str, *rows: tuple[object, ...]) -> Examples:
    columns = ["text", name] if shape is Shape.LABELLED_TEXTS else ["anchor", "positive", name]
    frame = pd.DataFrame(rows, columns=columns).assign(line=np.arange(2, len(rows) + 2))
    return Examples(shape, frame.astype({c: "str" for c in columns if c != "score"}))


def count(found: Audit, name: str) -> int:
    return next(finding.count for finding in found.findings if finding.name == name)


def lines(found: Audit, name: str) -> list[int]:
    return next(finding.lines.tolist() for finding in found.findings if finding.name == name)


def test_clean_rows_have_no_finding() -> None:
    found = audit_examples(pairs(("what is a fox", "an animal"), ("what is a wall", "a building part")))
    assert found.nonempty_findings == []
    assert len(found.left_out) == 0


def test_empty_cells_are_always_left_out_with_their_line() -> None:
    found = audit_examples(pairs(("a", "b"), ("", "c"), ("d", " \t"), ("e", "f")))
    assert lines(found, "empty") == [3, 4]
    assert found.examples.frame["line"].tolist() == [2, 5]
    assert found.left_out[["line", "reason"]].to_numpy().tolist() == [[3, "Empty cells"], [4, "Empty cells"]]


def test_equal_sides_ignore_case_and_white_space() -> None:
    rows = pairs(("Same  text", "same text"), ("a", "b"))
    assert lines(audit_examples(rows), "equal_sides") == [2]
    scored = build_examples(Shape.SCORED, "score", ("x", "X", 1.0), ("y", "z", 0.2))
    assert len(audit_examples(scored).examples.frame) == 2


def test_exact_duplicates_leave_the_first() -> None:
    found = audit_examples(pairs(("a", "b"), ("a", "b"), ("a", "B"), ("a", "b")))
    assert lines(found, "exact_duplicates") == [3, 5]
    assert lines(found, "near_duplicates") == [4]
    assert len(found.examples.frame) == 2
    assert len(audit_examples(pairs(("a", "b"), ("a", "b")), choices={"exact_duplicates": "keep"}).examples.frame) == 2


def test_same_pair_with_another_value_is_no_duplicate_but_a_contradiction() -> None:
    found = audit_examples(
        build_examples(Shape.LABELLED_PAIRS, "label", ("a", "b", "1"), ("a", "b", "0"), ("c", "d", "1"))
    )
    assert count(found, "exact_duplicates") == 0
    assert lines(found, "contradictions") == [2, 3]


def test_near_duplicates_by_one_word_in_many() -> None:
    text = f"{LONG} Nobody in the village knows how long it has been sitting there, or what it is waiting for."
    other = text.replace("patient", "patiently")
    found = audit_examples(pairs((text, "x y z"), (other, "x y z"), (text[::-1], "x y z")))
    assert lines(found, "near_duplicates") == [3]


def test_signs_alone_do_not_make_short_texts_near() -> None:
    codes = near_duplicate_groups(["<?>", "<q>", "a-b", "a+b", "hello, world", "Hello world!", ""])
    assert len(set(codes[:4])) == 4
    assert codes[4] == codes[5]
    assert codes[6] == -1


def test_many_targets_of_one_source_are_counted_with_their_false_negatives() -> None:
    found = audit_examples(pairs(("a", "1"), ("a", "2"), ("a", "3"), ("b", "4")))
    finding = next(finding for finding in found.findings if finding.name == "one_source_many_targets")
    assert finding.count == 2
    assert len(found.examples.frame) == 4
    dropped = audit_examples(found.examples, choices={"one_source_many_targets": "drop"})
    assert dropped.examples.frame["positive"].tolist() == ["1", "4"]
    assert "3 different targets" in finding.detail
    assert count(found, "one_target_many_sources") == 0


def test_false_negatives_agree_with_random_batches() -> None:
    texts = np.repeat(np.arange(40), [5] * 20 + [1] * 20)
    generator = np.random.default_rng(3)
    batches = [texts[generator.permutation(len(texts))[:16]] for _ in range(3_000)]
    measured = np.mean([sum(c * (c - 1) for c in np.bincount(batch)) for batch in batches])
    expected = expected_false_negatives(np.bincount(texts), len(texts), 16)
    assert measured == pytest.approx(expected, rel=0.1)
    assert expected_false_negatives(np.array([1]), 1, 64) == 0


def test_invisible_characters_are_flagged_shown_and_removed() -> None:
    rows = pairs(("plain", "text"), ("zero\u200bwidth", "x"), ("bell\x07", "y"), ("a\u202eb", "z"), ("tab\tok", "w\n"))
    assert lines(audit_examples(rows), "invisible_characters") == [3, 4, 5]
    fixed = audit_examples(rows, choices={"invisible_characters": "fix"}).examples.frame
    assert fixed["anchor"].tolist() == ["plain", "zerowidth", "bell", "ab", "tab\tok"]
    assert escape_invisible("a\u202eb\x07") == "a\\u202eb\\u0007"


def test_joiners_between_persian_letters_belong_there() -> None:
    rows = pairs(("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "x"), ("a\u200cb", "y"))
    assert lines(audit_examples(rows), "invisible_characters") == [3]


def test_fix_makes_what_follows_equal() -> None:
    rows = pairs(("a\u200b", "b"), ("a", "b"), ("c", "d"))
    assert len(audit_examples(rows, choices={"invisible_characters": "fix"}).examples.frame) == 2


def test_broken_characters() -> None:
    rows = pairs(("sch\u00c3\u00b6n", "x"), ("sch\u00f6n", "y"), ("what\ufffd", "z"), ("na\u00c3o", "w"))
    assert lines(audit_examples(rows), "broken_characters") == [2, 4]


def test_html_is_stripped_but_commands_are_not() -> None:
    rows = pairs(("<p>Hello<br/>you &amp; me</p>", "x"), ("cat <file>", "a < b > c"), ("R&D", "AT&T; more"))
    found = audit_examples(rows, choices={"html": "fix"})
    assert lines(found, "html") == [2]
    assert found.examples.frame["anchor"].tolist() == ["Hello\nyou & me", "cat <file>", "R&D"]
    assert html_to_text("<div>a<script>evil()</script><b>b</b> <file></div>") == "ab <file>"


def test_long_texts_are_counted_in_the_models_own_tokens() -> None:
    long = " ".join(["word"] * 300)
    found = audit_examples(pairs(("short", "x"), (long, "y")))
    assert lines(found, "too_long") == [3]
    assert "longest has 302" in next(f.detail for f in found.findings if f.name == "too_long")


def test_token_counts_are_exact_or_surely_below_the_limit() -> None:
    texts = ["word " * 300, "short", "\ud55c\uad6d\uc5b4 " * 60, "\u00e9" * 90, "a" * 5_000]
    exact = count_tokens(texts, tokenizer=bundled_tokenizer_path())
    quick = count_tokens(texts, tokenizer=bundled_tokenizer_path(), at_least=256)
    assert ((quick > 256) == (exact > 256)).all()
    assert exact[0] == 302


def test_scripts_of_each_side() -> None:
    rows = pairs(*[("hello there", "x")] * 3, ("\u043f\u0440\u0438\u0432\u0435\u0442", "y"))
    found = audit_examples(rows, choices={"exact_duplicates": "keep"})
    assert lines(found, "scripts") == [5]
    texts = ["abc", "\u3042\u3044", "\u6f22\u5b57", "\ud55c\uad6d", "123 !?", "\u03b1\u03b2\u03b3"]
    assert [SCRIPT_NAMES[code] for code in detect_scripts(texts)] == [
        "Latin",
        "Japanese kana",
        "Chinese characters",
        "Hangul",
        "",
        "Greek",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("how do I reset the password for my account", "English"),
        ("wie kann ich mich vor der Krankheit und den Folgen", "German"),
        ("ls -la", ""),
    ],
)
def test_language_by_function_words(text: str, expected: str) -> None:
    assert detect_language(text) == expected


def test_scores_out_of_range_and_no_numbers() -> None:
    rows = build_examples(
        Shape.SCORED, "score", ("a", "b", 0.5), ("c", "d", 1.7), ("e", "f", float("nan")), ("g", "h", -0.2)
    )
    found = audit_examples(rows)
    assert lines(found, "out_of_range") == [3, 5]
    assert lines(found, "no_value") == [4]
    assert audit_examples(rows, choices={"out_of_range": "fix"}).examples.frame["score"].tolist() == [0.5, 1.0, 0.0]
    assert lines(audit_examples(rows, context=AuditContext(lowest_score=-1.0)), "out_of_range") == [3]


def test_label_imbalance() -> None:
    rows = [(f"text about cards {at}", "card") for at in range(60)] + [(f"odd one {at}", "odd") for at in range(4)]
    found = audit_examples(build_examples(Shape.LABELLED_TEXTS, "label", *rows, ("nothing", "")))
    assert count(found, "label_imbalance") == 4
    assert lines(found, "no_value") == [66]
    assert "15.0 to 1" in next(f.detail for f in found.findings if f.name == "label_imbalance")


def test_rows_of_the_wrong_width_come_from_the_report() -> None:
    found = audit_examples(pairs(("a", "b"), ("c", "d")), context=AuditContext(wrong_width=frozenset({3})))
    assert lines(found, "wrong_width") == [3]


def test_row_counts_follow_the_choices() -> None:
    found = audit_examples(pairs(("a", "b"), ("a", "b"), ("", "c"), ("d", "d"), ("e", "f")))
    for before, after in zip(found.findings, found.findings[1:], strict=False):
        assert before.rows_after == after.rows_before
    assert found.findings[-1].rows_after == len(found.examples.frame) == 2
    assert len(found.left_out) == 3


@pytest.mark.parametrize("choices", [{"nonsense": "keep"}, {"empty": "keep"}, {"html": "burn"}])
def test_unknown_choices_are_refused(choices: dict[str, str]) -> None:
    with pytest.raises(InputError):
        audit_examples(pairs(("a", "b")), choices=choices)


def test_every_check_is_registered() -> None:
    folder = Path(registry.__file__).parent
    modules = [import_module(f"lib.data.audit.{path.stem}") for path in folder.glob("*.py") if path.stem != "__init__"]
    written = {id(value) for module in modules for value in vars(module).values() if isinstance(value, Check)}
    assert written == {id(check) for check in registry.CHECKS}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_check_explains_itself_and_runs_on_no_rows(check: object) -> None:
    assert len(check.why) > 40
    assert check.default in check.choices
    assert ("fix" in check.choices) == (check.fix is not None)
    for shape in check.shapes:
        names = {Shape.LABELLED_TEXTS: ["text"], Shape.TRIPLETS: ["anchor", "positive", "negative"]}
        columns = names.get(shape, ["anchor", "positive"])
        frame = pd.DataFrame({name: pd.Series([], dtype="str") for name in columns})
        frame["line"] = pd.Series([], dtype="int64")
        if shape is Shape.SCORED:
            frame["score"] = pd.Series([], dtype="float64")
        if shape in (Shape.LABELLED_PAIRS, Shape.LABELLED_TEXTS):
            frame["label"] = pd.Series([], dtype="str")
        assert audit_examples(Examples(shape, frame)).nonempty_findings == []
