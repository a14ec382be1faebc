"""What the worker and the processes of a training write for each other is read as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.cluster.progress_file import ProgressReader, ProgressWriter
from lib.cluster.request import Exchange, TrainingRequest
from lib.errors import CancelledError, TrainingError
from lib.recipe.recipe import Recipe
from tests.unit.training.small import Recorder


class Stopping(Recorder):
    """Wants to stop at every check."""

    def __init__(self) -> None:
        super().__init__()
        self.memory: list[float] = []

    def advance(self, done: float, total: float, **facts: float) -> None:
        self.memory.append(facts["memory"])

    def check(self) -> None:
        raise CancelledError("Cancelled.")


def test_a_request_comes_back_whole(tmp_path: Path) -> None:
    request = TrainingRequest("e.parquet", "pairs", "model", Recipe().to_json(), "run", "home", {"run": "r"})
    exchange = Exchange(tmp_path)
    exchange.write_request(request)
    assert exchange.read_request() == request


def test_progress_is_repeated_once_and_torn_lines_are_left_out(tmp_path: Path) -> None:
    exchange, heard = Exchange(tmp_path), Recorder()
    writer, reader = ProgressWriter(exchange), ProgressReader(exchange, heard)
    writer.stage("training", "epoch 1")
    writer.loss(step=1, epoch=0.5, loss=2.0, learning_rate=1e-4)
    reader.repeat_new()
    with exchange.progress.open("a") as file:
        file.write('{"call": "log", "fa')
    reader.repeat_new()
    with exchange.progress.open("a") as file:
        file.write("\n")
    writer.resume(step=7, epoch=1.0)
    writer.places(["node-1: cpu", "node-2: cpu"])
    writer.snapshot_metrics(part="validation", snapshot="base", epoch=0, metrics={"mrr": 0.5}, seconds=1.0)
    writer.log("text")
    reader.repeat_new()
    assert heard.stages == ["training epoch 1"]
    assert heard.losses == [(0.5, 2.0)]
    assert heard.steps_resumed == [7]
    assert heard.where == ["node-1: cpu", "node-2: cpu"]
    assert heard.logs == ["text"]
    assert heard.measurements[0]["metrics"] == {"mrr": 0.5}


def test_a_wish_to_stop_reaches_the_processes(tmp_path: Path) -> None:
    exchange, heard = Exchange(tmp_path), Stopping()
    writer, reader = ProgressWriter(exchange), ProgressReader(exchange, heard)
    writer.check()
    writer.advance(1, 2)
    reader.repeat_new(memory=5)
    assert heard.memory == [5]
    with pytest.raises(CancelledError):
        exchange.check()


def test_the_end_is_the_first_ranks_or_any_ranks_error(tmp_path: Path) -> None:
    exchange = Exchange(tmp_path)
    assert exchange.end() == (False, None)
    exchange.write_end(1, TrainingError("Out of memory.", todo="Lower it."))
    ended, error = exchange.end()
    assert ended
    assert isinstance(error, TrainingError)
    assert (error.what, error.todo) == ("Out of memory.", "Lower it.")
    assert Exchange(tmp_path / "other").end() == (False, None)
