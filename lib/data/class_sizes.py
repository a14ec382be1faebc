"""Whether the training part has classes enough to learn from, before anything is stored."""

from __future__ import annotations

import pandas as pd

from lib.errors import InputError
from lib.shapes import Shape


def check_labels(labels: pd.Series, shape: Shape) -> None:
    """Raise InputError when the labels of the training part leave nothing to tell apart."""
    counts = labels.value_counts()
    least = 2 if shape is Shape.LABELLED_TEXTS else 1
    enough = int((counts >= least).sum())
    if enough < 2:
        shown = ", ".join(f"“{str(name)[:40]}” {count:,}" for name, count in counts.head(6).items())
        each = f" with at least {least} examples each" if least > 1 else ""
        raise InputError(
            f"The training part has {enough} of the 2 labels{each} that are needed: {shown or 'none'}"
            f"{', ...' if len(counts) > 6 else ''}.",
            todo="Add examples of other classes, or choose another class column.",
        )
