"""Estimate how much memory a training takes at its peak, from its model and its texts.

Light: no torch; pages and the command ask it before a training starts. lib/experiments/cost_estimate.py measures real steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from lib.data.model_inputs import ModelInputs
from lib.format import format_bytes
from lib.memory import available_memory, has_graphics_card
from lib.models.catalog import resolve
from lib.models.folder_check.check import check_folder
from lib.models.folder_check.transformer import TransformerFacts
from lib.models.memory_need import BF16_COPY, FLOAT, MemoryNeed, ModelSizes, encoding_bytes, packs
from lib.models.packed.long_texts import LONG
from lib.models.text_lengths import TOKENIZER, reading_limit
from lib.models.token_counts import TokenCounts, count_row_tokens
from lib.recipe.losses import MINI_BATCH
from lib.recipe.recipe import Recipe

ADAM_STATES = 3
"""Numbers beside each trained weight: its gradient and AdamW's two moments (Loshchilov and Hutter 2019)."""

SAVED_COPY = 1
"""A second model, as the saved one is loaded again and compared."""

SAVED_WIDTHS, SAVED_INNERS = 9, 2
"""Numbers a token and layer that the backward pass needs, in widths of the model and of its feed-forward layers.

Inputs of query, key and value, of the output and of both norms, and the three gathered parts; before and after the activation.
"""

DROPOUT_WIDTHS = 2
"""Further ones where there is dropout: masks, and values before them."""

DROPOUT_SCORES = 2
"""Further copies of the attention weights where there is dropout: its factors, and the products with them."""

SMALLEST_BATCH, SHORTEST_LENGTH = 4, 32
"""Below these a training is advised neither to fewer rows a batch, which are its negatives, nor to shorter texts."""

ALLOCATOR_FACTOR = 1.15
"""What the allocator and blocks of different sizes leave unused."""


def training_need(model: ModelSizes, recipe: Recipe, counts: TokenCounts) -> MemoryNeed:
    """Estimate the peak of a training on a CPU. recipe: with its loss filled in.

    Several processes share a batch, but each has the weights and the optimizer's states.
    """
    sizes, loss = model.transformer, recipe.loss_record
    processes = max(1, recipe.planned_processes)
    copies = processes * (2 if loss.has_guide else 1) + SAVED_COPY
    halves_of_weights = 0 if recipe.precision == "fp32" else processes * BF16_COPY
    weights = model.parameters * (copies * FLOAT + halves_of_weights)
    trained = 0 if recipe.lora_rank else processes * model.parameters
    texts = encoding_bytes(sizes, longest=counts.longest)
    if sizes is not None:
        texts = max(texts, int(ALLOCATOR_FACTOR * batch_bytes(sizes, recipe, counts)))
    return MemoryNeed(weights=weights, optimizer=trained * ADAM_STATES * FLOAT, texts=texts)


def batch_bytes(sizes: TransformerFacts, recipe: Recipe, counts: TokenCounts) -> int:
    """Estimate the bytes that the largest batch leaves for its backward pass."""
    counts = counts.with_negatives(recipe.hard_negatives)
    is_packed = recipe.packed and packs(sizes)
    size = min(recipe.batch_size, MINI_BATCH) if recipe.loss_record.is_cached else recipe.batch_size
    tokens = counts.packed_batch(size) if is_packed else counts.padded_batch(size)
    widths = SAVED_WIDTHS + (DROPOUT_WIDTHS if recipe.dropout else 0)
    floats = widths * sizes.dimension + SAVED_INNERS * sizes.inner
    if is_packed:
        squares = counts.packed_squares(size, most=counts.longest if recipe.dropout else LONG)
    else:
        squares = tokens * counts.longest
    copies = 1 + (DROPOUT_SCORES if recipe.dropout else 0)
    scores = copies * sizes.heads * squares * FLOAT
    layers = max(1, sizes.layers - recipe.frozen_layers)
    kept = counts.total * sizes.dimension * FLOAT if recipe.frozen_layers else 0
    return layers * (tokens * floats * FLOAT + scores) + kept


@dataclass(frozen=True)
class MemoryCheck:
    """What a training needs of memory, and what there is.

    batch: the largest batch size below the recipe's that fits, 0 for none. length: likewise the max length.
    """

    model: str
    need: MemoryNeed
    available: int
    recipe: Recipe
    batch: int = 0
    length: int = 0

    @property
    def fits(self) -> bool:
        """Whether there is room."""
        return self.need.total <= self.available

    def describe(self) -> str:
        """Write need and room in one sentence."""
        return (
            f"{self.model} needs up to {format_bytes(self.need.total)} of memory to be trained "
            f"({format_bytes(self.need.weights + self.need.optimizer)} for weights and optimizer, "
            f"{format_bytes(self.need.texts)} for a batch); {format_bytes(self.available)} are free."
        )

    @property
    def advice(self) -> str:
        """Say what to lower, and to what."""
        ways = []
        if self.batch:
            ways.append(f"lower the batch size from {self.recipe.batch_size} to {self.batch}")
        if self.length:
            ways.append(f"set the max length to {self.length}")
        if not ways:
            return "No batch size fits: choose a smaller base model, train by LoRA, or close other programs."
        return f"To fit, {' or '.join(ways)}, or close other programs."


@dataclass(frozen=True)
class PlannedTexts:
    """What decides, beside the recipe, how much memory a training takes."""

    model: str
    sizes: ModelSizes
    counts: TokenCounts


def count_planned_texts(
    model: str, inputs: ModelInputs, *, max_length: int, home: Path, own_tokens: bool
) -> PlannedTexts | None:
    """Read a model's sizes and count what it reads.

    max_length: of the recipe, 0 for the model's own.
    own_tokens: count by the model's own tokenizer, which a person has to trust; else by the bundled one's.
    None for a model that is not on this machine. Raises ModelError for a folder that can't be used.
    """
    folder = resolve(model, home=home)
    if not isinstance(folder, Path) or not folder.is_dir():
        return None
    facts, path = check_folder(folder), folder / TOKENIZER
    counts = count_row_tokens(
        inputs,
        limit=reading_limit(folder, facts, max_length=max_length),
        tokenizer=path if own_tokens and path.is_file() else None,
    )
    return PlannedTexts(model, ModelSizes.of(facts), counts)


def check_memory(planned: PlannedTexts, recipe: Recipe) -> MemoryCheck | None:
    """Compare what a training takes with what is free. recipe: with its loss filled in.

    None where a graphics card may train: its memory is not known before it is asked.
    """
    if recipe.device != "cpu" and has_graphics_card():
        return None
    need, free = training_need(planned.sizes, recipe, planned.counts), available_memory()
    check = MemoryCheck(planned.model, need, free, recipe)
    return check if check.fits else _with_advice(check, planned)


def _with_advice(check: MemoryCheck, planned: PlannedTexts) -> MemoryCheck:
    """Find by halving the largest batch size and max length with which the training fits."""

    def fits(recipe: Recipe, counts: TokenCounts) -> bool:
        return training_need(planned.sizes, recipe, counts).total <= check.available

    counts = planned.counts
    batches = halves(check.recipe.batch_size, least=SMALLEST_BATCH)
    lengths = halves(counts.longest, least=SHORTEST_LENGTH) if planned.sizes.transformer else []
    return replace(
        check,
        batch=next((size for size in batches if fits(replace(check.recipe, batch_size=size), counts)), 0),
        length=next((most for most in lengths if fits(check.recipe, counts.cut_to(most))), 0),
    )


def halves(value: int, *, least: int) -> list[int]:
    """List the halves of a number, the largest first, down to the least."""
    out = []
    while (value := value // 2) >= least:
        out.append(value)
    return out
