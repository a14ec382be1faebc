"""Closer: fine-tune a sentence-embedding model on pairs of texts, and check that they moved closer.

`from lib import Pairs, train, compare` is for notebooks and scripts; docs/python.md has examples.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lib.api.comparison import Comparison as Comparison
    from lib.api.comparison import compare as compare
    from lib.api.pairs import Pairs as Pairs
    from lib.api.results import TrainedModel as TrainedModel
    from lib.api.results import TrainedModels as TrainedModels
    from lib.api.training import load_run as load_run
    from lib.api.training import train as train

_HOME_OF = {
    "Pairs": "lib.api.pairs",
    "train": "lib.api.training",
    "load_run": "lib.api.training",
    "TrainedModel": "lib.api.results",
    "TrainedModels": "lib.api.results",
    "compare": "lib.api.comparison",
    "Comparison": "lib.api.comparison",
}
"""The module of each name, imported when the name is first used: torch costs seconds, and pages do without."""

__all__ = list(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
