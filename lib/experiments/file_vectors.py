"""The vectors of a file's texts by a run's model, as a job whose result stays in the run's folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lib.data.columns.mapping import ColumnMapping
from lib.data.file_rows import FileRows, load_stored_rows
from lib.data.model_inputs import Reading, Role, reading_of
from lib.errors import InputError, NotFoundError
from lib.models.vector_files import VectorFormat
from lib.shapes import Shape
from lib.store.context import JobContext
from lib.store.layout import UploadPaths
from lib.store.permission import must_be_editor
from lib.store.publish import write_atomic
from lib.store.runs import Run
from lib.store.uploads import load_upload, remove_upload
from lib.store.workspace import Workspace
from lib.typed_json import JsonError, read_stored, typed

SIDES = {"tuned": "Tuned model", "base": "Base model"}
"""The two models of a run, by what the command and a job call them."""


@dataclass(frozen=True)
class EmbedRequest:
    """What to embed. upload: whose rows are stored; side: tuned or base."""

    upload: str
    name: str
    columns: tuple[str, ...]
    role: Role
    side: str
    format: VectorFormat


@dataclass(frozen=True)
class FileVectors:
    """A file of vectors that was made. name: of the file it was made of; job: its number."""

    job: int
    name: str
    rows: int
    dimension: int
    empty: int
    columns: tuple[str, ...]
    role: Role
    prompt: str
    side: str
    format: VectorFormat
    bytes: int
    seconds: float

    @property
    def file_name(self) -> str:
        """Its name in the run's folder."""
        return f"{self.job}.{self.format}"


def run_reading(workspace: Workspace, run: Run) -> Reading:
    """Look up how a run's models read texts."""
    return reading_of(run.recipe).for_shape(Shape(workspace.datasets.get(run.dataset).shape))


def run_columns(workspace: Workspace, run: Run) -> dict[str, tuple[str, ...]]:
    """Look up which columns the file of a run's dataset had for each role."""
    stored = workspace.datasets.get(run.dataset).facts.get("mapping")
    return dict(ColumnMapping.from_json(stored).roles) if stored else {}


def model_of_side(run: Run, side: str) -> str:
    """Name the run's base or tuned model. Raises NotFoundError where it has no tuned one."""
    if side == "base":
        return run.base_model
    if not run.model_dir.is_dir():
        raise NotFoundError(f"{run.name} has no tuned model.", todo="Train it to the end first.")
    return str(run.model_dir)


def write_file_vectors(context: JobContext) -> None:
    """Embed the rows that the job names and store the file; the upload is removed after."""
    run, home = context.run, context.workspace.home
    request = _request(context.payload)
    upload = load_upload(home, request.upload)
    rows = load_stored_rows(UploadPaths(upload.folder).rows)
    folder = run.paths.file_vectors
    folder.mkdir(exist_ok=True)
    made = _embed(context, request, rows, folder)
    write_atomic(folder / f"{made.job}.json", json.dumps(asdict(made), ensure_ascii=False))
    remove_upload(upload)


def _embed(context: JobContext, request: EmbedRequest, rows: FileRows, folder: Path) -> FileVectors:
    from lib.models.embed_file import embed_file
    from lib.models.loader import load_model

    run, progress, job = context.run, context.progress, context.job.id
    progress.stage("embedding", f"with the {request.side} model")
    reading = run_reading(context.workspace, run)
    model = load_model(model_of_side(run, request.side), reading=reading, home=context.workspace.home)
    out = folder / f"{job}.{request.format}"
    made = embed_file(model, rows, out, columns=request.columns, reading=reading, role=request.role, progress=progress)
    facts = made.to_json() | {"role": request.role, "columns": made.columns}
    return FileVectors(
        **facts, job=job, name=request.name, side=request.side, format=request.format, bytes=out.stat().st_size
    )


def _request(payload: dict[str, Any]) -> EmbedRequest:
    try:
        request: EmbedRequest = typed(EmbedRequest, payload)
    except JsonError as error:
        raise InputError("What to embed cannot be read.", todo="Choose the file again.") from error
    if request.side not in SIDES:
        raise InputError(f"There is no {request.side!r:.40} model.", todo="Choose the base or the tuned one.")
    return request


def list_file_vectors(run: Run) -> list[FileVectors]:
    """List the files of vectors of a run, the newest first; damaged or half-removed ones are left out."""
    made = [_load_facts(path) for path in run.paths.file_vectors.glob("*.json")]
    there = [one for one in made if one is not None and (run.paths.file_vectors / one.file_name).is_file()]
    return sorted(there, key=lambda one: -one.job)


def _load_facts(path: Path) -> FileVectors | None:
    try:
        facts: FileVectors = typed(FileVectors, read_stored(path))
    except (OSError, JsonError):
        return None
    return facts if path.stem == str(facts.job) else None


def remove_file_vectors(run: Run, made: FileVectors) -> None:
    """Remove a file of vectors from a run's folder."""
    must_be_editor()
    for name in (f"{made.job}.json", made.file_name):
        (run.paths.file_vectors / name).unlink(missing_ok=True)
