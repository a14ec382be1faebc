"""Servers that die, come back, or are two: one supervisor a workspace, one worker at a time, no job done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from lib.jobs.events import read_events
from lib.jobs.locks import is_held, supervisor_lock, worker_lock
from tests.faults.conftest import ROOT, Farm, kill

SERVER = """
import sys, time
from pathlib import Path
from lib.jobs.supervisor import Supervisor
supervisor = Supervisor(Path(sys.argv[1]))
supervisor.start()
while True:
    print("viewer" if supervisor.is_viewer else "supervisor", flush=True)
    time.sleep(0.2)
"""


def serve(farm: Farm, name: str) -> subprocess.Popen[bytes]:
    """Start what a server starts: a supervisor, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(farm.home)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=(farm.home / f"{name}.log").open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    farm.started.append(process)
    return process


def said(farm: Farm, name: str) -> str:
    path = farm.home / f"{name}.log"
    lines = path.read_text().split() if path.exists() else []
    return lines[-1] if lines else ""


def stop_workers(farm: Farm) -> None:
    from lib.jobs.locks import kill_worker

    kill_worker(farm.home)


def test_a_killed_server_leaves_its_worker_and_the_next_adopts_it(farm: Farm) -> None:
    run = farm.add(epochs=12, patience=0)
    first = serve(farm, "first")
    farm.wait_for(lambda: "stage:training" in farm.kinds(run))
    kill(first)
    assert is_held(worker_lock(farm.home))
    serve(farm, "second")
    farm.wait_for(lambda: farm.workspace.runs.get(run.id).state == "succeeded")
    assert farm.kinds(run).count("attempt:") >= 1
    assert farm.workspace.jobs.all(run=run.id, kind="train")[0].attempts == 1  # no second worker took the training
    farm.wait_for(lambda: not farm.workspace.jobs.all(states=("queued", "running")))
    farm.whole()


def test_when_server_and_worker_are_killed_the_next_server_goes_on(farm: Farm) -> None:
    run = farm.add(epochs=4, patience=0)
    first = serve(farm, "first")
    farm.wait_for(lambda: "measured:epoch-001" in farm.kinds(run))
    kill(first)
    stop_workers(farm)
    farm.whole()
    serve(farm, "second")
    farm.wait_for(lambda: farm.workspace.runs.get(run.id).state == "succeeded")
    assert farm.workspace.jobs.all(run=run.id, kind="train")[0].attempts >= 1
    farm.wait_for(lambda: not farm.workspace.jobs.all(states=("queued", "running")))
    farm.whole()


def test_a_second_server_watches_and_takes_over(farm: Farm) -> None:
    first = serve(farm, "first")
    farm.wait_for(lambda: said(farm, "first") == "supervisor")
    serve(farm, "second")
    farm.wait_for(lambda: said(farm, "second") == "viewer")
    time.sleep(2.5)
    assert said(farm, "second") == "viewer"
    os.killpg(first.pid, signal.SIGINT)
    farm.wait_for(lambda: said(farm, "second") == "supervisor")
    assert is_held(supervisor_lock(farm.home))


def test_eight_processes_under_random_kills_claim_each_job_once(farm: Farm, tmp_path: Path) -> None:
    workspace = farm.workspace
    for number in range(300):
        workspace.jobs.submit("train", run="r", key=f"job-{number}")
    done = tmp_path / "done.txt"
    workers = [farm.start("tests.faults.claims", str(farm.home), str(done)) for _ in range(8)]
    kills = 0
    while workspace.jobs.all(states=("queued",)):
        time.sleep(0.15)
        victim = workers[kills % 8]
        if kills < 27 and victim.poll() is None:
            kill(victim)
            kills += 1
            workers[(kills - 1) % 8] = farm.start("tests.faults.claims", str(farm.home), str(done))
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
    farm.whole()


def test_two_presses_at_once_are_one_run(farm: Farm) -> None:
    run = farm.add(epochs=1)
    press = (
        "import sys; from lib.store.workspace import open_workspace; "
        "print(open_workspace().runs.create(dataset=sys.argv[1], model='m', recipe={}, key='press').id)"
    )
    presses = [
        subprocess.Popen(
            [sys.executable, "-c", press, run.dataset],
            cwd=ROOT,
            env=os.environ | {"CLOSER_HOME": str(farm.home)},
            stdout=subprocess.PIPE,
        )
        for _ in range(6)
    ]
    made = {process.communicate(timeout=60)[0].strip() for process in presses}
    assert len(made) == 1
    assert len(farm.workspace.runs.all()) == 2


def test_a_clock_set_back_changes_nothing(farm: Farm) -> None:
    """Files that look an hour old or new do not decide which checkpoint is the newest, nor who lives."""
    run = farm.add(epochs=4, patience=0)
    process = farm.start()
    farm.wait_for(lambda: len(list(run.checkpoints_dir.glob("step-*"))) >= 2)
    kill(process)
    steps = sorted(run.checkpoints_dir.glob("step-*"))
    hour = time.time() - 3600
    os.utime(steps[-1], (hour, hour))
    newest = int(steps[-1].name.rsplit("-", 1)[1])
    farm.finish()
    assert farm.workspace.runs.get(run.id).state == "succeeded", farm.log()
    resumed = [e["step"] for e in read_events(run.events_path)[0] if e["kind"] == "resumed"]
    assert resumed[-1] == newest
