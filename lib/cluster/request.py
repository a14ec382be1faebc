"""What the processes of a training are asked for, and the files that they and the worker exchange."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lib.data.model_inputs import ModelInputs
from lib.errors import CancelledError, CloserError, error_from_json
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.store.parquet import read_dataset_table
from lib.store.publish import write_atomic
from lib.typed_json import read_stored, typed


@dataclass(frozen=True)
class TrainingRequest:
    """One training for several processes.

    examples: the dataset's Parquet file. folder: the run's. card: facts for the model card.
    """

    examples: str
    shape: str
    model: str
    recipe: dict[str, Any]
    folder: str
    home: str
    card: dict[str, Any] = field(default_factory=dict)

    def read_inputs(self) -> ModelInputs:
        """Read the examples as the model reads them."""
        recipe = Recipe.from_json(self.recipe)
        return ModelInputs.of(read_dataset_table(self.examples), Shape(self.shape), recipe)


@dataclass(frozen=True)
class Exchange:
    """The files by which the worker and the processes of a training talk to each other."""

    folder: Path

    @property
    def progress(self) -> Path:
        """What the first process reports, JSON lines."""
        return self.folder / "progress.jsonl"

    @property
    def rendezvous(self) -> Path:
        """By which torchrun's agents find each other."""
        return self.folder / "rendezvous"

    @property
    def reports(self) -> Path:
        """What Ray keeps of a training: which step's checkpoint was reported last."""
        return self.folder / "ray"

    def store(self, attempt: str) -> Path:
        """Build the path by which the processes find each other.

        attempt: how often torchrun has started them again.
        """
        return self.folder / f"store-{attempt}"

    @property
    def _request(self) -> Path:
        return self.folder / "request.json"

    @property
    def _cancelled(self) -> Path:
        return self.folder / "cancelled"

    def write_request(self, request: TrainingRequest) -> None:
        """Write what is asked for."""
        self._request.write_text(json.dumps(asdict(request)), encoding="utf-8")

    def read_request(self) -> TrainingRequest:
        """Read what is asked for. Raises JsonError and OSError."""
        request: TrainingRequest = typed(TrainingRequest, read_stored(self._request))
        return request

    def cancel(self) -> None:
        """Ask the processes to stop and to keep the best epoch so far."""
        self._cancelled.touch()

    def check(self) -> None:
        """Raise CancelledError once `cancel` was called."""
        if self._cancelled.exists():
            raise CancelledError("Cancelled.")

    def write_end(self, process: int | str, error: CloserError | None) -> None:
        """Write how a process ended: as it should, or with an error for the user.

        process: its rank, or its name where it does not train.
        """
        write_atomic(self.folder / f"end-{process}.json", json.dumps({"error": error.to_json() if error else None}))

    def end(self) -> tuple[bool, CloserError | None]:
        """Read whether the training has ended, and with which error for the user.

        It has when the first process says so, or when any has failed with such an error.
        """
        ends = {path.name: read_stored(path)["error"] for path in sorted(self.folder.glob("end-*.json"))}
        facts = next((facts for facts in ends.values() if facts), None)
        return "end-0.json" in ends or facts is not None, error_from_json(facts) if facts else None
