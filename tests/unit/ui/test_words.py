"""How pages put numbers and texts: durations, sizes, headlines, the log, what differs between runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lib.store.runs import Run
from lib.training.recipe import RECOMMENDED
from lib.ui.overview import compare
from lib.ui.server.downloads import zip_stream
from lib.ui.shared import polling
from lib.ui.shared.components import escape_markdown, loss_title, settings_summary
from lib.ui.train import log

RUN = Run(
    id="abc",
    name="Mine [x](http://evil)",
    note="",
    starred=False,
    dataset="d",
    model="m",
    recipe=RECOMMENDED.to_dict(),
    batch="",
    created="2026-01-01T00:00:00+00:00",
    headline=None,
    deleted=None,
    state="succeeded",
    reason="",
    job=1,
    started=None,
    ended=None,
    spent=0.0,
    folder=Path("nowhere"),
)


def test_nothing_in_a_plain_text_means_anything_to_markdown() -> None:
    for sign in "*_`[]()#+-.!<>|:$~\\":
        assert escape_markdown(f"a{sign}b") == f"a\\{sign}b"


@pytest.mark.parametrize(("state", "words"), [("succeeded", "has finished"), ("failed", "failed")])
def test_the_announcement_says_how_it_ended_and_leads_there(state: str, words: str) -> None:
    _, text = polling.end_notice(replace(RUN, state=state))
    assert words in text
    assert "run=abc" in text
    assert "](http://evil" not in text


def test_the_log_is_searched_by_all_the_words() -> None:
    entries = [{"time": "2026-01-01T00:00:00+00:00", "level": level, "text": level} for level in ("info", "warning")]
    lines = [log.format_line(entry) for entry in entries]
    assert "WARNING  warning" in lines[1]
    assert log.search_lines(["Epoch one done", "epoch two"], "ONE epoch") == ["Epoch one done"]
    assert log.search_lines(["a", "b"], "") == ["a", "b"]


def test_only_the_settings_that_differ_are_compared() -> None:
    other = replace(RUN, recipe=replace(RECOMMENDED, epochs=9).to_dict())
    assert compare.differing_settings([RUN, RUN]) == []
    assert compare.differing_settings([RUN, other]) == ["epochs"]
    assert compare.differing_settings([RUN, replace(other, model="n")]) == ["model", "epochs"]
    assert settings_summary(other.recipe) == "epochs 9"
    assert settings_summary(RUN.recipe) == "Recommended"


def test_a_setting_that_an_older_run_does_not_know_has_its_default() -> None:
    older = replace(RUN, recipe={name: value for name, value in RUN.recipe.items() if name != "epochs"})
    assert compare.differing_settings([RUN, older]) == []


def test_names_of_losses_read_as_words() -> None:
    assert loss_title("MultipleNegativesRanking") == "Multiple negatives ranking"
    assert loss_title("CoSENT") == "CoSENT"
    assert loss_title("query_to_doc") == "source to target"


def test_a_folder_is_streamed_as_a_zip(tmp_path: Path) -> None:
    import io
    import zipfile

    folder = tmp_path / "model"
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "1_Pooling" / "config.json").write_text("{}")
    (folder / "weights").write_bytes(bytes(range(256)) * 10_000)
    (folder / "passwords").symlink_to("/etc/passwd")
    blocks = list(zip_stream(folder))
    assert len(blocks) > 2
    assert sum(map(len, blocks)) == len(zip_stream(folder))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(blocks)))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == {
        "model/1_Pooling/config.json": b"{}",
        "model/weights": bytes(range(256)) * 10_000,
    }
