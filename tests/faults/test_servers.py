"""Servers that die, come back, or are two: one supervisor a workspace, one worker, no job twice."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lib.errors import DamagedError
from lib.jobs.events import ResumedEvent, read_events
from lib.jobs.locks import is_held, kill_worker, supervisor_lock, worker_lock
from lib.process import is_open_to_others
from lib.store.check import restore_backup
from tests.faults.conftest import EPOCHS, ROOT, FaultHarness, kill, weights

SERVER = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs the tests in its background has it ignored
from lib.jobs import supervisor as room
from lib.jobs.supervisor import Supervisor
room.CANCEL_SECONDS = 3.0
supervisor = Supervisor(Path(sys.argv[1]))
supervisor.start()
while True:
    print("viewer" if supervisor.is_viewer else "supervisor", flush=True)
    time.sleep(0.2)
"""


def serve(harness: FaultHarness, name: str) -> subprocess.Popen[bytes]:
    """Start what a server starts: a supervisor, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(harness.home)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=(harness.home / f"{name}.log").open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    harness.started.append(process)
    return process


def last_word(harness: FaultHarness, name: str) -> str:
    path = harness.home / f"{name}.log"
    lines = path.read_text().split() if path.exists() else []
    return lines[-1] if lines else ""


def test_a_killed_server_leaves_its_worker_and_the_next_adopts_it(harness: FaultHarness) -> None:
    run = harness.add(epochs=12, patience=0)
    first = serve(harness, "first")
    harness.wait_for(lambda: "stage:training" in harness.kinds(run))
    kill(first)
    assert is_held(worker_lock(harness.home))
    serve(harness, "second")
    harness.wait_for(lambda: harness.workspace.runs.get(run.id).state == "succeeded")
    assert harness.kinds(run).count("attempt:") >= 1
    assert harness.workspace.jobs.all(run=run.id, kind="train")[0].attempts == 1  # no second worker took the training
    harness.wait_for(lambda: not harness.workspace.jobs.all(states=("queued", "running")))
    harness.assert_undamaged()


def test_when_server_and_worker_are_killed_the_next_server_goes_on(
    harness: FaultHarness, reference: tuple[dict[str, bytes], int]
) -> None:
    run = harness.add(epochs=EPOCHS)
    first = serve(harness, "first")
    harness.wait_for(lambda: "measured:epoch-001" in harness.kinds(run))
    kill(first)
    kill_worker(harness.home)
    harness.assert_undamaged()
    serve(harness, "second")
    harness.wait_for(lambda: harness.workspace.runs.get(run.id).state == "succeeded")
    assert harness.workspace.jobs.all(run=run.id, kind="train")[0].attempts == 2
    assert weights(run) == reference[0]
    harness.wait_for(lambda: not harness.workspace.jobs.all(states=("queued", "running")))
    harness.assert_undamaged()


def test_a_second_server_watches_and_takes_over(harness: FaultHarness) -> None:
    first = serve(harness, "first")
    harness.wait_for(lambda: last_word(harness, "first") == "supervisor")
    serve(harness, "second")
    harness.wait_for(lambda: last_word(harness, "second") == "viewer")
    time.sleep(2.5)
    assert last_word(harness, "second") == "viewer"
    os.killpg(first.pid, signal.SIGINT)
    harness.wait_for(lambda: last_word(harness, "second") == "supervisor")
    assert is_held(supervisor_lock(harness.home))


def test_eight_processes_under_random_kills_claim_each_job_once(harness: FaultHarness, tmp_path: Path) -> None:
    workspace = harness.workspace
    for number in range(300):
        workspace.jobs.submit("train", run="r", key=f"job-{number}")
    done = tmp_path / "done.txt"
    workers = [harness.start("tests.faults.claims", str(harness.home), str(done)) for _ in range(8)]
    kills = 0
    while workspace.jobs.all(states=("queued",)):
        time.sleep(0.15)
        victim = workers[kills % 8]
        if kills < 27 and victim.poll() is None:
            kill(victim)
            kills += 1
            workers[(kills - 1) % 8] = harness.start("tests.faults.claims", str(harness.home), str(done))
        elif victim.poll() is not None and kills < 27:
            kills += 1
    for worker in workers:
        worker.wait(timeout=60)
    claimed = [int(line) for line in done.read_text().split()]
    assert len(claimed) == len(set(claimed))
    jobs = workspace.jobs.all()
    assert len(jobs) == 300
    assert {job.attempts for job in jobs} == {1}
    running = {
        job.id for job in jobs if job.state == "running"
    }  # killed between claim and finish: the supervisor's to free
    assert len(running) <= 27
    assert {job.state for job in jobs if job.id not in running} == {"succeeded"}
    harness.assert_undamaged()


def test_two_presses_at_once_are_one_run(harness: FaultHarness) -> None:
    run = harness.add(epochs=1)
    press = (
        "import sys; from lib.recipe.recipe import Recipe; from lib.store.workspace import open_workspace; "
        "print(open_workspace().runs.create(dataset=sys.argv[1], model='m', recipe=Recipe(), key='press').id)"
    )
    presses = [
        subprocess.Popen(
            [sys.executable, "-c", press, run.dataset],
            cwd=ROOT,
            env=os.environ | {"CLOSER_HOME": str(harness.home)},
            stdout=subprocess.PIPE,
        )
        for _ in range(6)
    ]
    made = {process.communicate(timeout=60)[0].strip() for process in presses}
    assert len(made) == 1
    assert len(harness.workspace.runs.all()) == 2


def test_a_worker_that_does_not_hear_a_cancel_is_killed(harness: FaultHarness) -> None:
    run = harness.add(epochs=200, patience=0)
    serve(harness, "impatient")
    harness.wait_for(lambda: "measured:epoch-001" in harness.kinds(run))
    group = json.loads((harness.home / "locks" / "worker.json").read_text())["pid"]
    os.killpg(group, signal.SIGSTOP)
    harness.workspace.jobs.cancel(run.job)
    harness.wait_for(lambda: harness.workspace.runs.get(run.id).state == "cancelled")
    assert not is_held(worker_lock(harness.home))
    assert "stopped before it could save" in harness.workspace.runs.get(run.id).reason
    harness.assert_undamaged()


def test_ctrl_c_ends_the_server_and_not_the_training(
    harness: FaultHarness, reference: tuple[dict[str, bytes], int]
) -> None:
    """The app's own server, as its terminal ends it: the signal goes to the whole group."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = harness.add(epochs=EPOCHS)
    server = harness.start("tools.serve", "--headless", "--port", str(port))
    harness.wait_for(lambda: "stage:training" in harness.kinds(run))
    os.killpg(server.pid, signal.SIGINT)
    server.wait(timeout=30)
    harness.wait_for(lambda: not is_held(worker_lock(harness.home)))
    assert {job.state for job in harness.workspace.jobs.all(run=run.id)} == {"succeeded"}, harness.log()
    assert weights(run) == reference[0]
    assert [path for path in harness.home.rglob("*") if is_open_to_others(path)] == []
    harness.assert_undamaged()


def test_a_list_that_is_lost_while_a_worker_trains_comes_back_from_its_backup(
    harness: FaultHarness, reference: tuple[dict[str, bytes], int]
) -> None:
    run = harness.add(epochs=EPOCHS)
    process = harness.start()
    harness.wait_for(lambda: "stage:training" in harness.kinds(run))
    harness.workspace.database.backup(older_than=0)
    rubbish = b"rubbish " * 2000
    for tail in ("-wal", "-shm"):
        (harness.home / f"closer.db{tail}").unlink(missing_ok=True)
    (harness.home / "closer.db").write_bytes(rubbish)
    process.wait(timeout=100)
    with pytest.raises(DamagedError):
        harness.workspace.runs.all()
    assert (harness.home / "closer.db").read_bytes() == rubbish  # nothing was written to it
    assert restore_backup(harness.home).read_bytes() == rubbish
    harness.finish()
    assert harness.workspace.runs.get(run.id).state == "succeeded", harness.log()
    assert weights(run) == reference[0]
    harness.assert_undamaged()


def test_a_clock_that_is_set_back_while_a_worker_trains_changes_nothing(
    harness: FaultHarness, reference: tuple[dict[str, bytes], int]
) -> None:
    run = harness.add(epochs=EPOCHS)
    harness.start("tests.faults.limited", "clock", "3600", str(harness.home)).wait(timeout=100)
    ended = harness.workspace.runs.get(run.id)
    assert ended.state == "succeeded", harness.log()
    assert ended.seconds >= 0
    times = [event.time for event in read_events(run.paths.events)[0]]
    assert times != sorted(times)  # it was set back indeed
    assert weights(run) == reference[0]
    harness.assert_undamaged()


def test_files_that_look_older_than_they_are_do_not_decide_what_is_newest(harness: FaultHarness) -> None:
    run = harness.add(epochs=4, patience=0)
    process = harness.start()
    harness.wait_for(lambda: len(list(run.paths.checkpoints.glob("step-*"))) >= 2)
    kill(process)
    steps = sorted(run.paths.checkpoints.glob("step-*"))
    hour = time.time() - 3600
    os.utime(steps[-1], (hour, hour))
    newest = int(steps[-1].name.rsplit("-", 1)[1])
    harness.finish()
    assert harness.workspace.runs.get(run.id).state == "succeeded", harness.log()
    resumed = [e.step for e in read_events(run.paths.events)[0] if isinstance(e, ResumedEvent)]
    assert resumed[-1] == newest
