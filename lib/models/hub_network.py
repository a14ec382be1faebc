"""Whether the Hub can be reached, found out in seconds, and whether a token for it is at hand. Light."""

from __future__ import annotations

import os
import socket
import threading
import urllib.parse
import urllib.request
from pathlib import Path

HUB_ADDRESS = "https://huggingface.co"
CONNECT_SECONDS = 3.0


def unreachable_hub() -> str:
    """Say why the Hub cannot be reached, within seconds instead of minutes of retries; empty where it can."""
    if os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0") or os.environ.get("TRANSFORMERS_OFFLINE") == "1":
        return "downloads are switched off"
    host, port = download_host()
    requests: list[bool] = []
    thread = threading.Thread(target=lambda: requests.append(_reaches(host, port)), daemon=True)
    thread.start()
    thread.join(2 * CONNECT_SECONDS)  # looking a name up has no timeout of its own
    return "" if any(requests) else f"the network does not reach {host}"


def download_host() -> tuple[str, int]:
    """Find host and port that a download connects to first: proxy, Hub or mirror (HF_ENDPOINT)."""
    target = urllib.request.getproxies().get("https") or hub_address()
    parts = urllib.parse.urlsplit(target if "//" in target else f"//{target}")
    return parts.hostname or target, parts.port or (80 if parts.scheme == "http" else 443)


def hub_address() -> str:
    """Look up the address of the Hub or its mirror."""
    return (os.environ.get("HF_ENDPOINT") or HUB_ADDRESS).rstrip("/")


def _reaches(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def has_hub_token() -> bool:
    """Check whether the environment, or the file that `hf auth login` writes, holds a token.

    Source: the places that huggingface_hub.get_token reads. The token itself is not read.
    """
    if os.environ.get("HF_TOKEN", "").strip() or os.environ.get("HUGGING_FACE_HUB_TOKEN", "").strip():
        return True
    file = Path(os.environ.get("HF_TOKEN_PATH") or hub_home() / "token").expanduser()
    return file.is_file() and file.stat().st_size > 0


def hub_home() -> Path:
    """Find the folder of the Hub library's cache and token by the library's rules; it may begin with ~."""
    return Path(os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface")
