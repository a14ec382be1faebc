"""Where a job is by its events, and the time left by its pace."""

from __future__ import annotations

import pytest

from lib.jobs.events import AdvanceEvent, AttemptEvent, LossEvent, MeasuredEvent, ResumedEvent, StageEvent
from lib.jobs.status import Status, fold


def test_time_left_follows_the_pace_since_the_stage_began() -> None:
    advances = [AdvanceEvent(done=n, total=100, clock=50.0 + 2 * n) for n in range(11)]
    status = fold([StageEvent(stage="training"), *advances])
    assert status.seconds_left == pytest.approx(180.0)
    assert status.fraction == pytest.approx(0.1)


def test_a_resumed_attempt_forgets_what_it_does_again() -> None:
    losses = [LossEvent(step=n, epoch=n / 4, loss=1.0, learning_rate=0.1) for n in range(1, 9)]
    measured = [MeasuredEvent(part="validation", moment=f"epoch-{e}", epoch=e, seconds=1) for e in (0, 1, 2)]
    status = fold([*losses, *measured, AttemptEvent(), ResumedEvent(step=4, epoch=1)])
    assert [point.step for point in status.losses] == [1, 2, 3, 4]
    assert [one.epoch for one in status.measurements] == [0, 1]


def test_time_left_counts_the_validations_between_epochs() -> None:
    """Run ten epochs of ten steps of 1 s, each with a validation of 5 s; 3 s expected before the first."""
    clock, left = 100.0, {}
    status = fold([StageEvent(stage="training", detail="epoch 1 of 10", clock=clock)])

    def advance(step: int, validations_left: int) -> None:
        fold(
            [AdvanceEvent(done=step, total=100, validation_steps=3.0, validations_left=validations_left, clock=clock)],
            status,
        )

    for step in range(1, 26):
        clock += 1.0
        advance(step, 10 - (step - 1) // 10)
        left[step] = status.seconds_left
        if step % 10 == 0:
            fold([StageEvent(stage="training", detail="any words", is_validation=True, clock=clock)], status)
            clock += 5.0
            fold([StageEvent(stage="training", detail=f"epoch {step // 10 + 1} of 10", clock=clock)], status)
            advance(step, 10 - step // 10)
    assert left[5] == pytest.approx(95 * 1.0 + 10 * 3.0)
    assert left[25] == pytest.approx(75 * 1.0 + 8 * 5.0)


def test_time_left_follows_the_latest_pace() -> None:
    """A hundred slow steps, then fast ones: an hour ago says little of now."""
    clock = 0.0
    status = fold([StageEvent(stage="training", detail="epoch 1 of 1", clock=clock)], Status())
    for step in range(1, 301):
        clock += 2.0 if step <= 100 else 1.0
        fold([AdvanceEvent(done=step, total=400, clock=clock)], status)
    assert status.seconds_left == pytest.approx(100.0, rel=0.05)
