"""Progress through a file: the first process of a training writes it, the worker repeats it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lib.cluster.request import Exchange
from lib.errors import CancelledError
from lib.progress import Progress
from lib.typed_json import JsonError, parse_stored, typed

CANCEL_CHECK_SECONDS = 0.5
"""Seconds between two checks whether the user asked to stop."""

CALLS = ("stage", "advance", "loss", "snapshot_metrics", "resume", "places", "log", "check")
"""Methods of Progress that are repeated."""


class ProgressWriter:
    """A Progress that writes each call as one JSON line."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange, self._checked = exchange, 0.0

    def stage(self, name: str, detail: str = "", *, is_validation: bool = False) -> None:
        self._write("stage", name=name, detail=detail, is_validation=is_validation)

    def advance(self, done: float, total: float, **facts: float) -> None:
        self._write("advance", done=done, total=total, **facts)

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None:
        self._write("loss", step=step, epoch=epoch, loss=loss, learning_rate=learning_rate)

    def snapshot_metrics(
        self, *, part: str, snapshot: str, epoch: float, metrics: Mapping[str, float], seconds: float
    ) -> None:
        facts = {"part": part, "snapshot": snapshot, "epoch": epoch, "metrics": dict(metrics), "seconds": seconds}
        self._write("snapshot_metrics", **facts)

    def resume(self, *, step: int, epoch: float) -> None:
        self._write("resume", step=step, epoch=epoch)

    def places(self, places: Sequence[str]) -> None:
        self._write("places", places=list(places))

    def log(self, text: str, *, level: str = "info") -> None:
        self._write("log", text=text, level=level)

    def check(self) -> None:
        now = time.monotonic()
        if now - self._checked < CANCEL_CHECK_SECONDS:
            return
        self._checked = now
        self._write("check")
        self._exchange.check()

    def _write(self, call: str, **facts: Any) -> None:
        with self._exchange.progress.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"call": call, "facts": facts}) + "\n")


class ProgressReader:
    """Repeats the lines of a progress file, each once, on another Progress."""

    def __init__(self, exchange: Exchange, progress: Progress) -> None:
        self._exchange, self._progress, self._at = exchange, progress, 0
        self.has_begun = False
        """Whether a process trains that hears of a wish to stop."""

    def check(self) -> None:
        """Pass a wish to stop on to the processes; raise it while none is there that would hear of it."""
        try:
            self._progress.check()
        except CancelledError:
            if not self.has_begun:
                raise
            self._exchange.cancel()

    def repeat_new(self, **facts: float) -> None:
        """Repeat the whole lines since the last time; a wish to stop is passed on.

        facts: go with every `advance`.
        """
        for line in self._new_lines(self._exchange.progress):
            try:
                values = typed(dict[str, Any], parse_stored(line))
            except JsonError:  # the last one of a process that was killed, and the first of the next
                continue
            if values.get("call") in CALLS:
                self._repeat(values["call"], values["facts"], facts)

    def _repeat(self, call: str, values: dict[str, Any], facts: dict[str, float]) -> None:
        self.has_begun = self.has_begun or call == "check"
        if call == "advance":
            values |= facts
        try:
            getattr(self._progress, call)(**values)
        except CancelledError:
            self._exchange.cancel()

    def _new_lines(self, path: Path) -> list[bytes]:
        if not path.exists():
            return []
        with path.open("rb") as file:
            file.seek(self._at)
            data = file.read()
        end = data.rfind(b"\n") + 1
        self._at += end
        return data[:end].splitlines()
