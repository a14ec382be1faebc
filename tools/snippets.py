"""Run the code of `python -m lib use` with the real libraries, and compare vectors with Closer's own.

python -m tools.snippets                     every library, each in a virtual environment of its own under .make/snippets
python -m tools.snippets --with langchain    one of them

The environments see the packages of this one (torch is not installed again) and install what a library pins besides.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from lib.data.model_inputs import Reading, Role
from lib.models.usage.description import describe_model
from lib.models.usage.snippets import DOCUMENTS, QUERIES, SNIPPET_KEYS, Snippet, write_snippets
from tools.locks import ROOT

ENVIRONMENTS = ROOT / ".make" / "snippets"
CLOSE = 1e-5
START_SECONDS = 240
READING = Reading("query: ", "passage: ", default_prompt=False)

PACKAGES: dict[str, tuple[str, ...]] = {
    "sentence-transformers": (),
    # langchain-huggingface asks for huggingface-hub below 2, and so for transformers before it needed 2
    "langchain": ("langchain-huggingface==1.2.3", "sentence-transformers", "transformers", "huggingface-hub"),
    "llama-index": ("llama-index-embeddings-huggingface==0.8.0",),
    "haystack": ("haystack-ai==3.4.1", "sentence-transformers-haystack==2.0.0"),
    "tei": ("openai==3.57.0",),
    # infinity asks for numpy below 2, which what is built for numpy 2 does not run with, and sentence-transformers below 4
    "infinity": (
        "openai==3.57.0",
        "infinity-emb[server,torch]==0.0.78",
        "transformers",
        "huggingface-hub",
        "pandas",
        "scipy",
        "scikit-learn",
        "pyarrow<18",
        "datasets<4",
    ),
}
"""What is installed for a snippet."""

RUN = """
import sys, numpy as np
code = compile(open(sys.argv[1], encoding="utf-8").read(), "snippet", "exec")
names = {}
exec(code, names)
np.savez(sys.argv[2], queries=np.asarray(names["queries"]), documents=np.asarray(names["documents"]))
"""
"""The program that runs a snippet and keeps what it embedded."""


@dataclass(frozen=True)
class Outcome:
    """What running a snippet gave: the largest difference of a vector's entry, or what went wrong."""

    key: str
    versions: str
    difference: float = float("nan")
    problem: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it ran and gave Closer's vectors."""
        return not self.problem and self.difference <= CLOSE

    def to_text(self) -> str:
        """Write it as one line."""
        result = self.problem or f"largest difference {self.difference:.1e}"
        return f"{'ok ' if self.is_good else 'BAD'} {self.key:<22} {result}  ({self.versions})"


def make_environment(name: str, packages: tuple[str, ...]) -> Path:
    """Make an environment that sees this one's packages and has some of its own, and give its Python."""
    folder = ENVIRONMENTS / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True, symlinks=os.name != "nt")
        own = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
        (own / "closer-packages.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    if packages:
        call(str(python), "-m", "pip", "install", "--disable-pip-version-check", "-q", *packages)
    return python


def call(*command: str, **environment: str) -> str:
    """Run a command to its end and give its output. Raises RuntimeError with its last line."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or done.stdout.strip() or "it failed").splitlines()[-1][:300])
    return done.stdout


def save_model(folder: Path) -> dict[str, np.ndarray]:
    """Save the bundled model with prompts as a training does, and embed the snippets' texts."""
    from lib.models.encoder import encode
    from lib.models.loader import load_model
    from lib.models.portable import save_portable
    from lib.settings import BUNDLED_MODEL

    model = load_model(BUNDLED_MODEL, reading=READING, device="cpu")
    save_portable(model, folder, reading=READING)
    texts = {"queries": (QUERIES, Role.QUERY), "documents": (DOCUMENTS, Role.DOCUMENT)}
    return {name: encode(model, READING.read(some, role), fast=False) for name, (some, role) in texts.items()}


def run_snippet(snippet: Snippet, python: Path, expected: dict[str, np.ndarray]) -> Outcome:
    """Run a snippet, its server beside it where it has one, and compare what it embedded."""
    versions = installed_versions(snippet.key, python)
    with tempfile.TemporaryDirectory() as parent:
        code, out = Path(parent) / "snippet.py", Path(parent) / "vectors.npz"
        code.write_text(snippet.code, encoding="utf-8")
        try:
            with server_of(snippet, python):
                call(
                    str(python), "-c", RUN, str(code), str(out), HF_HUB_OFFLINE="1", HAYSTACK_TELEMETRY_ENABLED="False"
                )
        except RuntimeError as error:
            return Outcome(snippet.key, versions, problem=str(error))
        with np.load(out, allow_pickle=False) as found:
            difference = max(float(np.abs(found[name] - rows).max()) for name, rows in expected.items())
    return Outcome(snippet.key, versions, difference)


def installed_versions(key: str, python: Path) -> str:
    """List the versions that were installed."""
    names = [re.split(r"[\[<=]", package)[0] for package in PACKAGES[key]] or ["sentence-transformers"]
    code = f"from importlib.metadata import version; print(', '.join(f'{{n}} {{version(n)}}' for n in {names!r}))"
    return call(str(python), "-c", code).strip()


@contextmanager
def server_of(snippet: Snippet, python: Path) -> Iterator[None]:
    """Start the server that the snippet's client asks: infinity itself, or a small one in place of TEI."""
    if snippet.key == "infinity":
        with infinity(snippet, python):
            yield
    elif snippet.key == "tei":
        with embeddings_server(8080):
            yield
    else:
        yield


@contextmanager
def infinity(snippet: Snippet, python: Path) -> Iterator[None]:
    """Start infinity by the snippet's own last line."""
    command = snippet.server.splitlines()[-1].replace("infinity_emb", str(python.with_name("infinity_emb")), 1)
    variables = os.environ | {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", "INFINITY_ANONYMOUS_USAGE_STATS": "0"}
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            ["bash", "-c", f"exec {command}"], env=variables, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            if not answers("http://127.0.0.1:7997/health", server):
                log.seek(0)
                lines = log.read().decode(errors="replace").strip().splitlines() or ["it did not start"]
                raise RuntimeError(f"infinity: {lines[-1][:300]}")
            yield
        finally:
            server.terminate()
            server.wait()


def answers(address: str, server: subprocess.Popen[bytes]) -> bool:
    """Wait until the server answers; give up when it ended."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return True
        except OSError:
            time.sleep(1)
    return False


@contextmanager
def embeddings_server(port: int) -> Iterator[None]:
    """Answer POST /v1/embeddings as OpenAI's API does, with the plain model: no prompt is known to it."""
    from lib.models.encoder import encode
    from lib.models.loader import load_model
    from lib.settings import BUNDLED_MODEL

    model = load_model(BUNDLED_MODEL, device="cpu")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200 if self.path == "/v1/embeddings" else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(embeddings_answer(encode(model, request["input"], fast=False))).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def embeddings_answer(rows: np.ndarray) -> dict[str, Any]:
    """Build the answer of OpenAI's API. Source: its reference, POST /embeddings."""
    data = [{"object": "embedding", "index": index, "embedding": row.tolist()} for index, row in enumerate(rows)]
    return {"object": "list", "model": "tuned", "data": data, "usage": {"prompt_tokens": 0, "total_tokens": 0}}


def main() -> int:
    """Run the snippets; 1 where one failed or gave other vectors."""
    parser = argparse.ArgumentParser(prog="python -m tools.snippets", description=__doc__)
    parser.add_argument("--with", dest="keys", action="append", choices=SNIPPET_KEYS)
    keys = parser.parse_args().keys or SNIPPET_KEYS
    outcomes = []
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "tuned model"
        expected = save_model(folder)
        snippets = {one.key: one for one in write_snippets(describe_model(folder))}
        for key in keys:
            try:
                outcome = run_snippet(snippets[key], make_environment(key, PACKAGES[key]), expected)
            except RuntimeError as error:
                outcome = Outcome(key, "not installed", problem=str(error))
            outcomes.append(outcome)
            sys.stdout.write(f"{outcome.to_text()}\n")
            sys.stdout.flush()
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
