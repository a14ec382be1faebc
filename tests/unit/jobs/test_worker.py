"""A worker takes jobs in the queue's order, those in the background last, and outlives what is gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lib.errors import NotFoundError
from lib.jobs import worker
from lib.jobs.kinds import KINDS, perform, title_of
from lib.jobs.worker import claim_next, log_path, run_job, wait_for_work, work
from lib.progress import Silent
from lib.store.workspace import open_workspace
from tests.builders import add_dataset, add_run
from tests.unit.models.folder_check.hostile import HOSTILE


def test_what_a_person_waits_for_goes_first(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    background = workspace.jobs.submit_on_dataset("estimate", dataset=dataset.id, key="estimate")
    check = workspace.jobs.submit_on_dataset("label_noise", dataset=dataset.id, key="check")
    run = add_run(workspace, dataset, "a/b")
    ids = [job.id for _ in range(3) if (job := claim_next(workspace)) is not None]
    assert ids == [check.id, run.job, background.id]
    assert claim_next(workspace) is None


def test_a_job_whose_run_or_dataset_is_gone_fails_and_the_next_is_taken(home: Path) -> None:
    workspace = open_workspace()
    jobs = [
        workspace.jobs.submit("train", run="gone"),
        workspace.jobs.submit_on_dataset("label_noise", dataset="gone", key="check"),
        workspace.jobs.submit("unknown", run=add_run(workspace, add_dataset(workspace), "a/b").id),
    ]
    workspace.jobs.cancel(workspace.runs.all()[0].job)
    work(home)
    assert [workspace.jobs.get(job.id).state for job in jobs] == ["failed"] * 3
    assert all(workspace.jobs.get(job.id).error for job in jobs)


def test_a_waiting_worker_takes_what_comes_and_ends_when_nothing_does(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PREPARED", "json")
    monkeypatch.setattr(worker, "resident_memory", lambda: 0)  # the tests before left more in this process
    workspace = open_workspace()
    looks = iter([True, True, True])  # then its server is gone

    def is_child_of(_parent: int) -> bool:
        workspace.jobs.submit("train", run="gone")
        return next(looks, False)

    monkeypatch.setattr(worker, "is_child_of", is_child_of)
    assert wait_for_work(home) == 0
    states = [job.state for job in workspace.jobs.all()]
    assert sorted(states) == ["failed", "failed", "failed", "queued"]
    monkeypatch.setattr(worker, "is_child_of", lambda _parent: True)
    assert wait_for_work(home, seconds=0) == 0  # as long as nothing came
    monkeypatch.setattr(worker, "resident_memory", lambda: worker.MOST_WAITING_BYTES)
    assert wait_for_work(home) == 0
    assert len(workspace.jobs.all(states=("queued",))) == 1


def test_work_that_needs_a_run_says_so_where_there_is_none(home: Path) -> None:
    workspace = open_workspace()
    job = workspace.jobs.submit_on_dataset("evaluate", dataset=add_dataset(workspace).id, key="odd")
    with pytest.raises(NotFoundError, match="no run"):
        perform(workspace, job, Silent())


def test_output_goes_to_the_run_or_to_the_worker(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    run = add_run(workspace, dataset, "a/b")
    alone = workspace.jobs.submit_on_dataset("estimate", dataset=dataset.id, key="estimate")
    assert log_path(workspace, workspace.jobs.get(run.job)) == run.paths.log
    assert log_path(workspace, alone) == home / "logs" / "worker.log"


def test_label_noise_is_listed_and_its_progress_is_removed(home: Path) -> None:
    from lib.experiments.label_noise_check import label_noise_path

    workspace = open_workspace()
    dataset = add_dataset(workspace)
    job = workspace.jobs.claim(workspace.jobs.submit_on_dataset("label_noise", dataset=dataset.id, key="check").id)
    assert job is not None
    assert run_job(workspace, job) == "succeeded"
    assert label_noise_path(home, dataset.id).is_file()
    assert list((home / "logs").glob("job-*")) == []


def test_every_kind_has_a_title() -> None:
    assert all(kind.title and kind.name == name for name, kind in KINDS.items())
    assert title_of("from a later version") == "from a later version"


@pytest.mark.parametrize("name", ["weights_only off and a pickle", "link to a device", "a million layers"])
def test_a_hostile_model_fails_in_one_line(name: str, home: Path, tiny_model: Path, tmp_path: Path) -> None:
    """The worker checks the folder again: it may have changed since the run was created."""
    file, spoil = HOSTILE[name]
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    workspace = open_workspace(home)
    run = add_run(workspace, add_dataset(workspace), str(folder))
    spoil(folder)
    job = workspace.jobs.claim(run.job)
    assert job is not None
    assert run_job(workspace, job) == "failed"
    reason = workspace.runs.get(run.id).reason
    assert reason.startswith(f"{folder / file}: ")
    assert reason.isprintable()
    assert not (tmp_path / "canary").exists()
