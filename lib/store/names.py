"""Turn a model's name into a folder's name.

So no path is ever built from a person's text as it stands.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from lib.recipe.options import POOLINGS

RUN_PREFIX = "run:"
"""Before a run's id, in place of a base model's name: that run's tuned model."""


POOLING_MARK = "#"
"""Between a model's name and the pooling of a plain transformer, which has none of its own: `bert-base#cls`."""


def with_pooling(model: str, pooling: str) -> str:
    """Add a pooling to a model's name; empty leaves the choice to the model."""
    return f"{model}{POOLING_MARK}{pooling}" if pooling else model


def split_pooling(name: str) -> tuple[str, str]:
    """Split a model's name from the pooling that `with_pooling` added; empty where there is none."""
    model, mark, pooling = name.rpartition(POOLING_MARK)
    return (model, pooling) if mark and model and pooling in POOLINGS else (name, "")


def folder_name(model: str) -> str:
    """Build the folder name of a tuned model: the base model's name with / as _; of a path its last part.

    Only letters, digits, dot, dash and underscore are left, never a leading dot, at most 100 characters.
    """
    is_path = model.startswith(("/", "~", ".")) or "\\" in model
    name = PurePath(model.replace("\\", "/")).name if is_path else model
    cleaned = re.sub(r"[^A-Za-z0-9._-]", "_", name.replace("/", "_")).lstrip(".")[:100]
    return cleaned or "model"
