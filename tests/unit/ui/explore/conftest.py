"""Shared by the tests of Explore."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Provide a session and an address without a browser."""
    state: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(st, "query_params", {})
    return state
