"""The card of a tuned model: the evaluation stands in it once, however often it was repeated."""

from __future__ import annotations

from pathlib import Path

from lib.evaluation.difference import Difference
from lib.store.publish import publish, verify
from lib.training.card import HELD_OUT, add_held_out, held_out_table, metrics_table, read_model_facts, write_card

FACTS = {"dataset": "d1"}
NUMBERS = {"mrr@10": Difference(0.5, 0.75, 0.2, float("nan"))}


def test_an_evaluation_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    with publish(tmp_path / "model") as part:
        card = write_card(folder="model", model_name="a/b", recipe={"epochs": 3}, facts=FACTS, epochs=[])
        (part / "README.md").write_text(card, encoding="utf-8")
    for verdict in ("Better.", "No clear change."):
        add_held_out(tmp_path / "model", verdict=verdict, metrics=NUMBERS)
        assert verify(tmp_path / "model") == []
    card_text = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert card_text.count(HELD_OUT) == 1
    assert "No clear change." in card_text
    assert "Better." not in card_text
    assert "| MRR@10 | 0.500 | 0.750 | +0.250 | no interval |" in card_text
    assert card_text.index(HELD_OUT) < card_text.index("## Recipe") < card_text.index("- epochs: 3")


def test_a_folder_without_our_card_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("somebody's own words")
    add_held_out(tmp_path, verdict="Better.", metrics=NUMBERS)
    assert (tmp_path / "README.md").read_text() == "somebody's own words"


def test_the_facts_of_a_folder_that_has_none_are_none(tmp_path: Path) -> None:
    assert read_model_facts(tmp_path / "nowhere") == {}
    (tmp_path / "closer.json").write_text("{")
    assert read_model_facts(tmp_path) == {}
    (tmp_path / "closer.json").write_text('{"texts_per_second": 250.5}')
    assert read_model_facts(tmp_path)["texts_per_second"] == 250.5


def test_a_metric_without_an_interval_says_so() -> None:
    line = held_out_table({"recall@1": Difference(0.5, 0.75)})[-1]
    assert line == "| Recall@1 | 50% | 75% | +25 points | no interval |"


def test_each_epoch_has_a_row_of_its_metrics() -> None:
    epochs = [{"epoch": n, "metrics": {"mrr@10": 0.5 + n / 10, "recall@1": 0.25 + n / 10}} for n in range(2)]
    assert metrics_table(epochs) == [
        "| Epoch | MRR@10 | Recall@1 |",
        "|---|---:|---:|",
        "| 0 | 0.500 | 25% |",
        "| 1 | 0.600 | 35% |",
    ]
