"""A person gives the address of a cluster, watches the training there, and sees on which nodes it ran."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Page, expect

from lib.store.workspace import open_workspace
from tests.browser.conftest import Server, choose
from tests.builders import add_dataset
from tests.ray_cluster import LocalCluster

TRAINED = 420_000
"""Milliseconds that a training, its evaluation and its map may take on a busy machine."""


def test_a_run_on_a_cluster_is_watched_where_every_run_is(cluster: LocalCluster, server: Server, window: Page) -> None:
    dataset = add_dataset(open_workspace(server.home))
    server.stop()
    server.variables = dict(cluster.environment)
    server.start()
    window.goto(f"{server.url}/train?dataset={dataset.id}")
    window.get_by_text("More settings").click()
    choose(window.get_by_label("Where to run"), "Ray cluster")
    address = window.get_by_label("Cluster address")
    address.fill(cluster.address)
    address.press("Enter")
    expect(window.get_by_text("for each node without one").first).to_be_visible()
    window.get_by_role("button", name="Start training").click()
    expect(window.get_by_text(re.compile("2 processes on .*: cpu"))).to_be_visible(timeout=TRAINED)
    (run,) = open_workspace(server.home).runs.all()
    until = time.monotonic() + TRAINED / 1000
    while not run.is_trained:
        assert time.monotonic() < until, run.paths.log.read_text(encoding="utf-8")
        window.wait_for_timeout(500)
    window.goto(f"{server.url}/train?run={run.id}")
    expect(window.get_by_text(re.compile("2 processes on .*: cpu"))).to_be_visible()
    assert not [
        path for path in server.home.rglob("*") if path.is_file() and cluster.token.encode() in path.read_bytes()
    ]
