"""Run a module that trains in several processes, and repeat to the worker what they report."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lib.cluster.progress_file import ProgressReader
from lib.cluster.request import Exchange, TrainingRequest
from lib.errors import LostProcessError, TrainingError
from lib.process import run_module
from lib.progress import Progress
from lib.store.layout import RunPaths
from lib.store.rank_layout import RankPaths


def run_exchange(
    request: TrainingRequest,
    module: str,
    arguments: Callable[[Exchange], Sequence[str]],
    *,
    env: Mapping[str, str],
    progress: Progress,
    facts: Callable[[], dict[str, float]] = dict,
) -> None:
    """Run the module to its end on a new exchange folder.

    Each run goes on from the newest checkpoint. facts: go with every report of how far the training is. Raises what the
    training raises, CancelledError when it is to stop before it has begun, TrainingError when its processes are gone, and
    LostProcessError when the module itself was killed.
    """
    paths, ranks = RunPaths(Path(request.folder)), RankPaths(Path(request.folder)).folder
    shutil.rmtree(ranks, ignore_errors=True)
    ranks.mkdir(parents=True)
    # a folder of its own: processes of an attempt that was killed, which are about to end, don't find this one's
    exchange = Exchange(Path(tempfile.mkdtemp(prefix="attempt-", dir=ranks)))
    exchange.write_request(request)
    reader = ProgressReader(exchange, progress)

    def repeat() -> None:
        reader.repeat_new(**facts())
        reader.check()

    try:
        code = run_module(module, *arguments(exchange), env=dict(env), log=paths.log, check=repeat)
        reader.repeat_new(**facts())
        has_ended, error = exchange.end()
    finally:
        shutil.rmtree(ranks, ignore_errors=True)
    if error is not None:
        raise error
    if not has_ended and code < 0:
        raise LostProcessError(
            f"The process that starts those of the training was killed (exit code {code}).",
            todo="Another try goes on from the newest checkpoint.",
        )
    if not has_ended:
        raise TrainingError(
            f"The processes of the training ended before it did (exit code {code}).",
            todo="Memory may be too small for so many processes; the log says more. Another try goes on from the newest checkpoint.",
        )
