"""Where the processes of one training write: what they exchange, and what is each one's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lib.store.layout import RunPaths


@dataclass(frozen=True)
class RankPaths:
    """The folders of a run's processes. run: the run's folder."""

    run: Path

    @property
    def folder(self) -> Path:
        """What they exchange with the worker, and their own folders; removed when the training ends."""
        return self.run / "ranks"

    def of(self, rank: int) -> RunPaths:
        """Build the paths in which one process writes: of the first, the run's own."""
        return RunPaths(self.run if rank == 0 else self.folder / str(rank))
