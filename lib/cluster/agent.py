"""Run torchrun until the process that started it is gone.

`python -m lib.cluster.agent` with the arguments of torchrun.
"""

from __future__ import annotations

from torch.distributed.run import main as run_torchrun

from lib.process import end_with_starter

if __name__ == "__main__":
    end_with_starter()
    run_torchrun()
