"""The inference process of this server, which search, playground and pair details share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from lib import settings
from lib.data.model_inputs import reading_of
from lib.models.inference.client import InferenceClient
from lib.shapes import Shape
from lib.store.runs import Run
from lib.store.workspace import open_workspace


@st.cache_resource(show_spinner=False)
def _client(home: str) -> InferenceClient:
    return InferenceClient(Path(home), server="lib.evaluation.inference_server")


def inference_client() -> InferenceClient:
    """Get the client of the process that holds the models; the process starts with the first question."""
    return _client(str(settings.home()))


def enable_preparation() -> None:
    """Let pages load the models ahead of the first question: for the server, which stays."""
    inference_client().prepares = True


def reading_for(run: Run) -> dict[str, Any]:
    """Look up how the run's models read texts, for the inference process."""
    shape = Shape(open_workspace().datasets.get(run.dataset).shape)
    return reading_of(run.recipe).for_shape(shape).to_json()
