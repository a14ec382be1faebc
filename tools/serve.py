"""Open the app: find a free port, start Streamlit; app.py prints the address."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST_PORT = 8501
TRIED_PORTS = 20


def is_free(port: int) -> bool:
    """Check whether a server could listen on this port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def choose_port(preferred: int | None) -> int:
    """Choose the wanted port, or the first free one from 8501 on; exit with one line when there is none."""
    if preferred is not None:
        if not is_free(preferred):
            raise SystemExit(
                f"Port {preferred} is in use. Stop what listens there, or choose another: make run PORT={preferred + 1}"
            )
        return preferred
    for port in range(FIRST_PORT, FIRST_PORT + TRIED_PORTS):
        if is_free(port):
            return port
    raise SystemExit(
        f"Ports {FIRST_PORT} to {FIRST_PORT + TRIED_PORTS - 1} are all in use. Choose another: make run PORT=9000"
    )


def main() -> None:
    """Become Streamlit's server, so that Ctrl-C and signals reach it directly."""
    parser = argparse.ArgumentParser(prog="python -m tools.serve", description=__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ["PORT"]) if os.environ.get("PORT") else None)
    parser.add_argument("--headless", action="store_true", help="do not open a browser window")
    args = parser.parse_args()
    port = choose_port(args.port)
    if args.port is None and port != FIRST_PORT:
        print(f"Port {FIRST_PORT} is in use.", flush=True)  # noqa: T201
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    if args.headless or os.environ.get("CI") or not (os.environ.get("DISPLAY") or sys.platform in ("darwin", "win32")):
        command.append("--server.headless=true")
    os.chdir(ROOT)
    if sys.platform == "win32":  # there execv starts another process and ends this one at once
        raise SystemExit(subprocess.call(command))
    os.execv(sys.executable, command)


if __name__ == "__main__":
    main()
