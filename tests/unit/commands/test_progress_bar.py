"""The progress line of `python -m lib train`."""

from __future__ import annotations

import pytest

from lib.commands.progress_bar import JobProgressBar


def test_stage_and_percent_share_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    bar = JobProgressBar("MiniLM")
    bar._bar.mininterval = 0.0
    bar({"kind": "stage", "stage": "training", "detail": "epoch 1 of 2"})
    bar({"kind": "advance", "done": 5, "total": 10})
    err = capsys.readouterr().err
    assert "\n" not in err
    assert "MiniLM: training epoch 1 of 2" in err
    assert "50%" in err
    bar({"kind": "stage", "stage": "evaluating", "detail": ""})
    assert "MiniLM: evaluating   0%" in capsys.readouterr().err
    bar.close()
    assert capsys.readouterr().err.endswith("\n")


def test_a_warning_stands_above_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    bar = JobProgressBar("MiniLM")
    bar({"kind": "log", "level": "warning", "text": "left out: LoRA rank."})
    bar({"kind": "log", "level": "info", "text": "nothing to see"})
    bar({"kind": "loss", "step": 1, "loss": 0.5})
    bar.close()
    err = capsys.readouterr().err
    assert "MiniLM: left out: LoRA rank.\n" in err
    assert "nothing to see" not in err
