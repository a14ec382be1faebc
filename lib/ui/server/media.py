"""Addresses of files in the server's memory (downloads, pictures) that nobody can guess or compute."""

from __future__ import annotations

import hashlib
import secrets

from streamlit.runtime import memory_media_file_storage

_ID_BYTES = 32


def hide_media_addresses() -> None:
    """Name files in memory by a keyed hash of all their bytes, with a key that only this process has.

    Streamlit serves them to everybody who may enter, by a plain hash of their content. Who guesses a content, a list of names
    say, would see whether somebody has it; and of a file above 1 MB it hashes three pieces, so that one who downloads a
    table again after a change may get the older one. tests/unit/ui/server/test_media.py holds this to its storage and route.
    """
    key = secrets.token_bytes(_ID_BYTES)

    def keyed_id(data: bytes, mimetype: str, filename: str | None = None) -> str:
        digest = hashlib.blake2b(key=key, digest_size=_ID_BYTES)
        for part in (data, mimetype.encode(), b"" if filename is None else b"\1" + filename.encode()):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
        return digest.hexdigest()

    memory_media_file_storage._calculate_file_id = keyed_id  # type: ignore[assignment]
