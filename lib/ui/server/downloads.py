"""Routes of our own in the server: a run's tuned model as a zip, its log. Streamed, so that no memory holds them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from lib.errors import CloserError
from lib.store.runs import Run
from lib.store.workspace import open_workspace

BLOCK = 1 << 20


class Sink:
    """A file that only takes writes and gives them on: zipfile needs no seeking to stream."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._position = 0

    def write(self, data: bytes) -> int:
        """Take bytes."""
        self._parts.append(bytes(data))
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        """Return how many bytes were taken."""
        return self._position

    def flush(self) -> None:
        """Do nothing: what was taken is there."""

    def take(self) -> bytes:
        """Return what was taken since the last call."""
        data, self._parts = b"".join(self._parts), []
        return data


def zipped(folder: Path) -> Iterator[bytes]:
    """Yield a zip of a folder, block by block, uncompressed: weights do not compress."""
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            with archive.open(name, "w", force_zip64=True) as entry, path.open("rb") as file:
                while block := file.read(BLOCK):
                    entry.write(block)
                    yield sink.take()
            yield sink.take()
    yield sink.take()


def find(request: Request) -> Run | Response:
    """Return the run that the address names, or the answer that says why not."""
    try:
        return open_workspace().runs.get(request.path_params["run"])
    except CloserError as error:
        return PlainTextResponse(str(error), status_code=404)


def model(request: Request) -> Response:
    """Answer with the tuned model as a zip."""
    run = find(request)
    if isinstance(run, Response):
        return run
    if not run.model_dir.is_dir():
        return PlainTextResponse("This run has no tuned model.", status_code=404)
    headers = {"Content-Disposition": f'attachment; filename="{run.model_dir.name}.zip"'}
    return StreamingResponse(zipped(run.model_dir), media_type="application/zip", headers=headers)


def log(request: Request) -> Response:
    """Answer with the worker's own output."""
    run = find(request)
    if isinstance(run, Response):
        return run
    if not run.paths.log.is_file():
        return PlainTextResponse("This run has no log yet.", status_code=404)
    return FileResponse(run.paths.log, media_type="text/plain; charset=utf-8", filename=f"{run.id}-log.txt")


ROUTES = [
    Route("/download/{run:str}/model.zip", model, methods=["GET"]),
    Route("/download/{run:str}/log.txt", log, methods=["GET"]),
]
