"""What a checkpoint of somebody else makes the Trainer do: nothing but go on from its step, or end with a named error."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.errors import TrainingError
from lib.shapes import Shape
from lib.store.free_space import remove_checkpoints
from lib.store.layout import RunPaths
from lib.store.publish import seal
from lib.training import cadence
from lib.training.checkpoints import TRAINER_STATE
from lib.training.trainer_state import MAX_STATE_BYTES, check_trainer_state
from tests.unit.models.folder_check.spoil import Payload
from tests.unit.training.small import FAST, train_small
from tests.unit.training.test_resume import Cut, CutError, newest_two, weights

RECIPE = replace(FAST, epochs=3)

Change = Callable[[dict[str, Any]], object]
DAMAGES: dict[str, Change] = {
    "a step that ends the training at once": lambda state: state.update(global_step=10**9),
    "an earlier step": lambda state: state.update(global_step=0),
    "no step": lambda state: state.pop("global_step"),
    "a step that is a text": lambda state: state.update(global_step="12"),
    "a step that is true": lambda state: state.update(global_step=True),
    "a batch size that is none": lambda state: state.update(train_batch_size=None),
    "a batch size that is a list": lambda state: state.update(train_batch_size=[1]),
    "a path outside": lambda state: state.update(best_model_checkpoint="/etc"),
    "a trial": lambda state: state.update(trial_name="../../x", trial_params={"a": 1}),
    "a search for settings": lambda state: state.update(is_hyper_param_search=True),
    "callbacks as a list": lambda state: state.update(stateful_callbacks=[1]),
    "a log that is a text": lambda state: state.update(log_history="x"),
    "a log of texts": lambda state: state.update(log_history=["x"]),
    "tokens as a text": lambda state: state.update(num_input_tokens_seen="many"),
    "operations that are endless": lambda state: state.update(total_flos=float("inf")),
    "what is not known": lambda state: state.update(__class__="os.system"),
    "too much": lambda state: state.update(log_history=[{"a": "x" * MAX_STATE_BYTES}]),
}


@pytest.fixture(scope="module")
def interrupted_run(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cut a run in its third epoch, with a checkpoint after each of the first two."""
    folder = tmp_path_factory.mktemp("interrupted")
    with pytest.raises(CutError), pytest.MonkeyPatch.context() as patch:
        patch.setattr(cadence, "CHEAP_CHECKPOINT_SECONDS", 60.0)
        train_small(Shape.PAIRS, RECIPE, model=tiny_model, folder=folder, progress=Cut(13))
    return folder


@pytest.fixture
def copied_run(interrupted_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(interrupted_run, tmp_path / "copy"))


def change(checkpoint: Path, edit: Change) -> None:
    """Change the state and seal the folder again, so that its checksums hold."""
    path = checkpoint / TRAINER_STATE
    state = json.loads(path.read_text())
    edit(state)
    path.write_text(json.dumps(state))
    seal(checkpoint)


def test_what_closer_writes_is_taken(interrupted_run: Path) -> None:
    checkpoints = newest_two(interrupted_run)
    assert len(checkpoints) == 2
    for checkpoint in checkpoints:
        check_trainer_state(checkpoint)  # raises where it would refuse


@pytest.mark.parametrize("name", list(DAMAGES))
def test_a_damaged_state_is_a_named_error(copied_run: Path, name: str) -> None:
    checkpoint = newest_two(copied_run)[0]
    change(checkpoint, DAMAGES[name])
    with pytest.raises(TrainingError, match="damaged") as caught:
        check_trainer_state(checkpoint)
    assert caught.value.where == str(checkpoint)


@pytest.mark.parametrize("content", ["", "[]", "null", "{", "[" * 100_000, "1" * 5_000])
def test_a_state_that_is_no_object_is_a_named_error(copied_run: Path, content: str) -> None:
    checkpoint = newest_two(copied_run)[0]
    (checkpoint / TRAINER_STATE).write_text(content)
    with pytest.raises(TrainingError, match="damaged"):
        check_trainer_state(checkpoint)


def test_a_run_with_a_damaged_state_starts_over_without_its_checkpoints(copied_run: Path, tiny_model: Path) -> None:
    """As the error advises: the page removes the checkpoints of a run that has ended."""
    change(newest_two(copied_run)[0], DAMAGES["a step that ends the training at once"])
    with pytest.raises(TrainingError, match="Remove its checkpoints"):
        train_small(Shape.PAIRS, RECIPE, model=tiny_model, folder=copied_run)
    remove_checkpoints(RunPaths(copied_run / "run"))
    session = train_small(Shape.PAIRS, RECIPE, model=tiny_model, folder=copied_run)
    assert session.progress.steps_resumed == []
    assert [epoch["epoch"] for epoch in session.result.epochs] == [0, 1, 2, 3]


def test_pickles_that_a_stock_trainer_reads_are_not_read(copied_run: Path, tiny_model: Path, tmp_path: Path) -> None:
    """Under the names that transformers gives them; the training ends as it would without them."""
    whole = tmp_path / "whole"
    train_small(Shape.PAIRS, RECIPE, model=tiny_model, folder=whole)
    for checkpoint in newest_two(copied_run):
        for name in (
            *("optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt", "rng_state.pth", "rng_state_0.pth"),
            *("pytorch_model.bin", "adapter_model.bin", "training_args.bin"),
        ):
            (checkpoint / name).write_bytes(pickle.dumps(Payload(tmp_path / "canary")))
        seal(checkpoint)
    session = train_small(Shape.PAIRS, RECIPE, model=tiny_model, folder=copied_run)
    assert session.progress.steps_resumed == [12]
    assert weights(copied_run) == weights(whole)
    assert not (tmp_path / "canary").exists()
