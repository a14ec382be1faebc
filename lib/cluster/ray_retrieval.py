"""Search an embedded corpus on a Ray cluster: each actor searches parts, the best of all are merged."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from lib.cluster.ray_connection import Cluster
from lib.cluster.ray_corpus import count_processes, map_on_cluster
from lib.data.corpus import CorpusPart
from lib.errors import CloserError
from lib.evaluation.corpus_retrieval import Nearest, SearchParts, SearchWork
from lib.progress import Progress
from lib.typed_json import parse_stored, typed

TASKS_OF_A_PROCESS = 4
"""Groups of parts for each process: so many even out parts that take longer, and few results have to be merged."""


class PartSearcher:
    """An actor that searches parts for the queries that it holds."""

    def __init__(self, work: SearchWork) -> None:
        self._work = work

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Search the groups of parts of a batch."""
        answers = [self._answer(text) for text in batch["part"]]
        return {
            "result": np.array([json.dumps(result) for result, _ in answers]),
            "found": np.array([found for _, found in answers], dtype=object),
        }

    def _answer(self, text: str) -> tuple[dict[str, Any], bytes]:
        parts = [typed(CorpusPart, part) for part in parse_stored(text)]
        try:
            nearest = self._work.search(parts)
        except CloserError as error:
            return {"error": error.to_json()}, b""
        file = io.BytesIO()
        np.savez(file, documents=nearest.documents, cosines=nearest.cosines)
        return {"rows": sum(part.rows for part in parts)}, file.getvalue()


def search_parts_on(cluster: Cluster, *, processes: int) -> SearchParts:
    """Make a function that searches parts by so many processes of the cluster at most."""

    def search_parts(work: SearchWork, parts: list[CorpusPart], progress: Progress) -> Iterator[tuple[Nearest, int]]:
        tasks = min(len(parts), TASKS_OF_A_PROCESS * count_processes(cluster, processes))
        groups = [[asdict(part) for part in parts[number::tasks]] for number in range(tasks)]
        texts = [json.dumps(group) for group in groups]
        for answer in map_on_cluster(cluster, PartSearcher, work, texts, processes=processes, progress=progress):
            with np.load(io.BytesIO(answer["found"]), allow_pickle=False) as arrays:
                yield Nearest(arrays["documents"], arrays["cosines"]), int(answer["result"]["rows"])

    return search_parts
