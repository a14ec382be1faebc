"""Download routes of the server: a run's tuned model as a zip, its log. Streamed in constant memory."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from zipstream import ZIP_STORED, ZipStream

from lib.errors import CloserError
from lib.store.runs import Run
from lib.store.workspace import open_workspace


def zip_stream(folder: Path) -> ZipStream:
    """Open a folder as an iterator over the bytes of its zip, with a known length.

    Uncompressed, because weights do not compress. Symbolic links are left out: nothing outside the folder can get in.
    """
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            archive.add_path(path, f"{folder.name}/{path.relative_to(folder).as_posix()}", recurse=False)
    return archive


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
    if not run.model_dir.is_dir():
        return PlainTextResponse("This run has no tuned model.", status_code=404)
    archive = zip_stream(run.model_dir)
    headers = {
        "Content-Disposition": f'attachment; filename="{run.model_dir.name}.zip"',
        "Content-Length": str(len(archive)),
    }
    return StreamingResponse(iter(archive), media_type="application/zip", headers=headers)


def download_log(request: Request) -> Response:
    """Answer with the worker's own output."""
    run = _requested_run(request)
    if isinstance(run, Response):
        return run
    if not run.paths.log.is_file():
        return PlainTextResponse("This run has no log yet.", status_code=404)
    return FileResponse(run.paths.log, media_type="text/plain; charset=utf-8", filename=f"{run.id}-log.txt")


DOWNLOAD_ROUTES = [
    Route("/download/{run:str}/model.zip", download_model, methods=["GET"]),
    Route("/download/{run:str}/log.txt", download_log, methods=["GET"]),
]
