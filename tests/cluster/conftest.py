"""One Ray cluster of two nodes for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.conftest import chromium, server, window
from tests.ray_cluster import LocalCluster, local_cluster

__all__ = ["chromium", "server", "window"]


@pytest.fixture(scope="session")
def cluster() -> Iterator[LocalCluster]:
    """Start the cluster once."""
    with local_cluster() as started:
        yield started
