"""SentenceTransformerTrainer with packed batches on the CPU and atomic checkpoints.

Stops at a non-finite loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from datasets import Dataset
from datasets.table import InMemoryTable
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.base.sampler import GroupByLabelBatchSampler
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from transformers import PrinterCallback, TrainerCallback
from transformers.pytorch_utils import Conv1D

from lib.data.text_array import PickedTexts, TextArray, Texts
from lib.errors import TrainingError
from lib.models.encoder import SMALLEST_BF16
from lib.models.freezing import freeze_lower_layers
from lib.models.packed import batches, switch
from lib.models.packed.active_rows import ActiveRows, WholeOptimizer
from lib.models.static import is_static_model
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.training import checkpoints
from lib.training.batches import FairBatches
from lib.training.epoch_plan import grouped_size
from lib.training.examples import TrainingColumns, text_ids
from lib.training.ranks import ALONE, Ranks
from lib.training.share_size import ShareSize
from lib.training.shares import BatchShares


def begin_above_zero(scheduler: LambdaLR, *, warmup: int) -> None:
    """Let the warm-up begin at a rate above 0.

    The rate of step i, counted from 0, is (i + 1) / (w + 1) of the full one over the w steps of the warm-up. The stock schedule has i / w, and so 0 in its first step.
    """
    stock = list(scheduler.lr_lambdas)

    def rate(step: int, of: Callable[[int], float]) -> float:
        return (step + 1) / (warmup + 1) if step < warmup else of(step)

    scheduler.lr_lambdas = [partial(rate, of=of) for of in stock]
    for group, base, factor in zip(
        scheduler.optimizer.param_groups, scheduler.base_lrs, scheduler.lr_lambdas, strict=True
    ):
        group["lr"] = base * factor(scheduler.last_epoch)


@dataclass
class Hooks:
    """Callbacks of the trainer: after each step, and at the end of each epoch.

    Step: (step, epoch, loss, learning rate).
    """

    step: Callable[[int, float, float, float], None]
    epoch: Callable[[Trainer, int], bool]
    stopped: bool = field(default=False)


def arrow_dataset(rows: TrainingColumns) -> Dataset:
    """Make the trainer's dataset of the same memory.

    Texts that are rows of a frame become the frame's columns and row numbers. Its fingerprint, by which datasets caches what is computed from one, would be a hash of all texts; nothing is cached.
    """
    cells = rows.columns
    picked = next((some.rows for some in cells.values() if isinstance(some, PickedTexts)), None)
    if picked is not None and all(isinstance(some, PickedTexts) and some.rows is picked for some in cells.values()):
        table = pa.table({name: some.whole.array for name, some in cells.items() if isinstance(some, PickedTexts)})
        indices = InMemoryTable(pa.table({"indices": pa.array(picked, pa.uint64())}))
        return Dataset(InMemoryTable(table), indices_table=indices, fingerprint="training-rows")
    arrays = {name: TextArray.of(some).array if isinstance(some, Texts) else some for name, some in cells.items()}
    return Dataset(InMemoryTable(pa.table(arrays)), fingerprint="training-rows")


class Trainer(SentenceTransformerTrainer):
    """The stock trainer with our batches, packed features and checkpoints.

    `hooks.epoch` returns True to stop early.
    """

    def __init__(
        self,
        *,
        rows: TrainingColumns,
        shape: Shape,
        recipe: Recipe,
        hooks: Hooks,
        active: ActiveRows | None = None,
        ranks: Ranks = ALONE,
        **stock: Any,
    ) -> None:
        self.rows, self.shape, self.recipe, self.hooks, self.active = rows, shape, recipe, hooks, active
        self.ranks = ranks
        self.last_loss = math.nan
        super().__init__(train_dataset=arrow_dataset(rows), callbacks=[Reporter(self)], **stock)
        self.remove_callback(PrinterCallback)  # it would write to standard output, where a command's result belongs

    def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
        """Leave out the stock card's callback: it picks training texts and embeds them; our card holds none."""

    def get_batch_sampler(self, dataset: Any, batch_size: int, drop_last: bool, **rest: Any) -> Any:
        """Build the batch sampler: fair batches for in-batch negatives, grouped ones for labelled texts.

        Stock ones for the rest. Several processes take equal shares of each of its batches.
        """
        if self.ranks.count == 1:
            return self.whole_batches(dataset, batch_size, drop_last, **rest)
        whole = self.whole_batches(dataset, self.recipe.batch_size, False, **rest)
        return BatchShares(whole, processes=self.ranks.count, size=ShareSize.of(self.recipe, self.shape))

    def whole_batches(self, dataset: Any, batch_size: int, drop_last: bool, **rest: Any) -> Any:
        """Build the sampler of the batches that all processes together take."""
        if self.shape is Shape.LABELLED_TEXTS:
            return GroupByLabelBatchSampler(dataset, batch_size=grouped_size(batch_size), drop_last=drop_last, **rest)
        if not self.recipe.loss_record.in_batch:
            return super().get_batch_sampler(dataset, batch_size, drop_last, **rest)
        anchors, targets, *wrong = text_ids(*self.rows.plain.values())
        negatives = np.stack(wrong, axis=1) if wrong else None
        return FairBatches(anchors, targets, negatives=negatives, batch_size=batch_size, seed=self.recipe.seed)

    def collect_features(self, inputs: dict[str, Any]) -> tuple[list[dict[str, Any]], Any]:
        """Embed a packed batch in one row, each distinct text once.

        Losses that call the model get those embeddings.
        """
        features, labels = super().collect_features(inputs)
        if self.recipe.loss_record.calls_model:
            return features, labels
        return batches.embed_batch(self.model_wrapped, features), labels

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """Build the stock optimizer, which trains the active rows in place of all word vectors."""
        optimizer: torch.optim.Optimizer = super().create_optimizer(model)
        if self.active is not None:
            self.active.join(optimizer)
        return optimizer

    def _clip_grad_norm(self, model: nn.Module) -> Any:
        """Clip the norm of all gradients as the stock trainer does (Pascanu et al. 2013)."""
        rows = [self.active.weight] if self.active is not None else []
        return self.accelerator.clip_grad_norm_([*model.parameters(), *rows], self.args.max_grad_norm)

    def create_scheduler(self, num_training_steps: int, *args: Any, **kwargs: Any) -> Any:
        """Build the stock schedule, whose warm-up begins at a rate above 0: no step is lost.

        Of a training of very few steps (five rows: one an epoch) the first may be the only one.
        """
        scheduler = super().create_scheduler(num_training_steps, *args, **kwargs)
        begin_above_zero(scheduler, warmup=self.args.get_warmup_steps(num_training_steps))
        return scheduler

    def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the stock loss.

        Raises TrainingError when it is not finite: a step on it would destroy the model.
        """
        loss = super().compute_loss(*args, **kwargs)
        value = self.ranks.mean(float((loss[0] if isinstance(loss, tuple) else loss).detach()))
        if not math.isfinite(value):
            if self.state.global_step == 0:
                raise TrainingError(
                    f"The loss is {value} at step 1, before anything was learnt: the base model turns a text of the batch "
                    "into no finite numbers.",
                    todo="Choose another base model, or the precision fp32.",
                )
            raise TrainingError(
                f"The loss became {value} at step {self.state.global_step + 1}.",
                todo="Lower the learning rate (2e-5 to 3e-4 is usual), then train again.",
            )
        self.last_loss = value
        return loss

    @property
    def parts(self) -> checkpoints.CheckpointState:
        """What a checkpoint saves and restores."""
        optimizer = self.optimizer if self.active is None else WholeOptimizer(self.optimizer, self.active)
        return checkpoints.CheckpointState(self.model, self.loss, optimizer, self.lr_scheduler)

    def _load_from_checkpoint(self, checkpoint_path: str) -> None:
        checkpoints.restore_model(Path(checkpoint_path), self.model)
        if self.active is not None:
            self.active.read()

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            checkpoints.restore_optimizer(Path(checkpoint), self.parts)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            checkpoints.restore_random(Path(checkpoint), rank=self.ranks.rank)

    def _load_scaler(self, checkpoint: str | None) -> None: ...


class Reporter(TrainerCallback):
    """Calls the hooks at the end of each step and epoch."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer, self.rate = trainer, 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.rate = float(self.trainer.optimizer.param_groups[0]["lr"])  # after the step it is the next one's

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self.trainer.ranks.count > 1:
            self.trainer.ranks.average_gradients(checkpoints.loss_parameters(self.trainer.loss))

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trainer.hooks.step(state.global_step, float(state.epoch), self.trainer.last_loss, self.rate)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        if self.trainer.hooks.epoch(self.trainer, round(state.epoch)):
            self.trainer.hooks.stopped = True
            control.should_training_stop = True
        return control


def wants_bf16(recipe: Recipe, model: SentenceTransformer) -> bool:
    """Decide whether to compute in bf16: as the recipe says; auto means where the device gains from it."""
    if recipe.precision != "auto":
        return recipe.precision == "bf16"
    if model.device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    gains = model.device.type == "cpu" and switch.bf16_gains()
    return gains and (model.get_embedding_dimension() or 0) >= SMALLEST_BF16


def describe_computation(model: SentenceTransformer, recipe: Recipe, *, packed: bool, bf16: bool) -> str:
    """Describe for the log how batches are computed, and why not packed where the recipe asks for it."""
    layout = "packed: no padding is computed"
    if not packed:
        reason = switch.why_not_packed(model) or "packed vectors differ from padded ones in a trial"
        layout = "padded to their longest text" + (f" ({reason})" if recipe.packed else "")
    precision = f"Precision: {'bf16' if bf16 else 'fp32'}."
    return precision if is_static_model(model) else f"Batches are {layout}. {precision}"


def arguments(
    recipe: Recipe, *, folder: Path, device: str, packed: bool, bf16: bool, processes: int = 1
) -> SentenceTransformerTrainingArguments:
    """Build the stock trainer's arguments from a recipe; saving, logging and evaluating are ours.

    processes: that share a batch. A packed model computes in bf16 by itself. On a CPU, padding in bf16 gains too little to be chosen unasked.
    """
    return SentenceTransformerTrainingArguments(
        output_dir=str(folder),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=max(1, recipe.batch_size // processes),
        learning_rate=recipe.learning_rate,
        warmup_steps=min(recipe.warmup, 0.999999),  # 1 would be one step, not all
        lr_scheduler_type={"constant": "constant_with_warmup"}.get(recipe.schedule, recipe.schedule),
        weight_decay=recipe.weight_decay,
        optim="adamw_torch_fused",
        seed=recipe.seed,
        data_seed=recipe.seed,
        bf16=bf16 and not packed and (device != "cpu" or recipe.precision == "bf16"),
        use_cpu=device == "cpu",
        save_strategy="no",
        eval_strategy="no",
        logging_strategy="no",
        logging_nan_inf_filter=False,
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=False,
        dataloader_drop_last=processes > 1,  # as sentence-transformers sets it, with a warning; `BatchShares` decides
    )


def prepare_model(model: SentenceTransformer, recipe: Recipe) -> None:
    """Set max length, dropout, frozen layers and LoRA as the recipe says; the recipe has to fit the model."""
    if recipe.max_length:
        model.max_seq_length = min(recipe.max_length, model.max_seq_length or recipe.max_length)
    if recipe.dropout >= 0:
        set_dropout(model, recipe.dropout)
    if recipe.frozen_layers:
        freeze_lower_layers(model, recipe.frozen_layers)
    if recipe.lora_rank:
        add_lora(model, recipe.lora_rank)


def set_dropout(model: nn.Module, probability: float) -> None:
    """Set every dropout's probability; newer architectures hold that of attention as a number."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = probability
        elif isinstance(getattr(module, "attention_dropout", None), float):
            module.attention_dropout = probability


def add_lora(model: SentenceTransformer, rank: int) -> None:
    """Add LoRA matrices (Hu et al. 2021) to every linear layer that is not frozen; only they are trained."""
    from peft import LoraConfig, inject_adapter_in_model

    inner = getattr(model[0], "model", None)
    if inner is None:
        raise TrainingError("LoRA needs a transformer; this base model has none.", todo="Set the LoRA rank to 0.")
    linear = [(name, part) for name, part in inner.named_modules() if isinstance(part, nn.Linear | Conv1D)]
    free = [name for name, part in linear if part.weight.requires_grad]
    # h = W x + (alpha / r) B A x with W frozen, A (r, in) random and B (out, r) zero at the start (section 4.1), so that
    # training starts at the base model; alpha = 2 r, hence a factor of 2 at any rank
    config = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=free)
    inject_adapter_in_model(config, inner)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("lora_" in name)


def merge_lora(model: SentenceTransformer) -> None:
    """Merge W + (alpha / r) B A into the weights and remove the adapters: the saved model is a plain one."""
    from peft.tuners.lora import LoraLayer

    for name, module in list(model.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge()
            parent = model.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], module.get_base_layer())
    inner = model[0].model
    if hasattr(inner, "peft_config"):
        del inner.peft_config
    if hasattr(inner, "_hf_peft_config_loaded"):
        inner._hf_peft_config_loaded = False
