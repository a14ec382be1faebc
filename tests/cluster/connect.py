"""Connect to a cluster in a process of its own: `python -m tests.cluster.connect ADDRESS FOLDER...`.

Prints the nodes' CPUs, or the error.
"""

from __future__ import annotations

import sys

from lib.cluster.ray_connection import connect_to_cluster
from lib.errors import CloserError

if __name__ == "__main__":
    try:
        with connect_to_cluster(sys.argv[1], folders=sys.argv[2:]) as connected:
            print("cpus", *[node.cpus for node in connected.nodes])  # noqa: T201
    except CloserError as error:
        print(error)  # noqa: T201
