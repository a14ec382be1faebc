"""Vectors of a file as a job: rows are stored by the page, embedded by the worker, listed, removed."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.data.file_rows import peek_stored_rows, store_file_rows
from lib.errors import InputError, NotFoundError
from lib.experiments.file_vectors import list_file_vectors, remove_file_vectors
from lib.jobs.worker import run_job
from lib.store.jobs import Job
from lib.store.layout import UploadPaths, WorkspacePaths
from lib.store.runs import Run
from lib.store.uploads import Upload, load_upload, store_upload
from lib.store.workspace import Workspace, open_workspace
from tests.builders import add_dataset, add_run, pairs


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return open_workspace(home)


@pytest.fixture
def run(workspace: Workspace, tiny_model: Path) -> Run:
    made = add_run(workspace, add_dataset(workspace), tiny_model, query_prompt="ask: ", document_prompt="tell: ")
    shutil.copytree(tiny_model, made.model_dir)
    workspace.jobs.cancel(made.job)
    return made


@pytest.fixture
def upload(workspace: Workspace) -> Upload:
    content = pairs(6).to_csv(index=False).encode()
    stored = store_upload(workspace.home, [("mine.csv", io.BytesIO(content))])
    store_file_rows(stored.files[0], UploadPaths(stored.folder).rows)
    return stored


def embed(workspace: Workspace, run: Run, **payload: object) -> Job:
    """Do the job as a worker does."""
    job = workspace.jobs.submit("embed", run=run.id, payload=dict(payload))
    claimed = workspace.jobs.claim(job.id)
    assert claimed is not None
    run_job(workspace, claimed)
    return workspace.jobs.get(job.id)


REQUEST = {"name": "mine.csv", "columns": ["source_sentence"], "role": "query", "side": "tuned"}


def test_the_rows_of_an_upload_become_a_file_of_the_run(workspace: Workspace, run: Run, upload: Upload) -> None:
    head, rows = peek_stored_rows(UploadPaths(upload.folder).rows)
    assert (rows, head.table.column_names) == (6, ["source_sentence", "target_sentence"])
    job = embed(workspace, run, upload=upload.id, format="parquet", **REQUEST)
    assert job.state == "succeeded"
    (made,) = list_file_vectors(run)
    assert (made.job, made.name, made.rows, made.dimension, made.prompt) == (job.id, "mine.csv", 6, 32, "ask: ")
    path = run.paths.file_vectors / made.file_name
    assert path.stat().st_size == made.bytes
    assert np.stack(pd.read_parquet(path)["vector"].to_list()).shape == (6, 32)
    with pytest.raises(NotFoundError):
        load_upload(workspace.home, upload.id)
    remove_file_vectors(run, made)
    assert list_file_vectors(run) == []
    assert list(run.paths.file_vectors.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"format": "pickle"},
        {"side": "../tuned"},
        {"columns": "source_sentence"},
        {"columns": ["nope"]},
        {"role": "x"},
        {"upload": "../../etc"},
    ],
)
def test_a_request_that_makes_no_sense_fails_and_leaves_nothing(
    workspace: Workspace, run: Run, upload: Upload, change: dict[str, object]
) -> None:
    payload = {"upload": upload.id, "format": "npy", **REQUEST} | change
    job = embed(workspace, run, **payload)
    assert job.state == "failed"
    assert job.error is not None
    assert not list(run.paths.file_vectors.glob("*"))


def test_damaged_facts_and_facts_without_their_file_are_left_out(run: Run) -> None:
    folder = run.paths.file_vectors
    folder.mkdir(parents=True)
    (folder / "1.json").write_text("{")
    (folder / "2.json").write_text('{"job": 3}')
    assert list_file_vectors(run) == []


def test_a_file_that_cannot_be_read_is_refused_in_the_child_process(workspace: Workspace) -> None:
    stored = store_upload(workspace.home, [("mine.parquet", io.BytesIO(b"PAR1 and nothing more"))])
    with pytest.raises(InputError, match="damaged"):
        store_file_rows(stored.files[0], UploadPaths(stored.folder).rows)
    assert not UploadPaths(stored.folder).rows.exists()
    assert WorkspacePaths(workspace.home).uploads.is_dir()
