"""Train the tiny model in two processes, for a test that kills this one: `python -m tests.unit.cluster.starter MODEL FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from lib.cluster.torchrun import train_by_torchrun
from lib.progress import Silent
from tests.unit.cluster.small import small_request

if __name__ == "__main__":
    train_by_torchrun(small_request(Path(sys.argv[2]), Path(sys.argv[1])), processes=2, progress=Silent())
