"""Embed a corpus on a Ray cluster: parts are the rows of a Ray Dataset, actors hold the model.

Which rows belong together is decided before, so that each part has the vectors that one process would give it; texts and
vectors go between workers and storage and never pass through this process.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from lib.cluster.ray_connection import LONGEST_REASON, Cluster, import_ray
from lib.data.corpus import CorpusPart
from lib.errors import CloserError, ClusterError, error_from_json
from lib.models.embed_corpus import CorpusWork, EmbedParts, PartResult
from lib.progress import Progress
from lib.typed_json import parse_stored, typed


class PartEmbedder:
    """An actor that embeds parts; the model is loaded by its first one."""

    def __init__(self, work: CorpusWork) -> None:
        self._work, self._model = work, None

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Embed the parts of a batch. An error for the user is a result too: Ray would hide its class."""
        return {"result": np.array([self._answer(part) for part in batch["part"]])}

    def _answer(self, text: str) -> str:
        part: CorpusPart = typed(CorpusPart, parse_stored(text))
        try:
            self._model = self._model or self._work.model.load()
            return json.dumps(asdict(self._work.embed(self._model, part)))
        except CloserError as error:
            return json.dumps({"error": error.to_json()})


def embed_parts_on(cluster: Cluster, *, processes: int) -> EmbedParts:
    """Make a function that embeds parts by so many processes of the cluster at most.

    0 means one for each graphics card, or for each CPU where there is none.
    """

    def embed_parts(work: CorpusWork, parts: list[CorpusPart], progress: Progress) -> Iterator[PartResult]:
        rows = [json.dumps(asdict(part)) for part in parts]
        for answer in map_on_cluster(cluster, PartEmbedder, work, rows, processes=processes, progress=progress):
            result: PartResult = typed(PartResult, answer["result"])
            yield result

    return embed_parts


def count_processes(cluster: Cluster, processes: int) -> int:
    """Decide how many processes work at most: one for each graphics card or CPU where 0 is asked for."""
    return processes or cluster.cards or cluster.cpus


def map_on_cluster(
    cluster: Cluster,
    actor: Callable[..., Any],
    work: Any,
    parts: Sequence[str],
    *,
    processes: int,
    progress: Progress,
) -> Iterator[dict[str, Any]]:
    """Yield the rows that actors answer to each part, in the order in which they finish.

    parts: JSON, the column `part` of an actor's batch of one row; its column `result` is JSON too, and may be an error for
    the user, which is raised. Raises ClusterError.
    """
    ray = import_ray()
    import ray.data as ray_data

    wanted = min(count_processes(cluster, processes), len(parts))
    context = ray_data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    rows = ray_data.from_items([{"part": part} for part in parts], override_num_blocks=len(parts))
    answers = rows.map_batches(
        actor,
        fn_constructor_args=(work,),
        batch_size=1,
        compute=ray_data.ActorPoolStrategy(min_size=1, max_size=wanted),
        num_cpus=1,
        num_gpus=1 if cluster.cards else 0,
    ).iter_rows()
    progress.log(f"{wanted} processes on {len(cluster.nodes)} nodes of the cluster")
    try:
        for row in answers:
            progress.check()
            answer = parse_stored(row["result"])
            if "error" in answer:
                raise error_from_json(answer["error"])
            yield row | {"result": answer}
    except ray.exceptions.RayError as error:
        reason = " ".join(str(error).split())[-LONGEST_REASON:]
        raise ClusterError(f"The work on the cluster has ended: {reason}") from error
