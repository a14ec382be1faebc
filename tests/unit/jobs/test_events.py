"""Events: written a line at a time, read on from an offset, folded to a status; a torn line harms nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lib.errors import CancelledError
from lib.jobs import events as room
from lib.jobs.events import EventWriter, Status, fold, read_events


def test_events_are_read_on_from_an_offset(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)
    writer.stage("loading", "a model")
    first, offset = read_events(path)
    writer.log("a line")
    second, _ = read_events(path, after=offset)
    assert [e["kind"] for e in first] == ["stage"]
    assert [e["kind"] for e in second] == ["log"]


def test_a_torn_line_is_left_out_and_the_next_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    EventWriter(path).log("whole")
    with path.open("ab") as file:
        file.write(b'{"kind": "log", "te')
    assert len(read_events(path)[0]) == 1
    EventWriter(path).log("after")
    assert [e["text"] for e in read_events(path)[0]] == ["whole", "after"]


def test_time_left_follows_the_pace_since_the_stage_began() -> None:
    lines = [{"kind": "stage", "stage": "training", "detail": "", "time": "2026-01-01T00:00:00+00:00"}]
    lines += [
        {"kind": "advance", "done": n, "total": 100, "clock": 50.0 + 2 * n, "time": "2026-01-01T00:00:00+00:00"}
        for n in range(11)
    ]
    status = fold(lines)
    assert status.seconds_left == pytest.approx(180.0)
    assert status.fraction == pytest.approx(0.1)


def test_a_resumed_attempt_forgets_what_it_does_again() -> None:
    time = "2026-01-01T00:00:00+00:00"
    lines = [
        {"kind": "loss", "step": n, "epoch": n / 4, "loss": 1.0, "learning_rate": 0.1, "time": time}
        for n in range(1, 9)
    ]
    lines += [
        {
            "kind": "measured",
            "part": "validation",
            "moment": f"epoch-{e}",
            "epoch": e,
            "metrics": {},
            "seconds": 1,
            "time": time,
        }
        for e in (0, 1, 2)
    ]
    lines += [{"kind": "attempt", "time": time}, {"kind": "resumed", "step": 4, "epoch": 1, "time": time}]
    status = fold(lines)
    assert [point["step"] for point in status.losses] == [1, 2, 3, 4]
    assert [m["epoch"] for m in status.measures] == [0, 1]


def test_check_raises_when_the_user_asked_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "CHECK_SECONDS", 0.0)
    asked = [False]
    writer = EventWriter(tmp_path / "e.jsonl", cancelled=lambda: asked[0])
    writer.check()
    asked[0] = True
    with pytest.raises(CancelledError):
        writer.check()


def told(status: Status, kind: str, clock: float, **facts: Any) -> Status:
    return fold([{"kind": kind, "time": "2026-01-01T00:00:00+00:00", "clock": clock, **facts}], status)


def test_time_left_counts_the_looks_between_epochs() -> None:
    """Ten epochs of ten steps of 1 s, and after each a look of 5 s, which nobody knew before the first one: 3 were expected."""
    clock, left = 100.0, {}
    status = told(Status(), "stage", clock, stage="training", detail="epoch 1 of 10")
    for step in range(1, 26):
        clock += 1.0
        facts = {"done": step, "total": 100, "look_steps": 3.0}
        told(status, "advance", clock, **facts, looks_left=10 - (step - 1) // 10)
        left[step] = status.seconds_left
        if step % 10 == 0:
            looking = f"epoch {step // 10} of 10: looking at the validation part"
            told(status, "stage", clock, stage="training", detail=looking)
            clock += 5.0
            told(status, "stage", clock, stage="training", detail=f"epoch {step // 10 + 1} of 10")
            told(status, "advance", clock, **facts, looks_left=10 - step // 10)
    assert left[5] == pytest.approx(95 * 1.0 + 10 * 3.0)
    assert left[25] == pytest.approx(75 * 1.0 + 8 * 5.0)


def test_time_left_follows_the_latest_pace() -> None:
    """A hundred slow steps, then fast ones: an hour ago says little of now."""
    clock = 0.0
    status = told(Status(), "stage", clock, stage="training", detail="epoch 1 of 1")
    for step in range(1, 301):
        clock += 2.0 if step <= 100 else 1.0
        told(status, "advance", clock, done=step, total=400)
    assert status.seconds_left == pytest.approx(100.0, rel=0.05)
