"""Disk and memory that run out: the run fails with the reason, and all else stays whole."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from lib.errors import StoreError
from lib.store.database import RESERVE, RESERVE_BYTES
from tests.faults.conftest import EPOCHS, FaultHarness, weights

LIMITED = "tests.faults.limited"


def test_a_full_disk_fails_the_run_with_the_reason(harness: FaultHarness) -> None:
    """A file-size limit refuses every large write, as a full disk does, at whatever moment it comes."""
    run = harness.add(epochs=2)
    harness.start(LIMITED, "file", "200000", str(harness.home)).wait(timeout=100)
    ended = harness.workspace.runs.get(run.id)
    assert ended.state == "failed", harness.log()
    assert "disk" in ended.reason
    assert "space" in ended.reason
    harness.assert_undamaged()
    harness.workspace.jobs.retry(run.job)
    harness.finish()
    assert harness.workspace.runs.get(run.id).state == "succeeded", harness.log()


@pytest.mark.parametrize("openings", [0, 1, 2, 4, 7, 11, 16, 22, 29, 37, 46, 56, 67])
def test_a_disk_that_is_full_from_any_write_on_fails_the_run_and_harms_nothing(
    harness: FaultHarness, reference: tuple[dict[str, bytes], int], openings: int
) -> None:
    """Refuse every file opened for writing from one on; the queue's own file can still be written."""
    run = harness.add(epochs=EPOCHS)
    harness.start(LIMITED, "disk", str(openings), str(harness.home)).wait(timeout=100)
    jobs = harness.workspace.jobs.all(run=run.id)
    broken = [job for job in jobs if job.state == "failed"]
    assert broken, (harness.log(), [(job.kind, job.state) for job in jobs])
    assert all("disk is full" in job.reason for job in broken)
    assert all(re.search(r"\d+ (GB|MB|kB|bytes) are free", job.reason) for job in broken)
    harness.assert_undamaged()
    for job in broken:
        harness.workspace.jobs.retry(job.id)
    harness.finish()
    assert {job.state for job in harness.workspace.jobs.all(run=run.id)} == {"succeeded"}, harness.log()
    assert weights(run) == reference[0]
    harness.assert_undamaged()


def test_on_a_disk_without_a_byte_left_the_list_opens_and_a_run_can_be_deleted(
    harness: FaultHarness, tmp_path: Path
) -> None:
    """Fill a small file system to the last byte, where this machine lets us make one.

    The unit tests hold the rest.
    """
    small = tmp_path / "small"
    small.mkdir()
    result = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(small)], capture_output=True, check=False
    )
    if result.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        harness.home = small / "workspace"
        run = harness.add(epochs=1)
        harness.workspace.jobs.cancel(run.job)
        (harness.home / RESERVE).write_bytes(os.urandom(RESERVE_BYTES))  # as the server sets it aside on a larger disk
        with pytest.raises(OSError, match="No space"), (small / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)
        assert [one.id for one in harness.workspace.runs.all()] == [run.id]
        harness.workspace.runs.delete(run.id)
        assert harness.workspace.runs.all() == []
        with pytest.raises(OSError, match="No space"), (small / "more").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)
        assert [one.id for one in harness.workspace.runs.all(deleted=True)] == [
            run.id
        ]  # the reserve is gone: reading goes on
        with pytest.raises(StoreError, match="disk is full"):
            harness.workspace.runs.restore(run.id)
    finally:
        subprocess.run(["umount", "-l", str(small)], check=False)


def test_too_little_memory_is_said_as_such(harness: FaultHarness) -> None:
    run = harness.add(epochs=2, batch_size=90, packed=False)
    harness.start(LIMITED, "memory", "1", str(harness.home)).wait(timeout=100)
    ended = harness.workspace.runs.get(run.id)
    assert ended.state == "failed", harness.log()
    assert "memory" in ended.reason
    assert "batch size" in ended.reason
    assert harness.workspace.jobs.get(run.job).attempts == 1  # no endless retry
    harness.assert_undamaged()


def test_a_start_without_room_is_refused_before_anything_is_trained(harness: FaultHarness) -> None:
    run = harness.add(epochs=2)
    harness.start(LIMITED, "preflight", "0", str(harness.home)).wait(timeout=100)
    ended = harness.workspace.runs.get(run.id)
    assert ended.state == "failed", harness.log()
    assert "free" in ended.reason
    assert not run.paths.checkpoints.exists()
    harness.assert_undamaged()


def test_an_unforeseen_error_is_told_with_its_name(harness: FaultHarness, tmp_path: Path) -> None:
    run = harness.add(epochs=1)
    harness.start(LIMITED, "error", "0", str(harness.home)).wait(timeout=100)
    ended = harness.workspace.runs.get(run.id)
    assert ended.state == "failed"
    assert "ZeroDivisionError" in ended.reason
    assert "Traceback" in run.paths.events.read_text()
    harness.assert_undamaged()
