"""Every setting of a training: frozen, validated, stored with the run. Light: pages and command line read it too."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from lib.data.shapes import Shape
from lib.errors import InputError
from lib.training.options import (
    BINARY,
    DEFAULTS,
    DEVICES,
    DIRECTIONS,
    LOSSES,
    MINED,
    NESTED,
    PRECISIONS,
    RANKING,
    SCHEDULES,
    losses_for,
)


def setting(
    default: Any,
    label: str,
    help_line: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    losses: tuple[str, ...] = (),
    shapes: tuple[Shape, ...] = (),
    advanced: bool = True,
    needs: str = "",
    without_transformer: Any = None,
) -> Any:
    """Declare a field of the recipe with what form and command line need to know of it.

    needs: the setting without which this one does nothing. without_transformer: the value that stands for it where the
    model has no transformer and the setting means nothing; None where it means something for every model.
    """
    facts = {"label": label, "help": help_line, "low": low, "high": high, "choices": choices, "losses": losses}
    facts |= {"shapes": shapes, "advanced": advanced, "needs": needs, "without_transformer": without_transformer}
    return field(default=default, metadata=facts)


@dataclass(frozen=True)
class Recipe:
    """The settings of one training. Raises InputError that names the field and the value that cannot be used."""

    loss: str = setting("", "Loss", "What the training minimises; empty means the default of the data's shape.")
    epochs: int = setting(
        3,
        "Epochs",
        "How often the training part is gone through. The best epoch on validation is kept.",
        low=1,
        high=500,
        advanced=False,
    )
    batch_size: int = setting(
        64,
        "Batch size",
        "Examples a step. With in-batch negatives, more means a harder task.",
        low=2,
        high=4096,
        advanced=False,
    )
    learning_rate: float = setting(
        1e-4,
        "Learning rate",
        "Size of a step. Too high forgets, too low learns nothing.",
        low=1e-8,
        high=1e7,
        advanced=False,
    )
    warmup: float = setting(
        0.1,
        "Warm-up",
        "Share of the steps in which the learning rate rises from zero.",
        low=0.0,
        high=1.0,
        advanced=False,
    )
    schedule: str = setting("linear", "Schedule", "How the learning rate falls after the warm-up.", choices=SCHEDULES)
    weight_decay: float = setting(
        0.0, "Weight decay", "How strongly AdamW pulls weights towards zero.", low=0.0, high=1.0
    )
    max_length: int = setting(
        0,
        "Max length",
        "Tokens read of each text; 0 means as many as the base model reads.",
        low=0,
        high=8192,
        without_transformer=0,
    )
    precision: str = setting(
        "auto",
        "Precision",
        "auto computes in bf16 where this device gains from it, else in fp32.",
        choices=PRECISIONS,
        without_transformer="fp32",
    )
    dropout: float = setting(
        0.0,
        "Dropout",
        "Share of activations dropped while training; -1 means as in the model's own config.",
        low=-1.0,
        high=0.9,
        without_transformer=-1.0,
    )
    packed: bool = setting(
        True,
        "Packed batches",
        "Compute without padding where the model can: the same loss, several times faster on a CPU.",
        without_transformer=False,
    )
    seed: int = setting(
        42, "Seed", "The same seed and threads give the same bits.", low=0, high=2**31 - 1, advanced=False
    )
    threads: int = setting(0, "Threads", "CPU threads; 0 means all.", low=0, high=256)
    evaluate_every: int = setting(
        1, "Evaluate every", "Epochs between two looks at the validation part.", low=1, high=500
    )
    patience: int = setting(
        2, "Patience", "Stop after this many looks without a better validation metric; 0 means never.", low=0, high=500
    )
    frozen_layers: int = setting(
        0,
        "Frozen layers",
        "Lower layers that stay as they are (the word vectors too); faster, learns less.",
        low=0,
        high=96,
        without_transformer=0,
    )
    lora_rank: int = setting(
        0,
        "LoRA rank",
        "Train small added matrices instead of all weights; merged when saved. 0 means off.",
        low=0,
        high=512,
        without_transformer=0,
    )
    matryoshka: tuple[int, ...] = setting(
        (),
        "Matryoshka dimensions",
        "Also train these shorter prefixes of the vector; those not below the model's own length are left out.",
        losses=NESTED,
    )
    hard_negatives: int = setting(
        0,
        "Hard negatives",
        "Wrong targets mined from the training part for each pair; 0 means none.",
        low=0,
        high=16,
        losses=RANKING,
        shapes=MINED,
    )
    negative_margin: float = setting(
        0.05,
        "Margin of hard negatives",
        "A mined negative must be at least this much less similar than the right target, so that right ones stay out.",
        low=0.0,
        high=1.0,
        losses=RANKING,
        shapes=MINED,
        needs="hard_negatives",
    )
    negative_relative_margin: float = setting(
        0.0,
        "Relative margin of hard negatives",
        "The same as a share of the right target's similarity: 0.05 keeps out what comes within 5% of it.",
        low=0.0,
        high=1.0,
        losses=RANKING,
        shapes=MINED,
        needs="hard_negatives",
    )
    negative_skip: int = setting(
        0,
        "Nearest passed over",
        "So many of the nearest wrong targets are never taken: they are the likeliest to be right after all.",
        low=0,
        high=1000,
        losses=RANKING,
        shapes=MINED,
        needs="hard_negatives",
    )
    negative_range: int = setting(
        50,
        "Range of hard negatives",
        "Only this many nearest wrong targets are looked at; what is missing is drawn by chance.",
        low=1,
        high=10000,
        losses=RANKING,
        shapes=MINED,
        needs="hard_negatives",
    )
    directions: str = setting(
        "query_to_doc",
        "Directions",
        "symmetric also asks from target to source; all also keeps sources and targets apart among themselves.",
        choices=DIRECTIONS,
        losses=RANKING,
    )
    scale: float = setting(
        20.0,
        "Scale",
        "Factor on the cosine (1 / temperature).",
        low=0.1,
        high=1000.0,
        losses=(*RANKING, "CoSENT", "AnglE"),
    )
    margin: float = setting(
        0.0,
        "Margin",
        "How far apart unlike texts should come; 0 means the loss's own default, or 0.2 for triplets of vectors of length 1.",
        low=0.0,
        high=100.0,
        losses=("Triplet", *BINARY, "BatchAllTriplet", "BatchHard", "BatchSemiHard"),
    )
    device: str = setting("auto", "Device", "Where to compute; auto takes the fastest there is.", choices=DEVICES)

    def __post_init__(self) -> None:
        object.__setattr__(self, "matryoshka", tuple(int(value) for value in self.matryoshka))
        for name, spec in FIELDS.items() if "FIELDS" in globals() else ():
            check_value(name, getattr(self, name), spec)
        if self.hard_negatives and self.negative_skip + self.hard_negatives > self.negative_range:
            raise InputError(
                f"{self.negative_range} is less than the {self.negative_skip} passed over and the {self.hard_negatives} wanted.",
                where="Range of hard negatives",
                todo=f"Set it to {self.negative_skip + self.hard_negatives} or more.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON-able values."""
        return asdict(self) | {"matryoshka": list(self.matryoshka)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """Return a recipe from stored values; unknown names raise InputError, missing ones take their default."""
        unknown = sorted(set(values) - set(FIELDS))
        if unknown:
            raise InputError(f"Unknown setting: {', '.join(unknown)}.", todo=f"Known: {', '.join(FIELDS)}.")
        known: dict[str, Any] = dict(values)
        return cls(**known)

    def for_shape(self, shape: Shape | str, *, classes: int = 2) -> Recipe:
        """Return the recipe with its loss filled in. Raises InputError when the loss does not fit the shape.

        classes: how many labels the data has; more than two labels of pairs need Softmax.
        """
        fitting = losses_for(shape, classes=classes)
        loss = self.loss or fitting[0]
        if loss not in fitting:
            raise InputError(
                f"The loss {loss} does not fit data of the shape {Shape(shape).value}"
                + (f" with {classes} labels." if loss in BINARY else "."),
                todo=f"Choose one of {', '.join(fitting)}.",
            )
        if self.matryoshka and loss not in NESTED:
            raise InputError(
                f"{', '.join(map(str, self.matryoshka))}: the loss {loss} trains the whole vector only.",
                where=FIELDS["matryoshka"].label,
                todo="Leave the dimensions out, or choose another loss.",
            )
        return replace(self, loss=loss)

    def without_transformer(self) -> Recipe:
        """Return the recipe with every setting that only a transformer has at the value that does nothing."""
        neutral = {name: spec.without_transformer for name, spec in FIELDS.items() if spec.needs_transformer}
        return replace(self, **neutral)

    @property
    def asks_of_transformer(self) -> tuple[str, ...]:
        """Return the settings that only a transformer has and that do not stand at a usual value."""
        usual = {name: (spec.default, spec.without_transformer) for name, spec in FIELDS.items()}
        return tuple(
            name for name, spec in FIELDS.items() if spec.needs_transformer and getattr(self, name) not in usual[name]
        )


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
    losses: tuple[str, ...]
    shapes: tuple[Shape, ...]
    advanced: bool
    needs: str
    without_transformer: Any

    @property
    def needs_transformer(self) -> bool:
        """Say whether the setting means nothing for a model without a transformer (a static one)."""
        return self.without_transformer is not None

    def applies(self, loss: str, shape: Shape | None = None, *, static: bool = False) -> bool:
        """Say whether the setting does anything for this loss (on data of this shape, where it is given).

        static: whether all models that will be trained are static ones.
        """
        if static and self.needs_transformer:
            return False
        fits = not self.shapes or shape is None or shape in self.shapes
        return fits and (not self.losses or loss in self.losses)


FIELDS: dict[str, Field] = {
    item.name: Field(name=item.name, kind=type(item.default), default=item.default, **item.metadata)
    for item in fields(Recipe)
}


def check_value(name: str, value: Any, spec: Field) -> None:
    """Raise InputError unless the value can be used for the setting."""
    if name == "loss":
        known = {loss for losses in LOSSES.values() for loss in losses} | {""}
        if value not in known:
            raise InputError(
                f"There is no loss {value!r}.",
                where=spec.label,
                todo=f"Choose one of {', '.join(sorted(known - {''}))}.",
            )
        return
    if spec.choices and value not in spec.choices:
        raise InputError(
            f"{value!r} is not possible.", where=spec.label, todo=f"Choose one of {', '.join(spec.choices)}."
        )
    values = value if isinstance(value, tuple) else (value,)
    for one in values:
        if spec.kind in (int, float) or isinstance(value, tuple):
            check_number(one, spec)


def check_number(value: Any, spec: Field) -> None:
    """Raise InputError unless the value is a number within the setting's bounds."""
    whole = spec.kind is not float
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or not math.isfinite(value):
        raise InputError(f"{value!r} is not a {'whole ' if whole else ''}number.", where=spec.label)
    low, high = (1, 65536) if spec.kind is tuple else (spec.low, spec.high)
    if (low is not None and value < low) or (high is not None and value > high):
        raise InputError(f"{value} is out of range.", where=spec.label, todo=f"It goes from {low:g} to {high:g}.")


RECOMMENDED = Recipe()
"""Chosen by measurement: bench/README.md has the sweep. For small data `recommended_for` adds epochs."""

CLASSIC = Recipe(
    epochs=10,
    learning_rate=2e-5,
    dropout=-1.0,
    precision="fp32",
    packed=False,
    patience=0,
    schedule="linear",
    weight_decay=0.0,
)
"""The well-known recipe: MultipleNegativesRankingLoss, batches of 64, 10% warm-up, AdamW 2e-5, every epoch to the end."""

PRESETS: dict[str, Recipe] = {"recommended": RECOMMENDED, "classic": CLASSIC}
LEAST_STEPS = 20
"""Below this many optimizer steps a training hardly moves: small data get more epochs."""


def recommended_for(rows: int) -> Recipe:
    """Return the Recommended preset for that many training rows: at least 20 steps, at most 5 epochs."""
    steps = max(1, math.ceil(rows / RECOMMENDED.batch_size))
    epochs = min(5, max(RECOMMENDED.epochs, math.ceil(LEAST_STEPS / steps)))
    return replace(RECOMMENDED, epochs=epochs)


def changed_settings(recipe: Recipe | Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that differ from Recommended, in the form's order; the loss where it is no shape's default."""
    values = recipe.to_dict() if isinstance(recipe, Recipe) else dict(recipe)
    usual = RECOMMENDED.to_dict() | ({"loss": values["loss"]} if values.get("loss") in DEFAULTS else {})
    return {name: values[name] for name in FIELDS if name in values and values[name] != usual[name]}
