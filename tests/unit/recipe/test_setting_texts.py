"""Options and values of settings read as words."""

from __future__ import annotations

import pytest

from lib.recipe.losses import LOSSES
from lib.recipe.setting_texts import format_setting, option_title


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("MultipleNegativesRanking", "Multiple negatives ranking"),
        ("BatchHardSoftMargin", "Batch-hard soft-margin triplet"),
        ("CoSENT", "CoSENT"),
        ("GISTEmbed", "GISTEmbed"),
        ("CachedGISTEmbed", "Cached GISTEmbed"),
        ("query_to_doc", "source to target"),
    ],
)
def test_names_of_losses_read_as_words(name: str, title: str) -> None:
    assert option_title(name) == title


def test_every_loss_has_a_title_of_its_own() -> None:
    assert len({option_title(name) for name in LOSSES}) == len(LOSSES)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("epochs", 9, "9"),
        ("packed", False, "off"),
        ("matryoshka", (256, 128), "256 and 128"),
        ("matryoshka", (), "none"),
        ("where", "ray", "Ray cluster"),
        ("address", "ray", "ray"),  # typed by a person
        ("model", "a/b_c", "a/b_c"),
        ("query_prompt", None, "none"),
    ],
)
def test_values_read_as_words(name: str, value: object, text: str) -> None:
    assert format_setting(name, value) == text
