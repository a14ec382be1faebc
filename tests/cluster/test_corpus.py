"""A corpus embedded and searched by Ray Data: the same files as in one process, and errors that name what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from lib.__main__ import main
from tests.ray_cluster import LocalCluster

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ["a red house", "two rivers", "a red house", None, "ten engines", "", "one", "two winters in a village"]


def run_on(cluster: LocalCluster, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command on the cluster by both of its nodes, in a process of its own."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    place = ["--where", "ray", "--address", cluster.address, "--processes", "2"]
    return subprocess.run(
        [sys.executable, "-m", "lib", *map(str, arguments), *place],
        cwd=ROOT,
        env=plain | dict(cluster.environment),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Write three files of 8 rows, each a part of its own."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(3):
        texts = [f"{text} {number}" if text else text for text in TEXTS]
        parquet.write_table(pa.table({"id": range(8), "text": texts}), folder / f"{number}.parquet")
    return folder


@pytest.mark.timeout(400)
def test_a_cluster_writes_the_vectors_and_results_of_one_process(
    cluster: LocalCluster, corpus: Path, tiny_model: Path, tmp_path: Path, home: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    embed = ["embed", str(corpus), "--model", str(tiny_model), "--column", "text", "--out"]
    assert main([*embed, str(here)]) == 0
    done = run_on(cluster, *embed, there)
    assert (done.returncode, "6 rows without" in done.stdout) == (0, True), done.stderr
    names = [path.name for path in sorted(here.iterdir())]
    assert names == ["corpus.json", *(f"part-00000{number}.parquet" for number in range(3))]
    for name in names[1:]:
        assert parquet.read_table(here / name).equals(parquet.read_table(there / name)), name
    retrieve = ["retrieve", str(here / names[1]), "--corpus", str(here), "--top-k", "4", "--out"]
    assert main([*retrieve, str(tmp_path / "a.parquet")]) == 0
    done = run_on(cluster, *retrieve, tmp_path / "b.parquet")
    assert done.returncode == 0, done.stderr
    found = [parquet.read_table(tmp_path / name) for name in ("a.parquet", "b.parquet")]
    assert found[0].equals(found[1])
    assert found[0].filter(pa.compute.equal(found[0]["rank"], 1))["document"].to_pylist() == [0, 1, 0, 4, 6, 7]


@pytest.mark.timeout(300)
def test_an_error_of_a_worker_is_one_line_that_names_the_file(
    cluster: LocalCluster, corpus: Path, tiny_model: Path, tmp_path: Path, home: Path
) -> None:
    file = corpus / "1.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[:4] + bytes(len(whole[4:200])) + whole[200:])  # the footer is whole: workers find the damage
    done = run_on(cluster, "embed", corpus, "--model", tiny_model, "--column", "text", "--out", tmp_path / "out")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert "damaged" in last
