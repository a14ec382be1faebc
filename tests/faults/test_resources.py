"""Disk and memory that run out: the run fails with the reason, and all else stays whole."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from lib.errors import StoreError
from lib.store.database import RESERVE, RESERVE_BYTES
from tests.faults.conftest import EPOCHS, Farm, weights

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


@pytest.mark.parametrize("openings", [0, 1, 2, 4, 7, 11, 16, 22, 29, 37, 46, 56, 67])
def test_a_disk_that_is_full_from_any_write_on_fails_the_run_and_harms_nothing(
    farm: Farm, reference: tuple[dict[str, bytes], int], openings: int
) -> None:
    """From that file on nothing more can be opened for writing; the queue alone, in its own file, still can be told."""
    run = farm.add(epochs=EPOCHS)
    farm.start(LIMITED, "disk", str(openings), str(farm.home)).wait(timeout=100)
    jobs = farm.workspace.jobs.all(run=run.id)
    broken = [job for job in jobs if job.state == "failed"]
    assert broken, (farm.log(), [(job.kind, job.state) for job in jobs])
    assert all("disk is full" in job.reason for job in broken)
    assert all(re.search(r"\d+ (GB|MB|kB|bytes) are free", job.reason) for job in broken)
    farm.whole()
    for job in broken:
        farm.workspace.jobs.retry(job.id)
    farm.finish()
    assert {job.state for job in farm.workspace.jobs.all(run=run.id)} == {"succeeded"}, farm.log()
    assert weights(run) == reference[0]
    farm.whole()


def test_on_a_disk_without_a_byte_left_the_list_opens_and_a_run_can_be_deleted(farm: Farm, tmp_path: Path) -> None:
    """A small file system of its own, filled to the last byte, where this machine lets us make one; the unit tests hold the rest."""
    small = tmp_path / "small"
    small.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(small)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        farm.home = small / "workspace"
        run = farm.add(epochs=1)
        farm.workspace.jobs.cancel(run.job)
        (farm.home / RESERVE).write_bytes(os.urandom(RESERVE_BYTES))  # as the server sets it aside on a larger disk
        with pytest.raises(OSError, match="No space"), (small / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)
        assert [one.id for one in farm.workspace.runs.all()] == [run.id]
        farm.workspace.runs.delete(run.id)
        assert farm.workspace.runs.all() == []
        with pytest.raises(OSError, match="No space"), (small / "more").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)
        assert [one.id for one in farm.workspace.runs.all(deleted=True)] == [
            run.id
        ]  # the reserve is gone: reading goes on
        with pytest.raises(StoreError, match="disk is full"):
            farm.workspace.runs.restore(run.id)
    finally:
        subprocess.run(["umount", "-l", str(small)], check=False)


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
    assert not run.paths.checkpoints.exists()
    farm.whole()


def test_an_unforeseen_error_is_told_with_its_name(farm: Farm, tmp_path: Path) -> None:
    run = farm.add(epochs=1)
    farm.start(LIMITED, "error", "0", str(farm.home)).wait(timeout=100)
    ended = farm.workspace.runs.get(run.id)
    assert ended.state == "failed"
    assert "ZeroDivisionError" in ended.reason
    assert "Traceback" in run.paths.events.read_text()
    farm.whole()
