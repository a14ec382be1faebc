"""What docs/python.md shows runs, from top to bottom in one namespace, on a tiny model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "python.md"
NAME = "sentence-transformers/all-MiniLM-L6-v2"


def examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def namespace(home: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run all examples in an empty folder, with the tiny model in place of the named one."""
    monkeypatch.chdir(tmp_path)
    variables: dict[str, Any] = {}
    for code in examples():
        exec(compile(code.replace(NAME, str(tiny_model)), "python.md", "exec"), variables)
    return variables


def test_the_examples_run_and_give_what_the_page_says(
    namespace: dict[str, Any], tiny_model: Path, tmp_path: Path
) -> None:
    models, model = namespace["models"], namespace["model"]
    assert model.folder == tmp_path / "models" / tiny_model.name
    assert (model.folder / "modules.json").is_file()
    assert models.failed == {}
    assert models.best is model
    assert len(models.to_frame()) == 1
    assert model.verdict in ("better", "worse", "no clear change")
    assert list(model.metrics.columns) == ["base", "tuned", "difference", "low", "high", "verdict"]
    assert len(model.pairs) == 12
    assert len(model.map().frames) == 3
    shown = models._repr_html_()
    assert shown.count("<table>") == 1
    assert "data:image/svg+xml;base64," in shown

    vectors, queries, tickets = (namespace[name] for name in ("vectors", "queries", "tickets"))
    assert isinstance(vectors, pd.DataFrame)
    assert vectors.index.equals(tickets.index)
    assert vectors.to_numpy().dtype == np.float32
    assert queries.shape == (1, vectors.shape[1])
    assert list(namespace["pairs"]) == list(zip(namespace["questions"], namespace["answers"], strict=True))

    comparison = namespace["comparison"]
    assert len(comparison.pairs) == 30
    assert list(comparison.metrics.index) == list(model.metrics.index)
    assert len(comparison.map().frames) == 2
    shown = comparison._repr_html_()
    assert "<table>" in shown
    assert "data:image/svg+xml;base64," in shown
    tuned = model.load("tuned").encode(["a text"])
    assert np.allclose(model.embed(["a text"]), tuned, atol=2e-2)
