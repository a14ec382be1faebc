"""Texts that pages write: nothing of a person's reaches markdown, settings and losses read as words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lib.recipe.presets import RECOMMENDED
from lib.ui.shared.components import escape_markdown, run_titles, settings_summary
from tests.builders import fake_run

RUN = fake_run(id="abc", name="Mine [x](http://evil)")


@pytest.mark.parametrize("sign", list("*_`[]()#+-.!<>|:$~\\"))
def test_no_sign_means_anything_to_markdown(sign: str) -> None:
    assert escape_markdown(f"a{sign}b").replace("\u2060", "") == f"a\\{sign}b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://a.b/c", "http\\:\u2060\\/\\/a\\.b\\/c"),
        ("WWW.a.b", "WWW\u2060\\.a\\.b"),
        ("a@b.c", "a\u2060\\@b\\.c"),
        (":smile:", "\\:\u2060smile\\:"),
        ("a\x1bb", "a\\\\u001bb"),
    ],
)
def test_what_markdown_replaces_after_the_escapes_is_split(text: str, shown: str) -> None:
    assert escape_markdown(text) == shown


@pytest.mark.parametrize(
    ("changes", "summary"),
    [
        ({}, "Recommended"),
        ({"epochs": 9}, "epochs 9"),
        ({"where": "devices", "processes": 2}, "where to run: all its devices, processes 2"),
        ({"packed": False, "lora_rank": 8}, "packed batches off, LoRA rank 8"),
        ({"matryoshka": (256, 128)}, "matryoshka dimensions 256 and 128"),
    ],
)
def test_only_settings_that_differ_from_recommended_are_named(changes: dict[str, Any], summary: str) -> None:
    assert settings_summary(replace(RUN, recipe_text=replace(RECOMMENDED, **changes).to_text())) == summary


def test_runs_of_one_name_and_time_are_told_apart_by_their_ids() -> None:
    titles = run_titles([RUN, replace(RUN, id="def"), replace(RUN, id="ghi", name="Other")])
    assert len(set(titles.values())) == 3
    assert titles["abc"].endswith("abc")
    assert not titles["ghi"].endswith("ghi")
