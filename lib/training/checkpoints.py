"""Atomic checkpoints with all state that the next step depends on, so a resume repeats bit for bit.

No pickle.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from torch import nn

from lib.errors import TrainingError, is_out_of_memory
from lib.store.free_space import BEST, STEP
from lib.store.publish import publish, recover, remove_published, verify
from lib.training.state import History
from lib.typed_json import JsonError, read_stored, typed

KEPT_CHECKPOINTS = 2
"""Checkpoints of a training that goes on: one more than the newest, should that be damaged."""


TRAINER_STATE = "trainer_state.json"
"""The one file of a checkpoint that transformers' Trainer reads by itself."""

RandomState = dict[str, torch.Tensor]
"""States of torch's generators in one process, by device type."""

START_OVER = "Remove its checkpoints on the Overview page and press Try again: it starts over."


@dataclass(frozen=True)
class CheckpointState:
    """What a checkpoint saves: model, loss, optimizer, scheduler, trainer state.

    Some losses have weights.
    """

    model: nn.Module
    loss: nn.Module
    optimizer: Any
    scheduler: Any


def save_checkpoint(
    folder: Path,
    parts: CheckpointState,
    *,
    step: int,
    trainer_state: str,
    history: dict[str, Any],
    random_states: Sequence[RandomState] = (),
) -> Path:
    """Publish the checkpoint of a step and remove all but the newest two; return its folder.

    random_states: torch's generators in each process of the training, in order of rank; empty for one process.
    """
    final = folder / f"{STEP}{step:08d}"
    with publish(final) as part:
        save_file(detach_tensors(parts.model.state_dict()), part / "model.safetensors")
        save_file(detach_tensors(loss_state(parts)), part / "loss.safetensors")
        tensors, groups = flatten_optimizer(parts.optimizer.state_dict())
        save_file(tensors, part / "optimizer.safetensors")
        write_checkpoint_json(part / "optimizer.json", groups)
        write_checkpoint_json(part / "scheduler.json", scheduler_state(parts.scheduler))
        save_random(part, random_states or [torch_random()])
        (part / TRAINER_STATE).write_text(trainer_state, encoding="utf-8")
        write_checkpoint_json(part / "history.json", history)
    for old in sorted(folder.glob(f"{STEP}*"))[:-KEPT_CHECKPOINTS]:
        remove_published(old)
    return final


def save_best(folder: Path, model: nn.Module, *, epoch: int) -> None:
    """Publish the weights of the best epoch so far."""
    with publish(folder / BEST) as part:
        save_file(detach_tensors(model.state_dict()), part / "model.safetensors")
        write_checkpoint_json(part / "best.json", {"epoch": epoch})


def has_best(folder: Path) -> bool:
    """Check whether the best epoch's weights stand among the checkpoints.

    Of an ended run only the tuned model has them.
    """
    recover(folder / BEST)
    return (folder / BEST).is_dir()


def load_best(folder: Path, model: nn.Module) -> int:
    """Load the best epoch's weights into the model and give that epoch.

    Raises TrainingError when they are damaged.
    """
    recover(folder / BEST)
    problems = verify(folder / BEST)
    if problems:
        raise TrainingError("The weights of the best epoch are damaged.", where=problems[0], todo=START_OVER)
    with naming_damage(folder / BEST):
        model.load_state_dict(load_file(folder / BEST / "model.safetensors"))
        epoch: int = typed(int, read_checkpoint_json(folder / BEST / "best.json")["epoch"])
    return epoch


def newest_checkpoint(folder: Path) -> tuple[Path | None, list[str]]:
    """Find the newest checkpoint whose manifest verifies, and the problems of newer ones that do not.

    Order is by step, never by time: a clock set back changes nothing. Raises TrainingError when there are
    checkpoints and none of them is whole: going on silently from zero would be another run.
    """
    problems: list[str] = []
    found = sorted(folder.glob(f"{STEP}*"), reverse=True)
    for checkpoint in found:
        wrong = verify(checkpoint)
        if not wrong:
            return checkpoint, problems
        problems += wrong
    if found:
        raise TrainingError("Every checkpoint of this run is damaged.", where=problems[0], todo=START_OVER)
    return None, problems


def restore_model(checkpoint: Path, model: nn.Module) -> None:
    """Put a checkpoint's weights into the model."""
    with naming_damage(checkpoint):
        model.load_state_dict(load_file(checkpoint / "model.safetensors"))


def restore_optimizer(checkpoint: Path, parts: CheckpointState) -> None:
    """Put a checkpoint's loss weights, optimizer and scheduler states back."""
    with naming_damage(checkpoint):
        own = load_file(checkpoint / "loss.safetensors")
        parts.loss.load_state_dict({**parts.loss.state_dict(), **own})
        state = unflatten_optimizer(
            load_file(checkpoint / "optimizer.safetensors"), read_checkpoint_json(checkpoint / "optimizer.json")
        )
        parts.optimizer.load_state_dict(state)
        parts.scheduler.load_state_dict(read_checkpoint_json(checkpoint / "scheduler.json"))


def load_history(checkpoint: Path) -> History:
    """Load the training history up to a checkpoint's step."""
    with naming_damage(checkpoint):
        return History.from_json(read_checkpoint_json(checkpoint / "history.json"))


def loss_state(parts: CheckpointState) -> dict[str, torch.Tensor]:
    """Collect the loss's own weights (a classifier), without those of the model or guide inside it."""
    inside = _tensors_inside(parts.loss)
    return {name: value for name, value in parts.loss.state_dict(keep_vars=True).items() if id(value) not in inside}


def loss_parameters(loss: nn.Module) -> list[nn.Parameter]:
    """List the loss's own trained weights, without those of the model or guide inside it."""
    inside = _tensors_inside(loss)
    return [parameter for parameter in loss.parameters() if id(parameter) not in inside]


def _tensors_inside(loss: nn.Module) -> set[int]:
    """Collect the ids of the tensors of every model inside a loss."""
    return {id(tensor) for module in loss.modules() if is_model(module) for tensor in tensors_of(module)}


def is_model(module: nn.Module) -> bool:
    return isinstance(module, SentenceTransformer)


def tensors_of(module: nn.Module) -> list[torch.Tensor]:
    return [*module.parameters(), *module.buffers()]


def detach_tensors(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Copy the tensors as safetensors needs them: contiguous, on the CPU, none sharing memory."""
    return {name: value.detach().cpu().contiguous().clone() for name, value in state.items()}


def flatten_optimizer(state: dict[str, Any]) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Split an optimizer's state into tensors named parameter.entry and the JSON-able rest."""
    # AdamW (Loshchilov & Hutter 2019) keeps by parameter: step t, first moment (exp_avg), second moment (exp_avg_sq)
    tensors = {
        f"{parameter}.{entry}": value.detach().cpu().contiguous().clone()
        for parameter, entries in state["state"].items()
        for entry, value in entries.items()
    }
    return tensors, {"param_groups": state["param_groups"]}


def unflatten_optimizer(tensors: dict[str, torch.Tensor], groups: dict[str, Any]) -> dict[str, Any]:
    """Rebuild an optimizer's state from the two results of `flatten_optimizer`."""
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        parameter, entry = name.split(".", 1)
        state.setdefault(int(parameter), {})[entry] = value
    return {"state": state, "param_groups": groups["param_groups"]}


def scheduler_state(scheduler: Any) -> dict[str, Any]:
    """Collect the scheduler's counters; its lambda is built again from the recipe."""
    # LambdaLR: rate(step) = base rate * lambda(step); the step is saved, the lambda is a function and cannot be
    return {k: v for k, v in scheduler.state_dict().items() if k != "lr_lambdas"} | {"lr_lambdas": [None]}


def torch_random() -> RandomState:
    """Read the states of torch's generators in this process: of the CPU and of its graphics card."""
    states = {"torch": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def save_random(folder: Path, states: Sequence[RandomState]) -> None:
    """Write the states of Python's and numpy's generators, and of torch's in each process."""
    python = random.getstate()
    kind, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)  # noqa: NPY002
    tensors = {"numpy": torch.from_numpy(np.asarray(keys, dtype=np.int64))}
    for rank, state in enumerate(states):
        tensors |= {random_name(name, rank): value for name, value in state.items()}
    save_file(tensors, folder / "random.safetensors")
    write_checkpoint_json(
        folder / "random.json",
        {"python": [python[0], list(python[1]), python[2]], "numpy": [kind, position, has_gauss, gauss]},
    )


def random_name(name: str, rank: int) -> str:
    """Name a generator's state in a checkpoint: of the first process as ever, of others with their rank."""
    return f"{name}-{rank}" if rank else name


def restore_random(checkpoint: Path, *, rank: int = 0) -> None:
    """Restore the generators' states of a process from a checkpoint.

    A process that it does not know, since there were fewer, takes those of the first.
    """
    with naming_damage(checkpoint):
        tensors, rest = load_file(checkpoint / "random.safetensors"), read_checkpoint_json(checkpoint / "random.json")
        version, keys, gauss = rest["python"]
        random.setstate((version, tuple(keys), gauss))
        kind, position, has_gauss, cached = rest["numpy"]
        np.random.set_state((kind, tensors["numpy"].numpy().astype(np.uint32), position, has_gauss, cached))  # noqa: NPY002
        own = {name: tensors.get(random_name(name, rank), tensors.get(name)) for name in ("torch", "cuda")}
        torch.set_rng_state(own["torch"])
        if own["cuda"] is not None and torch.cuda.is_available():
            torch.cuda.set_rng_state(own["cuda"])


def write_checkpoint_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


def read_checkpoint_json(path: Path) -> Any:
    """Read a file of a checkpoint.

    Older ones store the best metric before the first validation as -Infinity.
    """
    return read_stored(path, infinite=True)


@contextmanager
def naming_damage(checkpoint: Path) -> Iterator[None]:
    """Turn what reading a checkpoint raises into a TrainingError.

    Its checksums hold, and yet it is no checkpoint of this run.
    """
    try:
        yield
    except (
        JsonError,
        SafetensorError,
        OSError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        RuntimeError,
    ) as error:
        if is_out_of_memory(error):
            raise
        raise TrainingError("A file of the checkpoint is damaged.", where=str(checkpoint), todo=START_OVER) from error
