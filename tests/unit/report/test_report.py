"""A report of planted runs: what it holds, what it leaves out, its size and its policy."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from html import escape, unescape
from pathlib import Path

import numpy as np
import pytest

from lib.__main__ import main
from lib.errors import InputError
from lib.evaluation.pair_lists import list_improvements
from lib.evaluation.store import load_evaluation, load_pairs
from lib.format import format_interval
from lib.projection.group_comparison import compare_text_groups
from lib.projection.run import draw_map
from lib.projection.store import end_vectors, load_map, map_texts
from lib.report.texts import SHORT_CHARACTERS, TextDetail, TextWriter
from lib.report.two_groups import GroupChoice
from lib.report.write import make_report
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from tests.unit.projection.finished import evaluate_planted, finished_run, finished_texts, plant_regions

MAX_BYTES = 5_000_000


@pytest.fixture
def planted_run(home: Path) -> Run:
    """Make an evaluated run with a map."""
    run = finished_run(home)
    evaluate_planted(run)
    return run


def report_of(run: Run, detail: TextDetail = TextDetail.FULL) -> str:
    return make_report(open_workspace(), [run], detail=detail)


def body(page: str) -> str:
    """Cut the page before the packed library."""
    return page.split('id="plotly"')[0]


def test_a_report_says_what_the_evaluation_found(planted_run: Run) -> None:
    page, evaluation = report_of(planted_run), load_evaluation(planted_run)
    assert evaluation is not None
    assert evaluation.sentence in page
    assert f'class="badge {evaluation.verdict.replace(" ", "-")}"' in page
    assert page.count('class="card"') == 6
    titles = (
        "Verdict",
        "Map",
        "Search examples",
        "Pairs",
        "Groups",
        "Data",
        "Recipe",
        "How it was measured",
        "Versions",
    )
    assert re.findall("<h2>(.*?)</h2>", page) == list(titles)
    assert planted_run.id in page


def test_texts_are_escaped_and_none_opens_an_element(planted_run: Run) -> None:
    page = body(report_of(planted_run))
    assert "<b onmouseover" not in page
    assert "onmouseover=alert(1)" in page


def test_the_maps_figure_has_every_snapshot(planted_run: Run) -> None:
    (text,) = re.findall(r'id="figure-1">(.*?)</script>', report_of(planted_run), re.DOTALL)
    figure = json.loads(text)
    assert [frame["name"] for frame in figure["frames"]] == ["base", "epoch-001", "best"]
    assert [step["label"] for step in figure["layout"]["sliders"][0]["steps"]][0] == "Base"
    assert report_of(planted_run).count('role="img"') == 2


def test_the_policy_names_the_scripts_of_the_page_and_no_address(planted_run: Run) -> None:
    page = report_of(planted_run)
    (policy,) = re.findall('Content-Security-Policy" content="(.*?)"', page)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (packed,) = re.findall(r'id="plotly">(.*?)</script>', page)
    for text in (script, gzip.decompress(base64.b64decode(packed)).decode()):
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
    assert policy.startswith("default-src &#39;none&#39;")
    assert "unsafe-eval" not in policy
    assert re.findall(r'(?:src|href)="[^"]*"', body(page)) == []


def test_without_texts_no_text_is_in_the_file(planted_run: Run) -> None:
    pairs = load_pairs(planted_run)
    page = body(report_of(planted_run, TextDetail.NONE))
    assert [text for text in [*pairs["anchor"], *pairs["positive"]] if text in page] == []
    assert "about topic" not in page
    assert "Search examples" not in page
    assert "team 1" not in page
    assert "value 3" in page
    assert f"anchor {list_improvements(pairs)['pair'].iloc[0]}" in page
    assert "about topic" in report_of(planted_run, TextDetail.SHORT)


def test_without_texts_classes_have_no_names(home: Path) -> None:
    run = finished_texts(home)
    evaluate_planted(run)
    assert "of&lt;/b&gt; class 1" in report_of(run)
    page = body(report_of(run, TextDetail.NONE))
    assert "of&lt;/b&gt;" not in page
    assert "\\u003cb>of" not in page
    assert "of&lt;" not in page.replace("\\u0026", "&")


def test_a_short_text_is_one_line() -> None:
    writer = TextWriter(TextDetail.SHORT)
    shown = writer.write("a\nb " + "word " * 50, "stand-in")
    assert len(shown) == SHORT_CHARACTERS
    assert shown.startswith("a b word")
    assert writer.write("two\twords", "stand-in") == "two words"


def test_two_runs_are_compared(home: Path, planted_run: Run) -> None:
    other = finished_run(home, snapshots=2)
    evaluate_planted(other)
    page = make_report(open_workspace(), [planted_run, other])
    assert page.count('class="run"') == 2
    assert page.count('id="figure-') == 2
    assert "Compared" in page
    assert all(f"{run.name} · {run.id}</h2>" in page for run in (planted_run, other))
    assert page.count("of 2 runs on this dataset: corrected for 2 comparisons (Holm)") == 2
    assert page.count('id="plotly"') == 1


def test_a_run_without_a_map_or_an_evaluation(home: Path) -> None:
    run = finished_run(home, with_map=False)
    with pytest.raises(InputError, match="has not been evaluated"):
        report_of(run)
    evaluate_planted(run)
    page = report_of(run)
    assert 'id="plotly"' not in page
    assert "script-src &#39;none&#39;" in page


def test_two_thousand_pairs_stay_below_five_megabytes(home: Path) -> None:
    run = finished_run(home, pairs=2_000, snapshots=4, with_map=False)
    draw_map(run, open_workspace().datasets.get(run.dataset), home=home, method="pca")
    evaluate_planted(run)
    assert 2_000_000 < len(report_of(run).encode()) < MAX_BYTES


def test_two_groups_that_are_named_have_their_numbers_words_and_texts(planted_run: Run) -> None:
    members = [np.flatnonzero(plant_regions(planted_run, texts=120)["wide"].of_text == number) for number in (0, 1)]
    lines, texts = load_map(planted_run).lines, map_texts(planted_run)
    found = compare_text_groups(end_vectors(planted_run), tuple(members), texts=texts, lines=lines)
    page = make_report(open_workspace(), [planted_run], choice=GroupChoice("warm", "wide:1"))
    section = page.split("<h2>Two groups of texts</h2>")[1].split("</section>")[0]
    assert "<h3>A: Region: warm</h3>" in section
    assert "<h3>B: Region: cold</h3>" in section
    separation = found.distance.separation
    assert f"<td>{separation.base:.3f}</td><td>{separation.tuned:.3f}</td>" in section
    assert separation.has_interval
    assert format_interval("pair_cosine", separation) in section
    shown = re.findall("<li>(.*?)</li>", section)
    assert [unescape(text) for text in shown] == [text for examples in found.examples for text in examples]
    assert all(escape(phrase) in section for phrases in found.phrases for phrase in phrases)


def test_without_texts_groups_have_numbers_alone(planted_run: Run) -> None:
    plant_regions(planted_run, texts=120)
    choice = GroupChoice("warm", "column:group=team 1")
    page = body(make_report(open_workspace(), [planted_run], detail=TextDetail.NONE, choice=choice))
    assert "Within less between" in page
    assert [word for word in ("warm", "team 1", "topic", "Question") if word in page] == []
    short = make_report(open_workspace(), [planted_run], detail=TextDetail.SHORT, choice=choice)
    assert "<h3>A: Region: warm</h3>" in short


def test_of_two_runs_the_first_one_has_the_groups(home: Path, planted_run: Run) -> None:
    other = finished_run(home, snapshots=2, with_map=False)
    evaluate_planted(other)
    choice = GroupChoice("group: team 0", "group: team 1")
    page = make_report(open_workspace(), [planted_run, other], choice=choice)
    assert page.count("Two groups of texts") == 1
    assert page.index("Two groups of texts") < page.rindex('class="run"')


@pytest.mark.parametrize(
    "named",
    [("--a", "team 0"), ("--a", "team 0", "--b", "nowhere"), ("--a", "team 0", "--b", "group: team 0")],
    ids=["one", "unknown", "same"],
)
def test_groups_that_the_map_does_not_have_are_refused(
    planted_run: Run, tmp_path: Path, named: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report.html"
    assert main(["report", planted_run.id, "--out", str(file), *named]) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert not file.exists()


def test_the_command_writes_a_file_and_says_its_size(
    planted_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report.html"
    assert main(["report", planted_run.id, "--out", str(file), "--json", "--texts", "none"]) == 0
    assert json.loads(capsys.readouterr().out) == {"report": str(file), "bytes": file.stat().st_size}
    assert "Two groups of texts" not in file.read_text(encoding="utf-8")
    named = ["--a", "team 0", "--b", "team 1"]
    assert main(["report", planted_run.id, "--out", str(file), *named]) == 0
    assert "<h3>B: group: team 1</h3>" in file.read_text(encoding="utf-8")
    assert main(["report", planted_run.id, planted_run.id, "--out", str(file)]) == 1
    assert main(["report", planted_run.id, "--out", str(tmp_path / "none" / "report.html")]) == 1
    assert "could not be written" in capsys.readouterr().err
