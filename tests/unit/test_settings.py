"""Paths outside the workspace: compiled code lies in the user's own cache, closed to others."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from lib import settings


def test_compiled_code_is_the_owners_and_never_in_a_workspace(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    mask = os.umask(0)
    try:
        settings.share_compiled_code()
    finally:
        os.umask(mask)
    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    assert home not in folder.parents
    assert f"python-{sys.version_info.major}.{sys.version_info.minor}" in folder.name
    if os.name == "posix":
        assert folder.is_relative_to(tmp_path / "user-cache")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
