"""Runs: one recipe on one dataset with one base model; its folder holds all that came of it."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from lib.errors import InputError, NotFoundError
from lib.recipe.recipe import Recipe
from lib.store.database import Database, now
from lib.store.datasets import MAX_NAME_CHARACTERS, clean_name
from lib.store.free_space import has_checkpoint, remove_checkpoints
from lib.store.headline import Headline
from lib.store.jobs import COMMAND, DONE, LIVE, NOT_BY_COMMAND, OPEN, insert, next_position
from lib.store.layout import MODEL_CARD_DATA, RunPaths, entry_folder
from lib.store.names import RUN_PREFIX, folder_name, with_pooling
from lib.store.permission import must_be_editor
from lib.store.publish import put_in_place, remove_published, size_of, verify
from lib.store.rows import read_row, read_rows, read_text
from lib.typed_json import JsonError, read_stored


@dataclass(frozen=True)
class Run:
    """One run. `state` and `reason` are those of its training job.

    batch: id shared by the runs of one press; job: the training job's id.

    recipe_text: the recipe as stored, JSON.

    spent: the seconds of its training's ended attempts; `started` and `ended` are those of the last one.
    """

    id: str
    name: str
    note: str
    starred: bool
    dataset: str
    model: str
    recipe_text: str
    batch: str
    created: str
    headline: Headline | None
    deleted: str | None
    state: str
    reason: str
    job: int
    started: str | None
    ended: str | None
    spent: float
    folder: Path

    @cached_property
    def recipe(self) -> Recipe:
        """The settings of its training.

        Raises InputError where a newer version or a damaged database left unusable ones.
        """
        return Recipe.from_text(self.recipe_text)

    @property
    def base_model(self) -> str:
        """Name by which the base model is loaded: with the pooling that the recipe sets."""
        return with_pooling(self.model, self.recipe.pooling)

    @property
    def model_dir(self) -> Path:
        """Folder of the tuned model, named after the base model with / as _."""
        return self.folder / folder_name(self.model)

    @property
    def is_partial(self) -> bool:
        """Whether the tuned model is the best epoch of a training that was cancelled or failed."""
        return bool(self._card_facts().get("partial"))

    @property
    def is_trained(self) -> bool:
        """Whether the tuned model, whole, is that of this very recipe: then nothing is left to train."""
        facts = self._card_facts()
        return (
            not facts.get("partial", True)
            and facts.get("recipe") == self.recipe.to_json()
            and not verify(self.model_dir)
        )

    @property
    def is_unchanged(self) -> bool:
        """Whether the training changed no weight, so that there is nothing to show of it."""
        return self._card_facts().get("weights_changed") is False

    def _card_facts(self) -> dict[str, object]:
        try:
            facts = read_stored(self.model_dir / MODEL_CARD_DATA)
        except (OSError, JsonError):
            return {}
        return facts if isinstance(facts, dict) else {}

    @property
    def paths(self) -> RunPaths:
        """Where everything of the run lies."""
        return RunPaths(self.folder)

    @property
    def seconds(self) -> float:
        """Seconds of training in all attempts, the present one up to now."""
        if self.state not in LIVE or not self.started:
            return self.spent
        return self.spent + max(0.0, (datetime.now(UTC) - datetime.fromisoformat(self.started)).total_seconds())

    @property
    def is_open(self) -> bool:
        """Whether the training still waits or works."""
        return self.state in OPEN


@dataclass(frozen=True)
class RunRecord:
    """What the database knows of a run, to take it elsewhere.

    recipe, headline: JSON as it stores them, "" for no headline.
    """

    id: str
    name: str
    note: str
    model: str
    recipe: str
    headline: str
    created: str
    state: str
    reason: str
    spent: float


SELECT = """
    SELECT runs.*, jobs.state, jobs.reason, jobs.id AS job, jobs.started, jobs.ended, jobs.spent FROM runs
    JOIN jobs ON jobs.id = (SELECT MIN(id) FROM jobs WHERE run = runs.id AND kind = 'train')
"""
"""One row a run, also where a damaged database lists two trainings of it."""


def default_title(dataset: str, model: str, *, details: Sequence[str] = ()) -> str:
    """Title a run by its dataset and the last part of its base model; a long dataset's name is cut.

    details: what tells it from other runs of the model, such as its seed; of too many the last ones are left out.
    """
    tail = f", {' '.join(model.rsplit('/', 1)[-1].split())[: MAX_NAME_CHARACTERS // 2]}"
    for detail in details:
        if len(tail) + len(detail) < MAX_NAME_CHARACTERS - 10:
            tail += f", {detail}"
    return f"{dataset[: MAX_NAME_CHARACTERS - len(tail)].rstrip()}{tail}"


class Runs:
    """All runs of a workspace."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._folder = database, folder

    def create(
        self,
        *,
        dataset: str,
        model: str,
        recipe: Recipe,
        batch: str = "",
        name: str = "",
        key: str = "",
        by_command: bool = False,
    ) -> Run:
        """Add a run and its queued training in one transaction; the same key twice is the same run.

        by_command: a command trains it in its own process; where that ends, nobody else goes on unasked.
        """
        with self._database.changing() as connection:
            row = connection.execute("SELECT id FROM runs WHERE key = ? AND ? != ''", (key, key)).fetchone()
            identity = (
                row["id"]
                if row
                else self._insert(
                    connection, dataset, model, recipe, batch, name, key, {COMMAND: True} if by_command else {}
                )
            )
        return self.get(identity)

    def adopt(self, folder: Path, facts: RunRecord, *, dataset: str) -> Run:
        """Move a checked folder of another workspace's run into place. Raises InputError for an odd name."""
        title, final = clean_name(facts.name), entry_folder(self._folder, facts.id)
        with self._database.changing() as connection:
            put_in_place(folder, final)
            connection.execute(
                "INSERT INTO runs (id, name, note, dataset, model, recipe, created, headline) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(facts.id, title, facts.note, dataset, facts.model, facts.recipe),
                    *(facts.created, facts.headline or None),
                ),
            )
            job = insert(connection, "train", run=facts.id, payload={}, key=f"train-{facts.id}")
            connection.execute(
                "UPDATE jobs SET state = ?, reason = ?, spent = ?, ended = ? WHERE id = ?",
                (facts.state, facts.reason, facts.spent, facts.created, job),
            )
        return self.get(facts.id)

    def get(self, identity: str) -> Run:
        """Read one run, also a deleted one that can still come back. Raises NotFoundError."""
        with self._database.reading() as connection:
            row = connection.execute(f"{SELECT} WHERE runs.id = ?", (identity,)).fetchone()
        if row is None:
            raise NotFoundError(f"There is no run {identity}.", todo="Choose one of the list: python -m lib runs.")
        return self._run(row)

    def all(self, *, deleted: bool = False) -> list[Run]:
        """List the runs, newest first; with `deleted`, those that wait to be purged."""
        return self._read(f"runs.deleted IS {'NOT' if deleted else ''} NULL ORDER BY runs.created DESC, jobs.id DESC")[
            0
        ]

    def problems(self) -> list[str]:
        """Name each row that no list shows, because it is damaged."""
        return self._read("1")[1]

    def _read(self, condition: str, values: tuple[str, ...] = ()) -> tuple[list[Run], list[str]]:
        with self._database.reading() as connection:
            return read_rows(connection.execute(f"{SELECT} WHERE {condition}", values), self._run)

    def rename(self, identity: str, name: str) -> None:
        """Rename a run. Raises InputError on an empty name."""
        self._set(identity, "name", clean_name(name))

    def annotate(self, identity: str, note: str) -> None:
        """Replace a run's note."""
        self._set(identity, "note", note)

    def star(self, identity: str, starred: bool) -> None:
        """Star a run, or take the star away."""
        self._set(identity, "starred", int(starred))

    def set_headline(self, identity: str, headline: Headline | None) -> None:
        """Store the numbers that lists of runs show; None where the metric could not be measured."""
        self._set(identity, "headline", json.dumps(headline.to_json() if headline else {}))

    def set_recipe(self, identity: str, recipe: Recipe) -> Run:
        """Store the recipe with what its training has chosen."""
        self._set(identity, "recipe", recipe.to_text())
        return self.get(identity)

    def extend(self, identity: str, epochs: int) -> Run:
        """Let an ended run go on to that many epochs in all, from its newest checkpoint, and queue it again.

        Early stopping is switched off for it: who asks for more epochs gets them. Raises InputError while the run is open,
        or when it has that many already.
        """
        run = self.get(identity)
        if run.state not in DONE:
            raise InputError(f"{run.name} has not ended yet.", todo="Wait for it, or cancel it first.")
        if epochs <= run.recipe.epochs and run.state == "succeeded":
            raise InputError(f"{run.name} has {run.recipe.epochs} epochs already.", todo="Ask for more than that.")
        if run.state == "succeeded" and not has_checkpoint(run.paths):
            raise InputError(
                f"{run.name} has no checkpoint to continue from.",
                todo=f"Train a new run with the base model {RUN_PREFIX}{run.id}, or keep the checkpoint next time.",
            )
        recipe = replace(run.recipe, epochs=epochs, patience=0)
        with self._database.changing() as connection:
            connection.execute("UPDATE runs SET recipe = ? WHERE id = ?", (recipe.to_text(), identity))
            connection.execute(
                f"UPDATE jobs SET state = 'queued', attempts = 0, reason = '', ended = NULL, {NOT_BY_COMMAND}, position = ?"
                " WHERE id = ? AND state IN ('succeeded', 'failed', 'cancelled')",
                (next_position(connection), run.job),
            )
        return self.get(identity)

    def delete(self, identity: str) -> None:
        """Hide a run until `restore` or `purge`. Raises InputError while any job works on it."""
        run = self.get(identity)
        with self._database.changing() as connection:
            self._must_rest(connection, run)
            connection.execute(
                "UPDATE jobs SET state = 'cancelled', reason = 'Its run was deleted.' WHERE run = ? AND state IN ('queued', 'interrupted')",
                (identity,),
            )
            connection.execute("UPDATE runs SET deleted = ? WHERE id = ?", (now(), identity))

    def restore(self, identity: str) -> None:
        """Bring a deleted run back."""
        self._set(identity, "deleted", None)

    def purge(self, identity: str) -> int:
        """Remove a deleted run for good and return the bytes that this freed."""
        run = self.get(identity)
        if run.deleted is None:
            raise InputError(f"{run.name} is not deleted.", todo="Delete it first.")
        size = size_of(run.folder)
        with self._database.changing() as connection:
            self._must_rest(connection, run)
            connection.execute("DELETE FROM jobs WHERE run = ?", (identity,))
            connection.execute("DELETE FROM runs WHERE id = ?", (identity,))
        remove_published(run.folder)
        return size

    def free_checkpoints(self, identity: str) -> int:
        """Remove the checkpoints of a run that has ended and return the bytes that this freed.

        Raises InputError while its training is open, or another job works on it.
        """
        must_be_editor()
        run = self.get(identity)
        if run.is_open:
            raise InputError(f"{run.name} has not ended yet.", todo="Wait for it, or cancel it first.")
        with self._database.changing() as connection:
            self._must_rest(connection, run)
        return remove_checkpoints(run.paths)

    def children(self, identity: str) -> list[Run]:
        """List the runs, deleted ones too, that were trained from this one's model.

        Purging it removes their base.
        """
        return self._read("runs.model = ?", (f"{RUN_PREFIX}{identity}",))[0]

    @staticmethod
    def _must_rest(connection: sqlite3.Connection, run: Run) -> None:
        """Raise InputError while a worker is busy with the run.

        Its training, evaluation, map or an experiment.
        """
        busy = connection.execute(
            "SELECT kind FROM jobs WHERE run = ? AND state IN ('running', 'cancelling')", (run.id,)
        ).fetchone()
        if busy is not None:
            raise InputError(f"A worker is still busy with {run.name} ({busy['kind']}).", todo="Cancel it first.")

    def _insert(
        self,
        connection: sqlite3.Connection,
        dataset: str,
        model: str,
        recipe: Recipe,
        batch: str,
        name: str,
        key: str,
        payload: dict[str, Any],
    ) -> str:
        row = connection.execute("SELECT name FROM datasets WHERE id = ? AND deleted IS NULL", (dataset,)).fetchone()
        if row is None:
            raise NotFoundError(f"There is no dataset {dataset}.", todo="Choose another one.")
        identity = uuid.uuid4().hex[:10]
        title = clean_name(name) if name else default_title(read_text(row["name"]), model)
        connection.execute(
            "INSERT INTO runs (id, key, name, dataset, model, recipe, heading, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (identity, key or None, title, dataset, model, recipe.to_text(), batch, now()),
        )
        (self._folder / identity).mkdir(parents=True, exist_ok=True)
        insert(connection, "train", run=identity, payload=payload, key=f"train-{identity}")
        return identity

    def _set(self, identity: str, column: str, value: object) -> None:
        with self._database.changing() as connection:
            changed = connection.execute(f"UPDATE runs SET {column} = ? WHERE id = ?", (value, identity))
            if changed.rowcount == 0:
                raise NotFoundError(f"There is no run {identity}.")

    def _run(self, row: sqlite3.Row) -> Run:
        values = read_row(row)
        del values["key"]
        values["recipe_text"] = values.pop("recipe")
        values["headline"] = Headline.from_text(values["headline"])
        values["batch"] = values.pop("heading")  # the column's name since the first version
        return Run(**values, folder=entry_folder(self._folder, values["id"]))
