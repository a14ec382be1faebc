"""A page in a browser as the server sees it: Streamlit's websocket, and the push socket.

Speaks the protocol of Streamlit 1.67: BackMsg up, ForwardMsg down, messages that were sent before by their hash alone, fragments that
ask for their rerun by a timer. It draws nothing, so it costs far less than a browser and leaves more of the machine to what is measured.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

KEPT_RUNS = 2
"""Runs of the script for which a browser keeps a message (global.maxCachedMessageAge)."""


@dataclass
class Session:
    """One page of one visitor.

    url: http://host:port; latencies: (clock, seconds) of each rerun from request to end.
    """

    url: str
    page: str = ""
    query: dict[str, str] = field(default_factory=dict)
    latencies: list[tuple[float, float]] = field(default_factory=list)
    first_seconds: float = 0.0
    received_bytes: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    async def run(self, seconds: float) -> None:
        """Look at the page for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._look(tasks))
                    tasks.create_task(self._listen())

    async def _look(self, tasks: asyncio.TaskGroup) -> None:
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._cache: dict[str, tuple[ForwardMsg, int]] = {}
        self._waiting: dict[str, float] = {}
        self._runs = 0
        async with self._connect("/_stcore/stream", ["streamlit"]) as socket:
            await self._rerun(socket)
            async for data in socket:
                assert isinstance(data, bytes)
                self.received_bytes += len(data)
                await self._take(ForwardMsg.FromString(data), socket, tasks)

    async def _listen(self) -> None:
        async with self._connect("/push", None) as socket:
            async for _ in socket:
                self.counts["push"] += 1

    def _connect(self, path: str, protocols: list[str] | None) -> connect:
        address = self.url.replace("http", "ws", 1) + path
        return websockets.connect(  # type: ignore[return-value]
            address, origin=self.url, subprotocols=protocols, max_size=1 << 28, open_timeout=60
        )

    async def _rerun(self, socket: ClientConnection, fragment: str = "") -> None:
        """Ask for a rerun of the script, or of one fragment as its timer does."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string = urlencode(self.query)
        state.page_name = self.page
        state.fragment_id = fragment
        state.is_auto_rerun = bool(fragment)
        state.cached_message_hashes.extend(self._cache)
        state.context_info.timezone, state.context_info.locale = "UTC", "en-US"
        state.context_info.url = f"{self.url}/{self.page}"
        self._waiting.setdefault(fragment, time.monotonic())
        await socket.send(message.SerializeToString())

    async def _take(self, message: ForwardMsg, socket: ClientConnection, tasks: asyncio.TaskGroup) -> None:
        kind = message.WhichOneof("type") or ""
        self.counts[kind] += 1
        if message.metadata.cacheable and message.hash:
            self._cache[message.hash] = (message, self._runs)
        if kind == "ref_hash":
            assert message.ref_hash in self._cache, "the server named a message that it has not sent"
            self._cache[message.ref_hash] = (self._cache[message.ref_hash][0], self._runs)
        elif kind == "auto_rerun":
            self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval, socket, tasks)
        elif kind == "stop_auto_rerun" or (kind == "new_session" and not message.metadata.run.fragment_ids):
            self._stop_timers()
        elif kind == "session_event" and message.session_event.HasField("script_compilation_exception"):
            raise AssertionError("the script does not compile")
        elif kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
            raise AssertionError(message.delta.new_element.exception.message)
        elif kind == "script_finished":
            self.counts[ForwardMsg.ScriptFinishedStatus.Name(message.script_finished)] += 1
            self._finish(message.script_finished)

    def _start_timer(self, fragment: str, interval: float, socket: ClientConnection, tasks: asyncio.TaskGroup) -> None:
        async def ask() -> None:
            while True:
                await asyncio.sleep(interval)
                await self._rerun(socket, fragment)

        if fragment in self._timers:
            self._timers[fragment].cancel()
        self._timers[fragment] = tasks.create_task(ask())

    def _stop_timers(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _finish(self, status: int) -> None:
        """Note how long the run took, and drop messages that are too old."""
        is_fragment = status == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
        now = time.monotonic()
        for fragment in [name for name in self._waiting if bool(name) == is_fragment]:
            began = self._waiting.pop(fragment)
            if is_fragment:
                self.latencies.append((now, now - began))
            else:
                self.first_seconds = self.first_seconds or now - began
        if not is_fragment:
            self._waiting.clear()
            self._runs += 1
            self._cache = {name: one for name, one in self._cache.items() if self._runs - one[1] <= KEPT_RUNS}
