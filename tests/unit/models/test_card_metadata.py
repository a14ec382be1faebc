"""What a card states in its front matter, as the Hub's cards write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.models.card_metadata import read_card_values

CARD = "---\nlanguage:\n- en\n- 'de'\nlicense: apache-2.0\ntags: [a, \"b\"]\n---\nlicense: mit\n"


@pytest.mark.parametrize(
    ("key", "values"),
    [
        pytest.param("language", ["en", "de"], id="list"),
        pytest.param("license", ["apache-2.0"], id="value"),
        pytest.param("tags", ["a", "b"], id="flow"),
        pytest.param("base_model", [], id="missing"),
    ],
)
def test_values_are_read_from_the_front_matter_alone(tmp_path: Path, key: str, values: list[str]) -> None:
    (tmp_path / "README.md").write_text(CARD, encoding="utf-8")
    assert read_card_values(tmp_path, key) == values


def test_no_card_and_no_front_matter_state_nothing(tmp_path: Path) -> None:
    assert read_card_values(tmp_path, "license") == []
    (tmp_path / "README.md").write_text("license: mit\n", encoding="utf-8")
    assert read_card_values(tmp_path, "license") == []
