"""Check trainer_state.json, the one file of a checkpoint that transformers' Trainer reads by itself.

Model, optimizer, schedule and random states are read by lib/training/checkpoints.py instead: safetensors and JSON, no
pickle. transformers would take them from pytorch_model.bin, optimizer.pt, scheduler.pt and rng_state.pth of the folder; the
Trainer of lib/training/st_trainer.py replaces the four functions that do so.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from transformers import TrainerState

from lib.store.free_space import STEP
from lib.training.checkpoints import TRAINER_STATE, naming_damage
from lib.typed_json import JsonError, read_stored, typed

MAX_STATE_BYTES = 1_000_000
"""Closer's own has two kilobytes: it logs nothing here."""


@dataclass(frozen=True)
class _TrainerFacts:
    """What the Trainer computes with, and what Closer never stores: a path, a trial."""

    global_step: int
    train_batch_size: int
    num_input_tokens_seen: int = 0
    total_flos: float = 0.0
    is_hyper_param_search: Literal[False] = False
    log_history: tuple[dict[str, Any], ...] = ()
    stateful_callbacks: dict[str, Any] | None = None
    best_model_checkpoint: None = None
    trial_name: None = None
    trial_params: None = None


def check_trainer_state(checkpoint: Path) -> None:
    """Raise TrainingError unless Closer could have written it, at the step of the folder's name.

    A larger step would end the training at once, as if it had reached it.
    """
    with naming_damage(checkpoint):
        path = checkpoint / TRAINER_STATE
        if path.stat().st_size > MAX_STATE_BYTES:
            raise JsonError(f"{path.name} has more than {MAX_STATE_BYTES:,} bytes")
        values = typed(dict[str, Any], read_stored(path))
        if unknown := sorted(set(values) - {field.name for field in fields(TrainerState)}):
            raise JsonError(f"{path.name} holds what this version of transformers does not know: {unknown[0]!r:.80}")
        facts: _TrainerFacts = typed(_TrainerFacts, values)
        if facts.global_step != int(checkpoint.name.removeprefix(STEP)):
            raise JsonError(f"{path.name} is of step {facts.global_step}")
