"""Declare a setting of the recipe once: default, texts, bounds and checks.

Form and command line are built from it.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from lib.errors import InputError
from lib.recipe.losses import LOSS_SETTINGS, LOSSES
from lib.shapes import Shape

MAX_DIMENSION = 65_536
"""Longest prefix of a vector that Matryoshka may be asked for."""


def setting(
    default: Any,
    label: str,
    help_line: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    shapes: tuple[Shape, ...] = (),
    advanced: bool = True,
    needs: str = "",
    needs_value: str = "",
    without_transformer: Any = None,
    kind: type | None = None,
    longest: int | None = None,
) -> Any:
    """Declare a field of the recipe with what form and command line need to know of it.

    shapes: those it does something for; empty means all. needs: the setting that has to differ from its default, or to have needs_value, or this one does nothing.
    without_transformer: the value that stands for it where the model has no transformer and the setting means nothing;
    None where it means something for every model. Which losses read it stands in the losses' table. kind: its type, where
    the default is None for "not set". longest: most characters of a free text.
    """
    facts: dict[str, Any] = {
        "label": label,
        "help": help_line,
        "low": low,
        "high": high,
        "choices": choices,
        "shapes": shapes,
    }
    facts |= {
        "advanced": advanced,
        "needs": needs,
        "needs_value": needs_value,
        "without_transformer": without_transformer,
    }
    facts |= {"kind": kind or type(default), "longest": longest}
    return field(default=default, metadata=facts)


@dataclass(frozen=True)
class Field:
    """What a form and a command line need to know of one setting."""

    name: str
    kind: type
    default: Any
    label: str
    help: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    shapes: tuple[Shape, ...]
    advanced: bool
    needs: str
    needs_value: str
    without_transformer: Any
    longest: int | None = None

    @property
    def needs_transformer(self) -> bool:
        """Whether the setting means nothing for a model without a transformer (a static one)."""
        return self.without_transformer is not None

    def is_needed(self, other: Any, *, default: Any) -> bool:
        """Check whether the setting does something where the one that it needs has this value.

        default: that one's own.
        """
        return bool(other == self.needs_value if self.needs_value else other != default)

    def applies(self, loss: str, shape: Shape | None = None, *, static: bool = False) -> bool:
        """Check whether the setting has an effect with this loss (on data of this shape, where it is given).

        static: whether all models that will be trained are static ones.
        """
        if static and self.needs_transformer:
            return False
        fits = not self.shapes or shape is None or shape in self.shapes
        return fits and (self.name not in LOSS_SETTINGS or self.name in LOSSES[loss].settings)

    def check(self, value: Any) -> None:
        """Raise InputError, with the setting's label and the value, unless the value can be used."""
        if value is None and self.default is None:
            return
        if self.longest is not None:
            self._check_text(value)
        elif self.kind is tuple:
            for one in value if isinstance(value, tuple) else (value,):
                self._check_number(one, whole=True, low=1, high=MAX_DIMENSION)
        elif self.kind in (int, float):
            self._check_number(value, whole=self.kind is int, low=self.low, high=self.high)
        elif self.kind is bool:
            if not isinstance(value, bool):
                raise InputError(f"{value!r} is neither true nor false.", where=self.label)
        elif not isinstance(value, str) or (self.choices and value not in self.choices):
            choices = ", ".join(choice for choice in self.choices if choice)
            todo = f"Choose one of {choices}." if choices else ""
            raise InputError(f"{value!r} is not possible.", where=self.label, todo=todo)

    def _check_text(self, value: Any) -> None:
        if not isinstance(value, str) or any(
            unicodedata.category(sign) in ("Cc", "Cs") for sign in value.replace("\n", "")
        ):
            raise InputError(f"{value!r} is no text that could be read.", where=self.label)
        if len(value) > (self.longest or 0):
            raise InputError(
                f"{value[:20]!r}... has {len(value):,} characters.",
                where=self.label,
                todo=f"Use at most {self.longest:,}.",
            )

    def _check_number(self, value: Any, *, whole: bool, low: float | None, high: float | None) -> None:
        numeric = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not numeric or (isinstance(value, float) and not math.isfinite(value)):
            raise InputError(f"{value!r} is not a {'whole ' if whole else ''}number.", where=self.label)
        if (low is not None and value < low) or (high is not None and value > high):
            raise InputError(
                f"{value} is out of range.", where=self.label, todo=f"Choose a value from {low:g} to {high:g}."
            )
