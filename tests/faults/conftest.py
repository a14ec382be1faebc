"""Real processes: a workspace with a run, workers that are started, killed and waited for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

from lib.jobs.events import read_events
from lib.store.check import check
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace
from tests.builders import add_dataset, add_run
from tests.faults.template import ForkedProcess, Template

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 120.0
COMPILED = ROOT / ".pytest_cache" / "numba"
"""What one worker compiled the next ones find: each test has an empty workspace, and with it an empty cache."""

EPOCHS = 3
"""Of the run that most tests break off and compare with the unbroken one."""


@dataclass
class FaultHarness:
    """A workspace and the processes that a test started in it."""

    home: Path
    model: Path
    template: Template
    started: list[ForkedProcess] = field(default_factory=list)

    @property
    def workspace(self) -> Workspace:
        """Open the workspace anew, as another process would."""
        return open_workspace(self.home)

    def add(self, **recipe: Any) -> Run:
        """Queue a run of the tiny model on a small dataset."""
        workspace = self.workspace
        return add_run(workspace, add_dataset(workspace), self.model, **recipe)

    def start(self, *command: str, env: dict[str, str] | None = None) -> ForkedProcess:
        """Start a process in its own session: the worker, or a module with arguments."""
        process = self.template.start(
            *(command or ("lib.jobs.worker", str(self.home))),
            environment=environment() | {"CLOSER_HOME": str(self.home)} | (env or {}),
            log=self.home / "worker.log",
        )
        self.started.append(process)
        return process

    def finish(self) -> int:
        """Run workers until the queue is empty, and count them."""
        count = 0
        while self.workspace.jobs.all(states=("queued", "running", "cancelling")):
            self.start().wait(timeout=PATIENCE)
            count += 1
            assert count < 40, "the queue does not empty"
        return count

    def wait_for(self, condition: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
        """Wait until something is true; fail when it takes too long."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "waited too long; the worker said: " + self.log()
            time.sleep(0.02)

    def log(self) -> str:
        """Read the end of what the workers printed."""
        path = self.home / "worker.log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def kinds(self, run: Run) -> list[str]:
        """List the stages in a run's events."""
        events = (
            [json.loads(line) for line in run.paths.events.read_bytes().splitlines()]
            if run.paths.events.exists()
            else []
        )
        return [f"{e['kind']}:{e.get('stage', e.get('moment', ''))}" for e in events]

    def assert_undamaged(self) -> None:
        """Assert that every dataset and every published folder is undamaged."""
        assert check(self.workspace) == []


def environment() -> dict[str, str]:
    """Build the environment of a worker: one thread, no hub, what others compiled."""
    return dict(os.environ) | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "NUMBA_CACHE_DIR": str(COMPILED)}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """Start the process that workers are forked from."""
    process = Template(tmp_path_factory.mktemp("template"), environment=environment(), root=ROOT)
    yield process
    process.stop()


@pytest.fixture(scope="module")
def reference(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, template: Template
) -> tuple[dict[str, bytes], int]:
    """Train once without any fault: its weights, and the number of its events."""
    home = tmp_path_factory.mktemp("reference")
    harness = FaultHarness(home, tiny_model, template)
    run = harness.add(epochs=EPOCHS)
    harness.finish()
    assert harness.workspace.runs.get(run.id).state == "succeeded", harness.log()
    return weights(run), len(read_events(run.paths.events)[0])


@pytest.fixture
def harness(home: Path, tiny_model: Path, template: Template) -> Iterator[FaultHarness]:
    made = FaultHarness(home, tiny_model, template)
    yield made
    for process in made.started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def kill(process: ForkedProcess | subprocess.Popen[bytes]) -> None:
    """Kill a process as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def weights(run: Run) -> dict[str, bytes]:
    """Read the tuned model's weights as bytes."""
    return {name: value.tobytes() for name, value in load_file(run.model_dir / "model.safetensors").items()}
