"""Ask the base model which rows of a dataset it doubts: `python -m lib.jobs.label_noise_check HOME DATASET`, apart from the server.

Its list and its progress lie in HOME/checks; a lock says that it lives.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from filelock import FileLock

from lib.jobs.events import EventWriter
from lib.settings import BUNDLED_MODEL
from lib.store.layout import WorkspacePaths
from lib.store.publish import write_atomic


def files_of(home: Path, dataset: str) -> tuple[Path, Path, FileLock]:
    """Return where a dataset's list and its progress lie, and the lock that the process holds while it works."""
    folder = WorkspacePaths(home).label_noise
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{dataset}.json", folder / f"{dataset}.jsonl", FileLock(folder / f"{dataset}.lock")


def main() -> int:
    """Embed a dataset's texts with the bundled model and write the list of doubted rows."""
    from lib.experiments.label_noise import find_possible_label_errors
    from lib.models.loader import fingerprint, load_model
    from lib.models.vector_cache import EmbeddingCache
    from lib.store.workspace import open_workspace

    home, identity = Path(sys.argv[1]), sys.argv[2]
    result, events, lock = files_of(home, identity)
    with lock:
        dataset = open_workspace(home).datasets.get(identity)
        progress = EventWriter(events)
        progress.stage("Asking the base model")
        model = load_model(BUNDLED_MODEL, home=home)
        mark, cache = fingerprint(model), EmbeddingCache(home)
        table = find_possible_label_errors(
            dataset.frame(),
            dataset.shape,
            lambda texts: cache.embed(model, texts, fingerprint=mark, progress=progress),
        )
        write_atomic(result, json.dumps(table.to_dict("list"), ensure_ascii=False, default=float))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
