"""The table of stages adds up to the whole command and gives each second to what ran in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import in_use, stages
from bench.stages import Timing, stage_seconds
from lib.jobs.events import AttemptEvent, LogEvent, LossEvent, StageEvent


def loss(clock: float, step: int) -> LossEvent:
    return LossEvent(clock=clock, step=step, epoch=0.1, loss=1.0, learning_rate=1e-4)


EVENTS = [
    AttemptEvent(clock=12.0, job="train", number=1),
    StageEvent(clock=15.0, stage="loading"),
    LogEvent(clock=15.5, text="a line"),
    StageEvent(clock=16.0, stage="measuring the base model"),
    StageEvent(clock=20.0, stage="training", detail="epoch 1 of 2"),
    loss(23.0, 1),
    loss(24.0, 2),
    StageEvent(clock=25.0, stage="training", is_validation=True),
    StageEvent(clock=27.0, stage="training", detail="epoch 2 of 2"),
    loss(28.0, 3),
    StageEvent(clock=29.0, stage="saving"),
    AttemptEvent(clock=31.0, job="project", number=1),
    StageEvent(clock=32.0, stage="layout"),
]


def test_each_second_belongs_to_one_stage() -> None:
    seconds = stage_seconds(EVENTS, began=10.0, ended=40.0)
    assert seconds == {
        stages.BEFORE_WORK: 2.0,
        stages.IMPORTS: 3.0,
        "loading": 1.0,
        "measuring the base model": 4.0,
        stages.FIRST_STEP: 3.0,
        stages.STEPS: 2.0 + 2.0,
        "validation and snapshots": 2.0,
        "saving": 2.0,
        "imports of project": 1.0,
        "layout": 8.0,
    }
    assert sum(seconds.values()) == 30.0
    assert Timing(seconds, 30.0, 9.0).before_first_step == 13.0


def test_the_table_of_neighbours_has_a_line_for_each_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is timed with its own way of waiting, in turns."""
    asked: list[str] = []

    def fake(file: Path, *options: str, environment: dict[str, str]) -> Timing:
        asked.append(environment["OMP_WAIT_POLICY"])
        return Timing({stages.STEPS: 8.0}, 20.0, 15.0)

    written: dict[str, str] = {}
    monkeypatch.setattr(in_use, "time_command", fake)
    monkeypatch.setattr(in_use, "put", written.__setitem__)
    monkeypatch.setattr("sys.argv", ["in_use", str(tmp_path / "pairs.csv"), "--turns", "1"])
    in_use.main()
    assert asked == ["PASSIVE", "ACTIVE"] * 3
    (text,) = written.values()
    assert text.count("| 8.0 | 20.0 | 15.0 |") == 6
