"""A Hub on this machine: takes a commit as the real one does, and keeps every byte that it was sent."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FakeHub:
    """What was sent. files: of the commit, by name; requests: method and path with the body."""

    address: str = ""
    is_private: bool = True
    created: dict[str, object] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    objects: dict[str, bytes] = field(default_factory=dict)

    def answer(self, method: str, path: str, body: bytes) -> dict[str, object]:
        """Answer a request of huggingface_hub. Large files go to LFS, as .gitattributes of the Hub has it."""
        path = path.partition("?")[0]
        if path == "/api/repos/create":
            self.created = json.loads(body)
            name = f"{self.created['organization']}/{self.created['name']}"
            return {"url": f"{self.address}/{name}", "id": name}
        if "/preupload/" in path:
            asked = json.loads(body)["files"]
            modes = [(one["path"], "lfs" if one["path"].endswith(".safetensors") else "regular") for one in asked]
            return {"files": [{"path": name, "uploadMode": mode, "shouldIgnore": False} for name, mode in modes]}
        if path.endswith("/objects/batch"):
            return {"objects": [self._place(one) for one in json.loads(body)["objects"]]}
        if method == "PUT":
            self.objects[path.rpartition("/")[2]] = body
            return {}
        if "/commit/" in path:
            self._take([json.loads(line) for line in body.splitlines()])
            name = path.removeprefix("/api/models/").partition("/commit/")[0]
            return {"commitUrl": f"{self.address}/{name}/commit/{0:040d}", "commitOid": f"{0:040d}"}
        if method == "GET":
            return {"id": path.removeprefix("/api/models/"), "private": self.is_private, "sha": "0" * 40}
        return {}

    def _place(self, one: dict[str, object]) -> dict[str, object]:
        return {**one, "actions": {"upload": {"href": f"{self.address}/lfs/{one['oid']}"}}}

    def _take(self, lines: list[dict[str, dict[str, str]]]) -> None:
        for line in lines:
            value = line["value"]
            if line["key"] == "file":  # type: ignore[comparison-overlap]
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":  # type: ignore[comparison-overlap]
                self.files[value["path"]] = self.objects[value["oid"]]


@contextmanager
def serve_hub() -> Iterator[FakeHub]:
    """Serve a fake Hub on a free port."""
    hub = FakeHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _respond(self) -> None:
            body = self._read()
            hub.requests.append((f"{self.command} {self.path}", body))
            hub.tokens.add(self.headers.get("Authorization", ""))
            answer = json.dumps(hub.answer(self.command, self.path, body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _read(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        do_GET = do_POST = do_PUT = _respond

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
