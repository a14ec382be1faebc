"""Download routes of the server, streamed in constant memory: models, runs, logs, vectors, maps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from zipstream import ZIP_STORED, ZipStream

from lib.errors import CloserError, StoreError
from lib.experiments.exported_form import has_files, list_exported_forms
from lib.experiments.file_vectors import list_file_vectors
from lib.projection.stored_texts import StoredTexts
from lib.store.archive import open_archive_stream
from lib.store.datasets import Dataset
from lib.store.map_paths import MapKind
from lib.store.regular_file import open_regular_file, regular_files
from lib.store.runs import Run
from lib.store.workspace import open_workspace

_BLOCK_BYTES = 1 << 18
_MAX_SHOWN_CHARACTERS = 600
"""Of a text under the pointer."""


def zip_stream(run: Path, name: str) -> ZipStream:
    """Open a folder of a run as an iterator over the bytes of its zip, with a known length.

    name: it may hold folders above the last, which the zip leaves out. Uncompressed, because weights do not compress. Regular files only, and no link is followed: nothing outside the run can get
    in, whatever happens to it while it is read. Raises StoreError from the iterator for a file that was replaced.
    """
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    for file, size in () if run.is_symlink() else regular_files(run / name):
        archive.add(_blocks(run, f"{name}/{file}", size), f"{Path(name).name}/{file}", size=size)
    return archive


def _blocks(folder: Path, name: str, size: int) -> Iterator[bytes]:
    """Read the first `size` bytes of a file of a folder."""
    with open_regular_file(folder, name) as file:
        yield from _read(file, size)


def _read(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Read so many bytes in blocks, and close the file."""
    with file:
        while size and (block := file.read(min(size, _BLOCK_BYTES))):
            size -= len(block)
            yield block


def _requested_run(request: Request) -> Run | Response:
    """Load the run that the address names, or the answer that says why not."""
    try:
        return open_workspace().runs.get(request.path_params["run"])
    except CloserError as error:
        return PlainTextResponse(str(error), status_code=404)


def download_model(request: Request) -> Response:
    """Answer with the tuned model as a zip."""
    run = _requested_run(request)
    if isinstance(run, Response):
        return run
    archive = zip_stream(run.folder, run.model_dir.name)
    if archive.is_empty():
        return PlainTextResponse("This run has no tuned model.", status_code=404)
    return _answer_zip(archive, run.model_dir.name)


def download_form(request: Request) -> Response:
    """Answer with an exported form of the tuned model as a zip."""
    run = _requested_run(request)
    if isinstance(run, Response):
        return run
    name = request.path_params["name"]
    exported = next((one for one in list_exported_forms(run) if one.name == name and has_files(run, one)), None)
    if exported is None:
        return PlainTextResponse("This run has no such form.", status_code=404)
    return _answer_zip(zip_stream(run.folder, f"{run.paths.exports.name}/{name}"), f"{run.model_dir.name}-{name}")


def _answer_zip(archive: ZipStream, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.zip"',
        "Content-Length": str(len(archive)),
    }
    return StreamingResponse(iter(archive), media_type="application/zip", headers=headers)


def download_log(request: Request) -> Response:
    """Answer with the worker's own output."""
    run = _requested_run(request)
    if isinstance(run, Response):
        return run
    try:
        file = open_regular_file(run.folder, run.paths.log.name)
    except StoreError:
        return PlainTextResponse("This run has no log yet.", status_code=404)
    size = os.fstat(file.fileno()).st_size  # a worker may write on meanwhile
    headers = {"Content-Disposition": f'attachment; filename="{run.id}-log.txt"', "Content-Length": str(size)}
    return StreamingResponse(_read(file, size), media_type="text/plain; charset=utf-8", headers=headers)


def download_vectors(request: Request) -> Response:
    """Answer with a file of vectors that one of the run's models made."""
    run = _requested_run(request)
    if isinstance(run, Response):
        return run
    name = request.path_params["name"]
    made = next((one for one in list_file_vectors(run) if one.file_name == name), None)
    if made is None:
        return PlainTextResponse("This run has no such file.", status_code=404)
    try:
        file = open_regular_file(run.folder, f"{run.paths.file_vectors.name}/{made.file_name}")
    except StoreError:
        return PlainTextResponse("This run has no such file.", status_code=404)
    size = os.fstat(file.fileno()).st_size
    headers = {
        "Content-Disposition": f'attachment; filename="vectors-{run.id}-{made.file_name}"',
        "Content-Length": str(size),
    }
    return StreamingResponse(_read(file, size), media_type="application/octet-stream", headers=headers)


def download_run(request: Request) -> Response:
    """Answer with the run and its dataset as one file for another workspace."""
    run = _requested_run(request)
    return run if isinstance(run, Response) else _send_packed(run, f"closer-run-{run.id}")


def download_dataset(request: Request) -> Response:
    """Answer with the dataset as one file for another workspace."""
    try:
        dataset = open_workspace().datasets.get(request.path_params["dataset"])
    except CloserError as error:
        return PlainTextResponse(str(error), status_code=404)
    return _send_packed(dataset, f"closer-dataset-{dataset.id}")


def _send_packed(item: Run | Dataset, name: str) -> Response:
    """Stream the packed file of a run or dataset, or say why there is none."""
    try:
        archive = open_archive_stream(open_workspace(), item)
    except CloserError as error:
        return PlainTextResponse(str(error), status_code=404)
    return _answer_zip(archive, name)


def download_positions(request: Request) -> Response:
    """Answer with the coordinates of a run's map of all texts.

    The address names their version, so that a browser may keep them.
    """
    run = _requested_run(request)
    if isinstance(run, Response):
        return run
    paths = run.paths.map_of(MapKind.ALL)
    try:
        file = open_regular_file(run.folder, f"{paths.folder.name}/{paths.positions.name}")
    except StoreError:
        return PlainTextResponse("This run has no map of all texts.", status_code=404)
    size = os.fstat(file.fileno()).st_size
    headers = {"Content-Length": str(size), "Cache-Control": "private, max-age=31536000, immutable"}
    return StreamingResponse(_read(file, size), media_type="application/octet-stream", headers=headers)


def download_map_text(request: Request) -> Response:
    """Answer with one text of a run's map of all texts, cut: what the map shows under the pointer."""
    run = _requested_run(request)
    if isinstance(run, Response):
        return run
    try:
        text = StoredTexts.open(run.paths.map_of(MapKind.ALL))[request.path_params["text"]]
    except (StoreError, IndexError):
        return PlainTextResponse("This map has no such text.", status_code=404)
    words = text if len(text) <= _MAX_SHOWN_CHARACTERS else text[: _MAX_SHOWN_CHARACTERS - 1] + "…"
    return PlainTextResponse(words)


DOWNLOAD_ROUTES = [
    Route("/download/{run:str}/model.zip", download_model, methods=["GET"]),
    Route("/download/{run:str}/exports/{name:str}.zip", download_form, methods=["GET"]),
    Route("/download/{run:str}/run.zip", download_run, methods=["GET"]),
    Route("/download/{dataset:str}/dataset.zip", download_dataset, methods=["GET"]),
    Route("/download/{run:str}/log.txt", download_log, methods=["GET"]),
    Route("/download/{run:str}/map/positions", download_positions, methods=["GET"]),
    Route("/download/{run:str}/map/texts/{text:int}", download_map_text, methods=["GET"]),
    Route("/download/{run:str}/vectors/{name:str}", download_vectors, methods=["GET"]),
]
