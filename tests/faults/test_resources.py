"""Disk and memory that run out: the run fails with the reason, and all else stays whole."""

from __future__ import annotations

from pathlib import Path

from tests.faults.conftest import Farm

LIMITED = "tests.faults.limited"


def test_a_full_disk_fails_the_run_with_the_reason(farm: Farm) -> None:
    """A file-size limit refuses every large write, as a full disk does, at whatever moment it comes."""
    run = farm.add(epochs=2)
    farm.start(LIMITED, "file", "200000", str(farm.home)).wait(timeout=100)
    ended = farm.workspace.runs.get(run.id)
    assert ended.state == "failed", farm.log()
    assert "disk" in ended.reason
    assert "space" in ended.reason
    farm.whole()
    farm.workspace.jobs.retry(run.job)
    farm.finish()
    assert farm.workspace.runs.get(run.id).state == "succeeded", farm.log()


def test_too_little_memory_is_said_as_such(farm: Farm) -> None:
    run = farm.add(epochs=2, batch_size=90, packed=False)
    farm.start(LIMITED, "memory", "1", str(farm.home)).wait(timeout=100)
    ended = farm.workspace.runs.get(run.id)
    assert ended.state == "failed", farm.log()
    assert "memory" in ended.reason
    assert "batch size" in ended.reason
    assert farm.workspace.jobs.get(run.job).attempts == 1  # no endless retry
    farm.whole()


def test_a_start_without_room_is_refused_before_anything_is_trained(farm: Farm) -> None:
    run = farm.add(epochs=2)
    farm.start(LIMITED, "preflight", "0", str(farm.home)).wait(timeout=100)
    ended = farm.workspace.runs.get(run.id)
    assert ended.state == "failed", farm.log()
    assert "free" in ended.reason
    assert not run.checkpoints_dir.exists()
    farm.whole()


def test_an_unforeseen_error_is_told_with_its_name(farm: Farm, tmp_path: Path) -> None:
    run = farm.add(epochs=1)
    farm.start(LIMITED, "error", "0", str(farm.home)).wait(timeout=100)
    ended = farm.workspace.runs.get(run.id)
    assert ended.state == "failed"
    assert "ZeroDivisionError" in ended.reason
    assert "Traceback" in run.events_path.read_text()
    farm.whole()
