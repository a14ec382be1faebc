"""The command that lists the groups of a map's texts and compares two."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lib.__main__ import main
from lib.projection.store import end_vectors
from lib.projection.text_groups import encode_texts
from tests.unit.projection.finished import finished_run, finished_texts, plant_regions


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> object:
    assert main(["groups", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_groups_of_a_map_are_listed_with_their_texts(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = finished_run(home)
    plant_regions(run, texts=120)
    listed = {one["group"]: one["texts"] for one in printed(capsys, run.id)}
    assert listed["Region: warm"] == listed["Region: cold"] == 48
    assert listed["group: team 0"] == 40
    assert main(["groups", run.id]) == 0
    assert "       48  Region: warm" in capsys.readouterr().out


def test_two_groups_are_compared_in_the_full_dimensions(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = finished_run(home)
    regions = plant_regions(run, texts=120)["wide"]
    found = printed(capsys, run.id, "--a", "WARM", "--b", "Region: cold")
    base, tuned = end_vectors(run)
    first, second = (np.flatnonzero(regions.of_text == number) for number in (0, 1))
    for name, vectors in (("base", base), ("tuned", tuned)):
        assert found["between"][name] == pytest.approx((vectors[first] @ vectors[second].T).mean(), abs=1e-5)
    assert (found["a"]["group"], found["a"]["texts"]) == ("Region: warm", 48)
    assert len(found["b"]["examples"]) == 3
    assert main(["groups", run.id, "--a", "warm", "--b", "cold"]) == 0
    assert "Between A and B" in capsys.readouterr().out


def test_a_lasso_of_a_link_and_a_class_are_groups(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = finished_texts(home)
    name = printed(capsys, run.id)[0]["group"]
    found = printed(capsys, run.id, "--a", encode_texts([0, 1, 2]), "--b", name)
    assert found["a"]["texts"] + found["shared_texts"] == 3


@pytest.mark.parametrize(
    "given",
    [("--a", "warm"), ("--a", "warm", "--b", "nowhere"), ("--a", "warm", "--b", "Region: warm")],
    ids=["one", "unknown", "same"],
)
def test_groups_that_cannot_be_compared_are_refused(
    home: Path, given: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    run = finished_run(home)
    plant_regions(run, texts=120)
    assert main(["groups", run.id, *given]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def test_a_run_without_a_map_is_told_how_to_draw_one(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = finished_run(home, with_map=False)
    assert main(["groups", run.id]) == 1
    assert f"lib map {run.id}" in capsys.readouterr().err
