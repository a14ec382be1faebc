"""The inference process: it answers, reports errors in words, and ends with the server."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from lib.errors import InputError, ModelError
from lib.models.inference import client
from lib.models.inference.answers import Ranking
from lib.models.inference.client import InferenceClient
from lib.settings import ROOT


@pytest.fixture
def worker(home: Path) -> Iterator[InferenceClient]:
    """Start an inference process that is ended afterwards."""
    new_client = InferenceClient(home, server="lib.evaluation.inference_server")
    yield new_client
    new_client.stop()


def test_cosines_and_search_are_those_of_the_model(worker: InferenceClient, home: Path, tiny_model: Path) -> None:
    name, targets = str(tiny_model), ["a parcel", "a lost scanner", "a parcel", "the weather"]
    path = home / "targets.parquet"
    pd.DataFrame({"positive": targets}).to_parquet(path)
    same, other = (
        worker.call("cosines", models=[name], left="a parcel", right=right, reading={})[0]
        for right in ("a parcel", "the weather")
    )
    assert same == pytest.approx(1, abs=1e-5)
    assert other < 1
    search = {"parquet": str(path), "column": "positive", "reading": {}}
    assert worker.call("load_search", models=[name], **search) == 3
    (answer,) = worker.call("nearest", models=[name], query="a parcel", right=["the weather"], **search)
    found = Ranking.from_json(answer)
    assert found.best[0].text == "a parcel"
    assert len(found.best) == found.texts == 3
    by_text = {one.text: one for one in found.best}
    assert by_text["the weather"].score == pytest.approx(other, abs=1e-4)
    assert by_text["the weather"].is_right
    assert found.best[found.right_rank - 1] == found.right == by_text["the weather"]


def test_a_preparation_is_asked_once_and_only_where_the_server_wants_it(
    worker: InferenceClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PREPARE_DELAY", 0.0)
    asked: list[str] = []
    done = threading.Event()

    def call(handler: str, **arguments: object) -> None:
        asked.append(handler)
        done.set()
        raise ModelError("no memory")

    monkeypatch.setattr(worker, "call", call)
    worker.prepare("run", "load_search")
    worker.prepares = True
    for _ in range(3):
        worker.prepare("run", "load_search")
    assert done.wait(20)
    assert asked == ["load_search"]


def test_errors_come_back_in_words_and_the_helper_goes_on(worker: InferenceClient) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        worker.call("cosines", models=["/nowhere"], left="a", right="b", reading={})
    with pytest.raises(InputError, match="missing"):
        worker.call("missing")
    with pytest.raises(ModelError, match="TypeError"):
        worker.call("cosines", wrong="argument")
    assert worker.lives


def test_a_helper_that_was_killed_is_told_and_started_again(worker: InferenceClient, tiny_model: Path) -> None:
    with pytest.raises(InputError):
        worker.call("missing")
    assert worker._process is not None
    worker._process.kill()
    worker._process.wait()
    with pytest.raises(InputError):
        worker.call("missing")


def test_a_helper_that_takes_too_long_is_ended(worker: InferenceClient) -> None:
    with pytest.raises(ModelError, match="did not answer"):
        worker.call("cosines", seconds=0.01, models=["x"], left="a", right="b", reading={})
    assert not worker.lives


def test_the_helper_ends_with_the_server() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lib.evaluation.inference_server"],
        cwd=ROOT,
        input=b"",
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"")
