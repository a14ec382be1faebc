"""Data sets that come with the product, one click away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lib.data.samples.python_api import load_python_api
from lib.errors import NotFoundError

SUPPORT_DESK_FILE = Path(__file__).with_name("support_desk.csv")


@dataclass(frozen=True)
class Sample:
    """A sample as the upload page offers it; `maker` gives the table."""

    key: str
    title: str
    description: str
    maker: Callable[[], pd.DataFrame]


def load_support_desk() -> pd.DataFrame:
    """Return questions and help texts of an invented company, in the jargon of its own products."""
    return pd.read_csv(SUPPORT_DESK_FILE, dtype=str, keep_default_na=False)


SAMPLES = {
    get_sample.key: get_sample
    for get_sample in (
        Sample(
            "support_desk",
            "Support desk",
            "Questions to an invented company and the help texts that answer them, in words no model has seen.",
            load_support_desk,
        ),
        Sample(
            "python_api",
            "Python API search",
            "What a function does, and its name and signature: from the documentation of the packages installed here.",
            load_python_api,
        ),
    )
}
"""The samples by key, in the order they are offered."""


def get_sample(key: str) -> Sample:
    """Return the sample; raise NotFoundError for a key that is none."""
    if key not in SAMPLES:
        raise NotFoundError(f"There is no sample “{key}”.", todo=f"There are: {', '.join(SAMPLES)}.")
    return SAMPLES[key]
