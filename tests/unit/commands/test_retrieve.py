"""python -m lib retrieve: nearest documents of embedded queries, and what is refused before any work."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from lib.__main__ import main
from tests.builders import pairs


def test_texts_find_themselves_and_other_models_or_half_a_corpus_are_refused(
    home: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs(8).to_parquet(tmp_path / "rows.parquet")
    corpus, out = tmp_path / "corpus", tmp_path / "nearest.parquet"
    embed = ["embed", str(tmp_path / "rows.parquet"), "--column", "target_sentence"]
    assert main([*embed, "--model", str(tiny_model), "--out", str(corpus)]) == 0
    retrieve = ["retrieve", str(corpus), "--corpus", str(corpus), "--top-k", "3", "--out", str(out), "--json"]
    assert main(retrieve) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["queries"] == 8
    frame = pd.read_parquet(out)
    assert len(frame) == 24
    first = frame[frame["rank"] == 1]
    assert first["document"].tolist() == first["query"].tolist() == list(range(8))
    facts = corpus / "corpus.json"
    stored = facts.read_text()
    facts.write_text(stored.replace('"is_whole": true', '"is_whole": false'))
    assert main(retrieve) == 1
    assert "not whole" in capsys.readouterr().err.splitlines()[-1]
    other = tmp_path / "other"
    other.mkdir()
    (other / "part-000000.parquet").write_bytes((corpus / "part-000000.parquet").read_bytes())
    (other / "corpus.json").write_text(stored.replace('"mark": "', '"mark": "0'))
    facts.write_text(stored)
    assert main([*retrieve[:3], str(other), *retrieve[4:]]) == 1
    assert "different models" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "cause"),
    [(["--out", "a.csv"], "no .parquet"), (["--out", "a.parquet", "--top-k", "0"], "--top-k")],
    ids=["ending", "none"],
)
def test_what_cannot_be_written_is_said_before_any_work(
    tmp_path: Path, options: list[str], cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["retrieve", str(tmp_path / "q"), "--corpus", str(tmp_path / "c"), *options]) == 1
    assert cause in capsys.readouterr().err
