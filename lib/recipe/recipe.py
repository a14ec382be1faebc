"""The recipe: every setting of a training, frozen, validated, stored with the run. Light, for pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from lib.errors import InputError
from lib.recipe.address import ADDRESS_LABEL, parse_cluster_address
from lib.recipe.fields import Field, setting
from lib.recipe.losses import LOSSES, Loss, losses_for
from lib.recipe.options import (
    DEVICES,
    DIRECTIONS,
    MAX_PROCESSES,
    MINING_SHAPES,
    PLACES,
    POOLINGS,
    PRECISIONS,
    RAY_CLUSTER,
    SCHEDULES,
    THIS_MACHINE,
    PromptSource,
)
from lib.settings import MAX_PROMPT_CHARACTERS
from lib.shapes import TWO_ROLES, Shape
from lib.typed_json import JsonError, parse_stored


@dataclass(frozen=True)
class Recipe:
    """The settings of one training.

    Raises InputError that names the field and the value that cannot be used.
    """

    loss: str = setting(
        "",
        "Loss",
        "What the training minimizes; empty means the default for the data's shape.",
        choices=("", *LOSSES),
    )
    epochs: int = setting(
        3,
        "Epochs",
        "Passes over the training split. The best epoch on validation is kept.",
        low=1,
        high=500,
        advanced=False,
    )
    batch_size: int = setting(
        64,
        "Batch size",
        "Examples per step. With in-batch negatives, more means a harder task.",
        low=2,
        high=4096,
        advanced=False,
    )
    learning_rate: float = setting(
        1e-4,
        "Learning rate",
        "Step size of the optimizer. Too high: forgetting; too low: no learning.",
        low=1e-8,
        high=1e7,
        advanced=False,
    )
    warmup: float = setting(
        0.1,
        "Warm-up",
        "Share of all steps over which the learning rate rises to its full value.",
        low=0.0,
        high=1.0,
        advanced=False,
    )
    schedule: str = setting("linear", "Schedule", "How the learning rate decays after the warm-up.", choices=SCHEDULES)
    weight_decay: float = setting(0.0, "Weight decay", "Weight decay of AdamW.", low=0.0, high=1.0)
    max_length: int = setting(
        0,
        "Max length",
        "Maximum number of tokens per text; the rest is truncated. 0 means the base model's own maximum.",
        low=0,
        high=8192,
        without_transformer=0,
    )
    pooling: str = setting(
        "",
        "Pooling",
        "For a plain transformer, which has no pooling of its own. Empty means the mean, or the last token for a decoder.",
        choices=("", *POOLINGS),
        without_transformer="",
    )
    precision: str = setting(
        "auto",
        "Precision",
        "auto: bf16 where it is faster on this device, else fp32.",
        choices=PRECISIONS,
        without_transformer="fp32",
    )
    dropout: float = setting(
        0.0,
        "Dropout",
        "Dropout probability while training; -1 means as in the model's own config.",
        low=-1.0,
        high=0.9,
        without_transformer=-1.0,
    )
    packed: bool = setting(
        True,
        "Packed batches",
        "No padding where the model supports it: the same loss, several times faster on a CPU.",
        without_transformer=False,
    )
    seed: int = setting(
        42,
        "Seed",
        "The same seed and number of threads give bit-identical results on a CPU.",
        low=0,
        high=2**31 - 1,
        advanced=False,
    )
    threads: int = setting(0, "Threads", "CPU threads; 0 means all.", low=0, high=256)
    evaluate_every: int = setting(1, "Validate every", "Validate every so many epochs.", low=1, high=500)
    patience: int = setting(
        2,
        "Patience",
        "Stop after this many evaluations without improvement on validation; 0 means never.",
        low=0,
        high=500,
    )
    frozen_layers: int = setting(
        0,
        "Frozen layers",
        "Number of lower layers to freeze, along with the word embeddings. Faster, but learns less.",
        low=0,
        high=96,
        without_transformer=0,
    )
    lora_rank: int = setting(
        0,
        "LoRA rank",
        "Train low-rank matrices beside the weights instead of the weights; merged when saved. 0 means off.",
        low=0,
        high=512,
        without_transformer=0,
    )
    matryoshka: tuple[int, ...] = setting(
        (),
        "Matryoshka dimensions",
        "Also train these prefixes of the vector; those not smaller than the model's dimension are ignored.",
    )
    hard_negatives: int = setting(
        0,
        "Hard negatives",
        "Hard negatives mined from the training split for each pair; 0 means none.",
        low=0,
        high=16,
        shapes=MINING_SHAPES,
    )
    negative_margin: float = setting(
        0.05,
        "Margin of hard negatives",
        "A mined negative is less similar to the source than the correct target by at least this much; keeps out false negatives.",
        low=0.0,
        high=1.0,
        shapes=MINING_SHAPES,
        needs="hard_negatives",
    )
    negative_relative_margin: float = setting(
        0.0,
        "Relative margin of hard negatives",
        "Margin as a share of the correct target's similarity: 0.05 keeps out candidates within 5% of it.",
        low=0.0,
        high=1.0,
        shapes=MINING_SHAPES,
        needs="hard_negatives",
    )
    negative_skip: int = setting(
        0,
        "Skip top-k candidates",
        "Never use the k most similar candidates, which are the likeliest false negatives.",
        low=0,
        high=1000,
        shapes=MINING_SHAPES,
        needs="hard_negatives",
    )
    negative_range: int = setting(
        50,
        "Range of hard negatives",
        "Number of most similar candidates to mine from; missing ones are sampled at random.",
        low=1,
        high=10000,
        shapes=MINING_SHAPES,
        needs="hard_negatives",
    )
    directions: str = setting(
        "query_to_doc",
        "Directions",
        "symmetric also ranks sources for each target; all also contrasts sources with sources and targets with targets.",
        choices=DIRECTIONS,
    )
    scale: float = setting(
        20.0,
        "Scale",
        "Factor on the cosine (1 / temperature).",
        low=0.1,
        high=1000.0,
    )
    margin: float = setting(
        0.0,
        "Margin",
        "Distance that the loss requires between dissimilar texts; 0 means its own default, or 0.2 for triplets of normalized vectors.",
        low=0.0,
        high=100.0,
    )
    query_prompt: str | None = setting(
        None,
        "Query prompt",
        "What the model reads before each source, or before every text where sources and targets have one role; the "
        "model's own unless set.",
        kind=str,
        longest=MAX_PROMPT_CHARACTERS,
    )
    document_prompt: str | None = setting(
        None,
        "Document prompt",
        "What the model reads before each target and negative; the model's own unless set.",
        kind=str,
        longest=MAX_PROMPT_CHARACTERS,
        shapes=TWO_ROLES,
    )
    keep_checkpoint: bool = setting(
        False,
        "Keep a checkpoint",
        "Lets a finished run go on to more epochs; takes three times the model's size.",
    )
    device: str = setting("auto", "Device", "Device to train on; auto means the fastest available.", choices=DEVICES)
    where: str = setting(
        THIS_MACHINE,
        "Where to run",
        "In one process of this machine, in one for each of its devices, or on a Ray cluster; several share every batch.",
        choices=PLACES,
    )
    processes: int = setting(
        0,
        "Processes",
        "Number of processes that share every batch; 0 means one for each graphics card, or node of a cluster. On a CPU, choose it.",
        low=0,
        high=MAX_PROCESSES,
        needs="where",
    )
    address: str = setting(
        "",
        ADDRESS_LABEL,
        "HOST:PORT of the Ray cluster's head. Its token is read from the environment and stored nowhere.",
        needs="where",
        needs_value=RAY_CLUSTER,
    )
    prompt_source: PromptSource = PromptSource.UNDECIDED
    """Where the prompts are from: a fact that is stored with them, no setting."""

    def __post_init__(self) -> None:
        if isinstance(self.matryoshka, list):  # as JSON gives it
            object.__setattr__(self, "matryoshka", tuple(self.matryoshka))
        for name, spec in FIELDS.items():
            spec.check(getattr(self, name))
        if self.prompt_source not in list(PromptSource):  # a stored one may be of any type, also one without a hash
            raise InputError(f"{self.prompt_source!r} is no source of prompts.", where="prompt_source")
        object.__setattr__(self, "prompt_source", PromptSource(self.prompt_source))
        if self.address or self.where == RAY_CLUSTER:
            parse_cluster_address(self.address)
        if self.hard_negatives and self.negative_skip + self.hard_negatives > self.negative_range:
            raise InputError(
                f"{self.negative_range} is less than {self.negative_skip} skipped plus {self.hard_negatives} hard negatives.",
                where="Range of hard negatives",
                todo=f"Set it to {self.negative_skip + self.hard_negatives} or more.",
            )

    def to_json(self) -> dict[str, Any]:
        """Convert the recipe to JSON-able values."""
        return asdict(self) | {"matryoshka": list(self.matryoshka)}

    def to_text(self) -> str:
        """Write the recipe as JSON text."""
        return json.dumps(self.to_json())

    @classmethod
    def from_text(cls, text: str) -> Recipe:
        """Read JSON text. Raises InputError when it is none, or holds unknown or unusable settings."""
        try:
            values = parse_stored(text)
        except JsonError as error:
            raise InputError("The stored recipe is not JSON.", where=text[:80]) from error
        return cls.from_json(values)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Recipe:
        """Read stored values; a missing one takes its default. Raises InputError for unknown or unusable ones."""
        if not isinstance(values, Mapping):
            raise InputError(f"{values!r} is no recipe.", todo=f"Known settings: {', '.join(FIELDS)}.")
        unknown = sorted(str(name) for name in values if name not in (*FIELDS, "prompt_source"))
        if unknown:
            raise InputError(f"Unknown setting: {', '.join(unknown)}.", todo=f"Known: {', '.join(FIELDS)}.")
        settings: dict[str, Any] = dict(values)
        return cls(**settings)

    def for_shape(self, shape: Shape | str, *, classes: int = 2, static: bool = False) -> Recipe:
        """Fill in the loss. Raises InputError when it does not fit the shape or the models.

        classes: how many labels the data has; more than two labels of pairs need Softmax. static: whether one of the models
        to train is a static one.
        """
        fitting = [loss.name for loss in losses_for(shape, classes=classes, static=static)]
        loss = self.loss or fitting[0]
        if loss not in fitting:
            raise InputError(_why_unfit(loss, shape, classes, static), todo=f"Choose one of {', '.join(fitting)}.")
        if self.matryoshka and not LOSSES[loss].allows_matryoshka:
            raise InputError(
                f"{', '.join(map(str, self.matryoshka))}: the loss {loss} trains the full vector only.",
                where=FIELDS["matryoshka"].label,
                todo="Leave the dimensions out, or choose another loss.",
            )
        return replace(self, loss=loss)

    def with_prompts(self, query: str, document: str, source: PromptSource) -> Recipe:
        """Set both prompts and where they are from."""
        return replace(self, query_prompt=query, document_prompt=document, prompt_source=source)

    @property
    def has_prompts_set(self) -> bool:
        """Whether it is decided what stands before texts; in runs of older versions it is not."""
        return self.query_prompt is not None or self.document_prompt is not None

    @property
    def loss_record(self) -> Loss:
        """What the losses' table says of the loss, which has to be filled in."""
        return LOSSES[self.loss]

    @property
    def planned_processes(self) -> int:
        """Number of processes that share a batch; 0 where that is known on the machine that trains only."""
        return 1 if self.where == THIS_MACHINE else self.processes

    def mines_negatives(self, shape: Shape) -> bool:
        """Check whether hard negatives are mined for data of this shape."""
        return bool(self.hard_negatives) and FIELDS["hard_negatives"].applies(self.loss, shape)

    def without_transformer(self) -> Recipe:
        """Set every setting that only a transformer has to the value that does nothing."""
        neutral = {name: spec.without_transformer for name, spec in FIELDS.items() if spec.needs_transformer}
        return replace(self, **neutral)

    @property
    def asks_of_transformer(self) -> tuple[str, ...]:
        """Settings that only a transformer has and that do not stand at a usual value."""
        usual = {name: (spec.default, spec.without_transformer) for name, spec in FIELDS.items()}
        return tuple(
            name for name, spec in FIELDS.items() if spec.needs_transformer and getattr(self, name) not in usual[name]
        )


FIELDS: dict[str, Field] = {
    item.name: Field(name=item.name, default=item.default, **item.metadata) for item in fields(Recipe) if item.metadata
}
"""Every setting by its name, in the order of the form."""


def _why_unfit(loss: str, shape: Shape | str, classes: int, static: bool) -> str:
    record = LOSSES[loss]
    if static and record.needs_transformer and Shape(shape) in record.shapes:
        return f"The loss {loss} needs a transformer; a static model has none."
    several = f" with {classes} labels" if record.two_labels else ""
    return f"The loss {loss} does not fit data of the shape {Shape(shape).value}{several}."
