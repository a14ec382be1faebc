"""Events: written a line at a time, read on from an offset; a torn or damaged line harms nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.errors import CancelledError
from lib.jobs import events as room
from lib.jobs.events import AdvanceEvent, Event, EventWriter, LogEvent, StageEvent, parse_event, read_events
from lib.jobs.status import fold


def test_events_are_read_on_from_an_offset(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)
    writer.stage("loading", "a model")
    first, offset = read_events(path)
    writer.log("a line")
    second, _ = read_events(path, after=offset)
    assert [type(e) for e in first] == [StageEvent]
    assert [type(e) for e in second] == [LogEvent]


def test_a_torn_line_is_left_out_and_the_next_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    EventWriter(path).log("whole")
    with path.open("ab") as file:
        file.write(b'{"kind": "log", "te')
    assert len(read_events(path)[0]) == 1
    EventWriter(path).log("after")
    assert [line.text for line in fold(read_events(path)[0]).log] == ["whole", "after"]


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"[]",
        b"3",
        b"{}",
        b'{"kind": "unknown"}',
        b'{"kind": ["log"]}',
        b'{"kind": "log"}',
        b'{"kind": "log", "text": 3}',
        b'{"kind": "stage", "stage": null}',
        b'{"kind": "advance", "done": "1", "total": 2}',
        b'{"kind": "advance", "done": true, "total": 2}',
        b'{"kind": "loss", "step": 1.5, "epoch": 1, "loss": 1, "learning_rate": 1}',
        b'{"kind": "measured", "part": "validation", "moment": "best", "epoch": 1, "metrics": {"a": "b"}}',
        b'{"kind": "measured", "part": "validation", "moment": "best", "epoch": 1, "metrics": 3}',
        b'{"kind": "log", "text": "x", "clock": "noon"}',
    ],
)
def test_a_damaged_line_is_left_out(tmp_path: Path, line: bytes) -> None:
    """Valid JSON too: a wrong type or a missing fact is never an error of the page."""
    assert parse_event(line) is None
    path = tmp_path / "events.jsonl"
    path.write_bytes(line + b"\n")
    EventWriter(path).log("after")
    (event,) = read_events(path)[0]
    assert isinstance(event, LogEvent)


def test_every_event_is_read_as_it_was_written(tmp_path: Path) -> None:
    echoed: list[Event] = []
    writer = EventWriter(tmp_path / "events.jsonl", echo=echoed.append)
    writer.stage("training", "epoch 1 of 2", is_validation=True)
    writer.advance(1, 2, pairs_per_second=3.5, validations_left=2)
    writer.loss(step=1, epoch=0.5, loss=2.0, learning_rate=1e-3)
    writer.snapshot_metrics(part="validation", snapshot="base", epoch=0, metrics={"mrr@10": 0.5}, seconds=1.0)
    writer.resume(step=1, epoch=0.5)
    writer.places(["node-1: cpu", "node-2: cpu"])
    writer.log("a line", level="warning")
    assert read_events(tmp_path / "events.jsonl")[0] == echoed
    assert len({type(event) for event in echoed}) == 7


def test_facts_of_other_versions_are_passed_over() -> None:
    """An older version wrote how many looks are left, and an attempt without its job."""
    assert parse_event(b'{"kind": "advance", "done": 1, "total": 2, "looks_left": 3}') == AdvanceEvent(done=1, total=2)
    assert isinstance(parse_event(b'{"kind": "attempt", "time": "x"}'), Event)


def test_check_raises_when_the_user_asked_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "CHECK_SECONDS", 0.0)
    asked = [False]
    writer = EventWriter(tmp_path / "e.jsonl", cancelled=lambda: asked[0])
    writer.check()
    asked[0] = True
    with pytest.raises(CancelledError):
        writer.check()
