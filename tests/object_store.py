"""An object store on this machine: as much of S3 as pyarrow's client asks for.

A server of moto would do more, but its client libraries hold python-dateutil back for everybody.
"""

from __future__ import annotations

import io
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from lib.store.locations import Location

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "tests"}
"""What the store's clients need in their environment; it accepts any."""

CHANGED = ("Fri, 27 Nov 2026 00:00:00 GMT", "2026-11-27T00:00:00.000Z")
"""Time of change of every object, as a header and in a list."""


class _Server(ThreadingHTTPServer):
    """The objects by their path `/bucket/key`, and the parts of uploads that are not complete."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}


class _Handler(BaseHTTPRequestHandler):
    """Answer one client. Source of the calls: the Amazon S3 API reference."""

    protocol_version = "HTTP/1.1"
    server: _Server

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).rstrip("/")

    @property
    def _query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query, keep_blank_values=True).items()}

    def do_PUT(self) -> None:
        """PutObject, UploadPart, CreateBucket."""
        body, query = self._body(), self._query
        if "uploadId" in query:
            self.server.uploads[query["uploadId"]][int(query["partNumber"])] = body
        else:
            self.server.objects[self._key] = body
        self._answer(200, headers={"ETag": '"0"'})

    def do_POST(self) -> None:
        """CreateMultipartUpload, CompleteMultipartUpload."""
        self._body()
        query = self._query
        if "uploads" in query:
            upload = uuid.uuid4().hex
            self.server.uploads[upload] = {}
            self._answer(
                200, f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
            )
            return
        parts = self.server.uploads.pop(query["uploadId"])
        self.server.objects[self._key] = b"".join(parts[number] for number in sorted(parts))
        self._answer(200, '<CompleteMultipartUploadResult><ETag>"0"</ETag></CompleteMultipartUploadResult>')

    def do_HEAD(self) -> None:
        """HeadObject, HeadBucket."""
        self.do_GET()

    def do_GET(self) -> None:
        """GetObject, whole or a range; ListObjectsV2."""
        if "list-type" in self._query:
            self._list()
            return
        body = self.server.objects.get(self._key)
        if body is None:
            self._answer(404, "<Error><Code>NoSuchKey</Code></Error>")
            return
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        part = body[int(asked[1]) : int(asked[2]) + 1 if asked[2] else None] if asked else body
        self._answer(206 if asked else 200, part, headers={"Last-Modified": CHANGED[0], "ETag": '"0"'})

    def _list(self) -> None:
        """List all keys below a prefix, or only those right below it and the folders beside them."""
        query, bucket = self._query, f"{self._key}/"
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        keys = sorted(key.removeprefix(bucket) for key in self.server.objects if key.startswith(bucket + prefix))
        deeper = {key for key in keys if delimiter and delimiter in key[len(prefix) :]}
        folders = sorted({prefix + key[len(prefix) :].split(delimiter)[0] + delimiter for key in deeper})
        files = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.server.objects[bucket + key])}</Size>"
            f"<LastModified>{CHANGED[1]}</LastModified></Contents>"
            for key in keys
            if key not in deeper
        )
        common = "".join(f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in folders)
        count = f"<IsTruncated>false</IsTruncated><KeyCount>{len(keys)}</KeyCount>"
        self._answer(200, f"<ListBucketResult>{count}{files}{common}</ListBucketResult>")

    def _body(self) -> bytes:
        """Read what was sent: a streaming body is chunked by the client once more, with its checksum at the end."""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = _read_chunks(self.rfile)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_streaming = "STREAMING" in self.headers.get("x-amz-content-sha256", "")
        return _read_chunks(io.BytesIO(body)) if is_streaming else body

    def _answer(self, status: int, body: bytes | str = b"", *, headers: dict[str, str] | None = None) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Write no line for every request."""


def _read_chunks(stream: BinaryIO) -> bytes:
    """Read chunks, each after a line with its length in hexadecimal digits, and the lines after the last one."""
    parts = []
    while size := int(stream.readline().split(b";")[0], 16):
        parts.append(stream.read(size))
        stream.readline()
    while stream.readline().strip():
        pass
    return b"".join(parts)


@contextmanager
def object_store() -> Iterator[Location]:
    """Run the store for the block; a bucket of it. Its clients need CREDENTIALS in their environment."""
    server = _Server()
    server.objects["/texts"] = b""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Location(f"s3://texts?region=us-east-1&scheme=http&endpoint_override=127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()


def upload_folder(folder: Path, target: Location) -> None:
    """Copy a folder's files to a location, under their relative names."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with target.child(path.relative_to(folder).as_posix()).replace() as part:
                part.write_bytes(path.read_bytes())
