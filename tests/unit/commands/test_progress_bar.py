"""The progress line of `python -m lib train`."""

from __future__ import annotations

import pytest

from lib.commands.progress_bar import JobProgressBar
from lib.jobs.events import AdvanceEvent, LogEvent, LossEvent, StageEvent


def test_stage_and_percent_share_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    bar = JobProgressBar("MiniLM")
    bar._bar.mininterval = 0.0
    bar(StageEvent(stage="training", detail="epoch 1 of 2"))
    bar(AdvanceEvent(done=5, total=10))
    err = capsys.readouterr().err
    assert "\n" not in err
    assert "MiniLM: training epoch 1 of 2" in err
    assert "50%" in err
    bar(StageEvent(stage="evaluating"))
    assert "MiniLM: evaluating   0%" in capsys.readouterr().err
    bar.close()
    assert capsys.readouterr().err.endswith("\n")


def test_a_warning_stands_above_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    bar = JobProgressBar("MiniLM")
    bar(LogEvent(level="warning", text="left out: LoRA rank."))
    bar(LogEvent(text="nothing to see"))
    bar(LossEvent(step=1, epoch=0.1, loss=0.5, learning_rate=0.1))
    bar.close()
    err = capsys.readouterr().err
    assert "MiniLM: left out: LoRA rank.\n" in err
    assert "nothing to see" not in err
