"""Sample datasets that come with the product."""

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
    """A sample as the Upload page offers it."""

    key: str
    title: str
    description: str
    load: Callable[[], pd.DataFrame]


def load_support_desk() -> pd.DataFrame:
    """Load questions and help texts of an invented company, in the jargon of its own products."""
    return pd.read_csv(SUPPORT_DESK_FILE, dtype=str, keep_default_na=False)


SAMPLES = {
    one.key: one
    for one in (
        Sample(
            "support_desk",
            "Support desk",
            "Questions to a fictional company and the help articles that answer them, in words no model was trained on.",
            load_support_desk,
        ),
        Sample(
            "python_api",
            "Python API search",
            "What a function does, with its name and signature, from the docstrings of the packages installed here.",
            load_python_api,
        ),
    )
}
"""The samples by key, in the order they are offered."""


def get_sample(key: str) -> Sample:
    """Get a sample by key. Raises NotFoundError."""
    if key not in SAMPLES:
        raise NotFoundError(f"There is no sample “{key}”.", todo=f"There are: {', '.join(SAMPLES)}.")
    return SAMPLES[key]
