"""The inference process of this server, which the playground and the pair details share."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from lib import settings
from lib.models.inference.client import InferenceClient


@st.cache_resource(show_spinner=False)
def _client(home: str) -> InferenceClient:
    return InferenceClient(Path(home), server="lib.evaluation.inference_server")


def inference_client() -> InferenceClient:
    """Get the client of the process that holds the models; the process starts with the first question."""
    return _client(str(settings.home()))
