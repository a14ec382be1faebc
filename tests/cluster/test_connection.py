"""A cluster that would not do is one line; a token goes to Ray and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.ray_cluster import LocalCluster, free_port, local_cluster, node_options, ray_node, wait_for_node

ROOT = Path(__file__).resolve().parents[2]


def connect(address: str, environment: Mapping[str, str], *folders: str) -> str:
    """Connect in another process, which has no token but the given one; what it says at the end."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.cluster.connect", address, *folders],
        cwd=ROOT,
        env=plain | {"HOME": "/nonexistent"} | dict(environment),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout.strip()


def test_a_cluster_is_joined_with_its_token_and_a_folder_that_a_node_does_not_see_is_named(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(cluster.token + "\n")
    by_file = {"RAY_AUTH_TOKEN_PATH": str(file)}
    assert connect(cluster.address, by_file, str(tmp_path)) == "cpus 1 1"
    assert "/nowhere" in connect(cluster.address, {"RAY_AUTH_TOKEN": cluster.token}, "/nowhere")


@pytest.mark.parametrize(
    "environment",
    [{"RAY_AUTH_TOKEN": "another"}, {}, {"RAY_AUTH_TOKEN_PATH": "/nowhere"}],
    ids=["wrong", "none", "no file"],
)
def test_a_wrong_token_is_one_line(cluster: LocalCluster, environment: Mapping[str, str]) -> None:
    line = connect(cluster.address, environment)
    assert "RAY_AUTH_TOKEN" in line
    assert "\n" not in line


def test_an_address_where_nothing_answers_is_one_line() -> None:
    address = f"127.0.0.1:{free_port()}"
    assert address in connect(address, {})


def test_an_open_cluster_is_refused_unless_it_is_allowed() -> None:
    with local_cluster(nodes=0, token=False) as open_to_all:
        assert "CLOSER_RAY_AUTH=off" in connect(open_to_all.address, {"RAY_AUTH_TOKEN": "x"})
        allowed = connect(open_to_all.address, {"CLOSER_RAY_AUTH": "off"})
        assert "No node" in allowed


def test_a_node_with_another_version_is_named(cluster: LocalCluster, tmp_path: Path) -> None:
    """A third node finds the metadata of another sentence-transformers before the real one; once it is gone, the others do."""
    facts = tmp_path / "sentence_transformers-5.0.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: sentence-transformers\nVersion: 5.0.0\n")
    with ray_node(cluster, node_options(cluster), environment={"PYTHONPATH": str(tmp_path)}) as third:
        wait_for_node(third)
        line = connect(cluster.address, cluster.environment)
    assert "sentence-transformers 5.0.0" in line
    assert "\n" not in line
    assert connect(cluster.address, cluster.environment).endswith("cpus 1 1")  # Ray says before that the third is gone
